/** Rewrites that move a number, by which all of a value is multiplied, to where there is least to multiply. */
import { sameShape } from "../tensor/shape.ts";
import { matmul, mul, sum, take } from "./ops.ts";
import type { Rewrite } from "./simplify.ts";
import { isOp, type Value } from "./value.ts";

const isNumber = (x: Value) => isOp(x, "constant") && x.shape.length === 0;

/** x and c of x·c, c a number. */
function timesNumber(y: Value): readonly [x: Value, c: Value] | null {
  if (!isOp(y, "mul")) return null;
  const [a, b] = y.operands;
  if (isNumber(b)) return [a, b];
  return isNumber(a) ? [b, a] : null;
}

/** (x ∘ s)·c → x ∘ (s·c), s smaller than x. */
const numberIntoSmaller: Rewrite = (y) => {
  const [product, c] = timesNumber(y) ?? [];
  if (!c || !isOp(product!, "mul") || !sameShape(product.shape, y.shape)) return null;
  const x = product.operands.find((factor) => sameShape(factor.shape, y.shape));
  const s = product.operands.find((factor) => !sameShape(factor.shape, y.shape));
  return x && s ? mul(x, mul(s, c)) : null;
};

/** (x·c) ∘ s → x ∘ (s·c), s smaller than x. */
const numberBesideSmaller: Rewrite = (y) => {
  if (!isOp(y, "mul")) return null;
  const [product, s] = sameShape(y.operands[0].shape, y.shape) ? y.operands : y.operands.toReversed();
  const [x, c] = timesNumber(product!) ?? [];
  const isSmaller = !isNumber(s!) && !sameShape(s!.shape, y.shape);
  return x && isSmaller && sameShape(x.shape, y.shape) ? mul(x, mul(s!, c!)) : null;
};

/** Slices of x·c → (slices of x)·c. */
const numberOutOfTake: Rewrite = (y) => {
  if (!isOp(y, "take")) return null;
  const [x, c] = timesNumber(y.operands[0]) ?? [];
  return x ? mul(take(x, y.attrs.axis, y.attrs.indices), c!) : null;
};

/** Sums of x·c → (sums of x)·c. */
const numberOutOfSum: Rewrite = (y) => {
  if (!isOp(y, "sum")) return null;
  const [x, c] = timesNumber(y.operands[0]) ?? [];
  return x ? mul(sum(x, y.attrs.axes, y.attrs.keepDims), c!) : null;
};

/** (x·c)·W → (x·W)·c, W a matrix that makes x narrower. */
const numberOutOfProduct: Rewrite = (y) => {
  if (!isOp(y, "matmul") || y.attrs.transposeA || y.operands[1].shape.length !== 2) return null;
  const [x, c] = timesNumber(y.operands[0]) ?? [];
  const [from, to] = [x?.shape.at(-1), y.shape.at(-1)];
  return x && typeof from === "number" && typeof to === "number" && to < from
    ? mul(matmul(x, y.operands[1], y.attrs), c!)
    : null;
};

export const numberRewrites: Readonly<Record<string, Rewrite>> = {
  numberIntoSmaller,
  numberBesideSmaller,
  numberOutOfTake,
  numberOutOfSum,
  numberOutOfProduct,
};
