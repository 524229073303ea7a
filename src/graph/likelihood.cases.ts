/** Where the rewrites of a likelihood's gradient must fire and where they must not. */
import type { Draw } from "../../test/draw.ts";
import * as g from "./ops.ts";
import type { Cases } from "./simplify.cases.ts";
import type { Value } from "./value.ts";

const sizes = ({ shape }: Value) => shape as readonly number[];

/** Softmax less one-hot of so many rows, and something with a number or more for each row. */
function likelihoods(d: Draw, last: number): readonly [difference: Value, other: Value] {
  const leading = d.shape(d.size(1, 2));
  const scores = d.normal([...leading, d.size(2)]);
  return [g.minusOneHot(g.softmax(scores), d.index(leading, sizes(scores).at(-1)!)), d.normal([...leading, last])];
}

export const likelihoodCases: Readonly<Record<string, Cases>> = {
  productOfLikelihoodGradient: {
    fires: [true, false].map((transposeB) => (d) => {
      const x = g.mul(...likelihoods(d, 1));
      const [words, width] = [sizes(x).at(-1)!, d.size()];
      return g.matmul(x, d.normal(transposeB ? [width, words] : [words, width]), { transposeB });
    }),
    kept: [
      (d) => g.matmul(g.mul(d.normal([4, 3]), d.normal([4, 1])), d.normal([3, 2])),
      (d) => g.matmul(g.mul(g.minusOneHot(d.normal([4, 3]), d.index([4], 3)), d.normal([3])), d.normal([3, 2])),
    ],
  },
  contractOfLikelihoodGradient: {
    fires: [
      (d) => {
        const x = g.mul(...likelihoods(d, 1));
        return g.contract(x, d.normal([...sizes(x).slice(0, -1), d.size()]));
      },
    ],
    kept: [
      (d) => g.contract(...likelihoods(d, 3)),
      (d) => g.contract(g.mul(d.normal([4, 3]), d.normal([4, 1])), d.normal([4, 2])),
    ],
  },
  sumOfLikelihoodGradient: {
    fires: [
      (d) => {
        const x = g.mul(...likelihoods(d, 1));
        return g.sum(x, g.axesOf(x, 1));
      },
    ],
    kept: [
      (d) => g.sum(g.mul(...likelihoods(d, 1)), [-1]),
      (d) => g.sum(g.mul(...likelihoods(d, 1)), [0], true),
      (d) => g.sum(g.mul(d.normal([4, 3]), d.normal([4, 1])), [0]),
    ],
  },
};
