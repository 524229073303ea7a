/** Pullbacks of the primitives that sum, normalise or count along axes. */
import {
  axesOf,
  count,
  div,
  expand,
  inverseRms,
  inverseStd,
  mean,
  minusOneHot,
  mul,
  neg,
  rotate,
  softmax,
  sub,
  sum,
  unsqueeze,
} from "../../graph/ops.ts";
import type { Attrs } from "../../graph/primitive.ts";
import type { Value } from "../../graph/value.ts";
import { axisFromFront } from "../../tensor/shape.ts";
import type { Pullbacks } from "./rules.ts";

/** dy of a reduction with the reduced axes put back as 1. */
function keepingDims(dy: Value, x: Value, { axes, keepDims }: Attrs<"sum">): Value {
  if (keepDims) return dy;
  const counted = axes.map((axis) => axisFromFront(axis, x.shape.length)).sort((a, b) => a - b);
  return counted.reduce((kept, axis) => unsqueeze(kept, axis), dy);
}

const lastMean = (x: Value) => mean(x, [-1], true);

export const reduction: Pullbacks<
  | "sum"
  | "mean"
  | "count"
  | "cumsum"
  | "softmax"
  | "negativeLogLikelihood"
  | "layerNorm"
  | "inverseStd"
  | "rmsNorm"
  | "inverseRms"
  | "rotate"
> = {
  sum: (dy, { operands: [x], attrs }) => [expand(keepingDims(dy, x, attrs), x)],
  mean: (dy, { operands: [x], attrs }) => [expand(div(keepingDims(dy, x, attrs), count(x, attrs.axes)), x)],
  count: () => [null],
  // Used for positions alone, which are integers.
  cumsum: () => [null],
  softmax: (dy, y) => [mul(y, sub(dy, sum(mul(dy, y), [-1], true)))],
  // The scale of each row stays outside, so that nothing but the softmax has as many numbers as x.
  negativeLogLikelihood: (dy, { operands: [x, index] }) => [
    mul(minusOneHot(softmax(x), index), unsqueeze(dy, -1)),
    null,
  ],
  // With x̂ = (x − mean)·r and g = dy·scale: dx = r·(g − mean(g) − x̂·mean(g·x̂))
  layerNorm: (dy, { operands: [x, scale], attrs: { epsilon } }) => {
    const centred = sub(x, lastMean(x));
    const r = inverseStd(x, epsilon);
    const g = mul(dy, scale);
    const along = mul(lastMean(mul(g, centred)), mul(r, r));
    const dx = mul(sub(sub(g, lastMean(g)), mul(centred, along)), r);
    return [dx, sum(mul(dy, mul(centred, r)), axesOf(x, 1)), sum(dy, axesOf(x, 1))];
  },
  // r = (variance + ε)^(−1/2), so ∂r/∂x = −r³·(x − mean)/n
  inverseStd: (dy, y) => {
    const [x] = y.operands;
    const slope = div(mul(y, mul(y, y)), count(x, [-1]));
    return [neg(mul(mul(dy, slope), sub(x, lastMean(x))))];
  },
  // With r = 1/√(mean of x² + ε) and g = dy·scale: dx = r·(g − x·r²·mean(g·x))
  rmsNorm: (dy, { operands: [x, scale], attrs: { epsilon } }) => {
    const r = inverseRms(x, epsilon);
    const g = mul(dy, scale);
    const dx = mul(sub(g, mul(x, mul(lastMean(mul(g, x)), mul(r, r)))), r);
    return [dx, sum(mul(dy, mul(x, r)), axesOf(x, 1))];
  },
  inverseRms: (dy, y) => {
    const [x] = y.operands;
    return [neg(mul(mul(dy, div(mul(y, mul(y, y)), count(x, [-1]))), x))];
  },
  // Turning back by the same angles; cos and sin come from positions alone, which have no gradient.
  rotate: (dy, { operands: [, cos, sin], attrs: { interleaved } }) => [
    rotate(dy, cos, neg(sin), interleaved),
    null,
    null,
  ],
};
