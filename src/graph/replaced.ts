/**
 * Rewrites that keep a matrix apart from what replaces some of its rows or columns: products are made of each and put together. Where
 * the matrix is stored in few bits and what replaces is not, nothing of the one has to be made into the other.
 */
import { add, linear, matmul, mul, replace, take, vector } from "./ops.ts";
import type { Attrs } from "./primitive.ts";
import { isReplaced, placeOf } from "./replacement.ts";
import type { Rewrite } from "./simplify.ts";
import { isOp, type Value } from "./value.ts";

/** x with zeros at `indices` of its last axis. */
function without(x: Value, indices: readonly number[]): Value {
  const kept = Array.from({ length: Number(x.shape.at(-1)) }, () => 1);
  for (const index of indices) kept[index] = 0;
  return mul(x, vector(kept));
}

/** linear(x, replace(W, R), b) → the linear of W, with that of R in its place (rows) or beside it (columns); x has rows. */
export const linearOfReplaced: Rewrite = (y) => {
  if (!isOp(y, "linear") || !isReplaced(y.operands[1])) return null;
  const [x, weight, bias] = y.operands;
  if (x.shape.length < 2) return null;
  const [base, slices] = weight.operands;
  const { axis, indices } = placeOf(weight);
  return axis === 0
    ? replace(linear(x, base, bias), linear(x, slices, take(bias, 0, indices)), -1, indices)
    : add(linear(without(x, indices), base, bias), matmul(take(x, -1, indices), slices, { transposeB: true }));
};

/** x·replace(W, R), or with its transpose, in the same way. */
export const productOfReplaced: Rewrite = (y) => {
  if (!isOp(y, "matmul") || y.attrs.transposeA || !isReplaced(y.operands[1])) return null;
  const [x, weight] = y.operands;
  const [base, slices] = weight.operands;
  const { axis, indices } = placeOf(weight);
  const times = (left: Value, right: Value) => matmul(left, right, y.attrs);
  return isSummed(axis, y.attrs)
    ? add(times(without(x, indices), base), times(take(x, -1, indices), slices))
    : replace(times(x, base), times(x, slices), -1, indices);
};

/** Whether a product sums over an axis of its right side. */
const isSummed = (axis: number, { transposeB }: Attrs<"matmul">) => axis === (transposeB ? 1 : 0);

/** (x ∘ v) ∘ w → x ∘ (v ∘ w), v and w vectors: one pass over x. */
export const scaleOnce: Rewrite = (y) => {
  if (!isOp(y, "mul") || y.operands[1].shape.length !== 1) return null;
  const [scaled, w] = y.operands;
  if (!isOp(scaled, "mul") || scaled.operands[1].shape.length !== 1 || scaled.operands[0].shape.length < 2) return null;
  const [x, v] = scaled.operands;
  return mul(x, mul(v, w));
};
