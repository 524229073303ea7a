/** Where the rewrites of numbers must fire and where they must not. */
import * as g from "./ops.ts";
import type { Cases } from "./simplify.cases.ts";

export const numberCases: Readonly<Record<string, Cases>> = {
  numberIntoSmaller: {
    fires: [
      (d) => g.mul(g.mul(d.normal([2, 3]), d.normal([2, 1])), 0.5),
      (d) => g.mul(3, g.mul(d.normal([3]), d.normal([2, 3]))),
      (d) => g.mul(g.mul(d.normal([2, 3]), 2), -1.5),
    ],
    kept: [
      (d) => g.mul(g.mul(d.normal([2, 3]), d.normal([2, 3])), 0.5),
      (d) => g.mul(g.mul(d.normal([2, 1]), d.normal([1, 3])), 0.5),
      (d) => g.mul(g.mul(d.normal([2, 3]), d.normal([2, 1])), d.normal([])),
      (d) => g.mul(g.mul(d.normal([2, 3]), d.normal([2, 1])), g.constant(0.5, "float32", [2, 3])),
      (d) => g.mul(g.add(d.normal([2, 3]), d.normal([2, 1])), 0.5),
      (d) => g.add(g.mul(d.normal([2, 3]), d.normal([2, 1])), 0.5),
    ],
  },
  numberBesideSmaller: {
    fires: [
      (d) => g.mul(g.mul(d.normal([2, 3]), 0.5), d.normal([3])),
      (d) => g.mul(d.normal([2, 1]), g.mul(3, d.normal([2, 3]))),
    ],
    kept: [
      (d) => g.mul(g.mul(d.normal([2, 3]), 0.5), d.normal([2, 3])),
      (d) => g.mul(g.mul(d.normal([2, 1]), 0.5), d.normal([2, 3])),
      (d) => g.mul(g.mul(d.normal([2, 1]), 0.5), d.normal([1, 3])),
      (d) => g.mul(g.mul(d.normal([2, 3]), d.normal([])), d.normal([3])),
      (d) => g.add(g.mul(d.normal([2, 3]), 0.5), d.normal([3])),
    ],
  },
  numberOutOfTake: {
    fires: [
      (d) => g.take(g.mul(d.normal([2, 4]), 0.5), -1, [3, 1]),
      (d) => g.take(g.mul(0.5, d.normal([2, 4])), 0, [1]),
    ],
    kept: [(d) => g.take(g.mul(d.normal([2, 4]), d.normal([4])), -1, [3]), (d) => g.take(d.normal([2, 4]), 0, [1])],
  },
  numberOutOfSum: {
    fires: [
      (d) => g.sum(g.mul(d.normal([2, 4]), 0.5), [0]),
      (d) => g.sum(g.mul(0.5, d.normal([2, 3, 4])), [0, -1], true),
    ],
    kept: [(d) => g.sum(g.mul(d.normal([2, 4]), d.normal([4])), [0]), (d) => g.sum(g.add(d.normal([2, 4]), 0.5), [0])],
  },
  numberOutOfProduct: {
    fires: [
      (d) => g.matmul(g.mul(d.normal([2, 5, 4]), 0.5), d.normal([4, 3])),
      (d) => g.matmul(g.mul(0.5, d.normal([5, 4])), d.normal([2, 4]), { transposeB: true }),
    ],
    kept: [
      (d) => g.matmul(g.mul(d.normal([5, 4]), 0.5), d.normal([4, 4])),
      (d) => g.matmul(g.mul(d.normal([5, 4]), d.normal([])), d.normal([4, 3])),
      (d) => g.matmul(g.mul(d.normal([2, 5, 4]), 0.5), d.normal([2, 4, 3])),
      (d) => g.matmul(g.mul(d.normal([5, 4]), 0.5), d.normal([5, 3]), { transposeA: true }),
    ],
  },
};
