/** Where the rewrites of matrices that a method has made must fire and where they must not. */
import type { Draw } from "../../test/draw.ts";
import * as g from "./ops.ts";
import type { Cases } from "./simplify.cases.ts";
import type { Value } from "./value.ts";

const sizes = ({ shape }: Value) => shape as readonly number[];

/** B·A [m, n] of a rank of its own. */
const product = (d: Draw, [m, n]: readonly number[]) => {
  const rank = d.size();
  return g.matmul(d.normal([m!, rank]), d.normal([rank, n!]));
};

/** A linear layer whose weight is made of a matrix. */
export function linearBy(d: Draw, make: (weight: Value) => Value): Value {
  const [out, inner] = [d.size(2), d.size(2)];
  return g.linear(d.normal([...d.shape(d.size(1, 2)), inner]), make(d.normal([out, inner])), d.normal([out]));
}

/** x·Mᵀ, with a matrix made of another. */
export function productBy(d: Draw, make: (matrix: Value) => Value): Value {
  const [out, inner] = [d.size(2), d.size(2)];
  return g.matmul(d.normal([...d.shape(d.size(1, 2)), inner]), make(d.normal([out, inner])), { transposeB: true });
}

export const factoredCases: Readonly<Record<string, Cases>> = {
  linearOfSum: {
    fires: [
      (d) => linearBy(d, (w) => g.add(w, product(d, sizes(w)))),
      (d) => linearBy(d, (w) => g.add(g.mul(0.5, product(d, sizes(w))), w)),
      (d) => linearBy(d, (w) => g.add(w, g.mul(product(d, sizes(w)), d.normal([sizes(w)[0]!, 1])))),
      (d) => linearBy(d, (w) => g.add(g.add(w, product(d, sizes(w))), product(d, sizes(w)))),
      (d) => linearBy(d, (w) => g.add(w, g.add(product(d, sizes(w)), product(d, sizes(w))))),
    ],
    kept: [
      (d) => linearBy(d, (w) => w),
      (d) => linearBy(d, (w) => g.add(w, d.normal(sizes(w)))),
      (d) => linearBy(d, (w) => product(d, sizes(w))),
      (d) => g.add(d.normal([4, 3]), product(d, [4, 3])),
    ],
  },
  productOfSum: {
    fires: [(d) => productBy(d, (w) => g.add(w, product(d, sizes(w))))],
    kept: [
      (d) => productBy(d, (w) => g.add(w, product(d, [sizes(w)[0]!, 1]))),
      (d) => productBy(d, (w) => g.add(w, d.normal(sizes(w)))),
      (d) => g.matmul(d.normal([5, 4]), g.add(d.normal([4, 3]), product(d, [4, 3]))),
    ],
  },
  productOfFactors: {
    fires: [(d) => productBy(d, (w) => product(d, sizes(w)))],
    kept: [
      (d) => productBy(d, (w) => w),
      (d) =>
        productBy(d, (w) => g.matmul(d.normal([sizes(w)[0]!, 2]), d.normal([sizes(w)[1]!, 2]), { transposeB: true })),
      (d) => g.matmul(d.normal([5, 4]), product(d, [4, 3])),
      (d) => g.matmul(d.normal([2, 5, 3]), g.matmul(d.normal([2, 4, 2]), d.normal([2, 2, 3])), { transposeB: true }),
    ],
  },
  productOfScaledRows: {
    fires: [
      (d) => productBy(d, (w) => g.mul(w, d.normal([sizes(w)[0]!, 1]))),
      (d) => productBy(d, (w) => g.mul(g.unsqueeze(d.normal([sizes(w)[0]!]), 1), w)),
    ],
    kept: [
      (d) => productBy(d, (w) => g.mul(w, 2)),
      (d) => productBy(d, (w) => g.mul(w, d.normal([sizes(w)[1]!]))),
      (d) => g.matmul(d.normal([5, 4]), g.mul(d.normal([4, 3]), d.normal([4, 1]))),
    ],
  },
  linearOfScaledRows: {
    fires: [
      (d) => linearBy(d, (w) => g.mul(w, d.normal([sizes(w)[0]!, 1]))),
      (d) => {
        const [out, inner, l] = [d.size(2), d.size(2), d.normal([4])];
        const bias = d.coin() ? g.mul(l, d.normal([4])) : g.mul(d.normal([4]), l);
        return g.linear(d.normal([out, inner]), g.mul(d.normal([4, inner]), g.unsqueeze(l, 1)), bias);
      },
      (d) => {
        const [out, inner, l] = [d.size(2), d.size(2), d.normal([4, 1])];
        const bias = d.coin() ? g.mul(g.squeeze(l, 1), d.normal([4])) : g.mul(d.normal([4]), g.squeeze(l, 1));
        return g.linear(d.normal([out, inner]), g.mul(d.normal([4, inner]), l), bias);
      },
    ],
    kept: [
      (d) => linearBy(d, (w) => g.mul(w, d.normal([sizes(w)[1]!]))),
      (d) => linearBy(d, (w) => g.mul(w, d.normal(sizes(w)))),
    ],
  },
  linearOfScaledColumns: {
    fires: [
      (d) => linearBy(d, (w) => g.mul(w, d.normal([sizes(w)[1]!]))),
      (d) => linearBy(d, (w) => g.mul(d.normal([1, sizes(w)[1]!]), w)),
    ],
    kept: [
      (d) => linearBy(d, (w) => g.mul(w, d.normal([sizes(w)[0]!, 1]))),
      (d) => linearBy(d, (w) => g.mul(w, d.normal(sizes(w)))),
      (d) => linearBy(d, (w) => g.mul(w, 3)),
    ],
  },
};
