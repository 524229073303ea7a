/**
 * Rewrites by which a method that says what it makes of a weight costs what a layer written for it would cost: sums, factors and
 * scaled rows or columns of a matrix move out of its product with activations.
 */
import { sameShape } from "../tensor/shape.ts";
import { add, linear, matmul, mul, squeeze } from "./ops.ts";
import type { Rewrite } from "./simplify.ts";
import { isOp, type Value } from "./value.ts";

/** Products of two matrices, scaled or not, or sums of them: what is worth multiplying with factor by factor. */
function isFactored(x: Value): boolean {
  if (isOp(x, "matmul")) return x.operands.every(({ shape }) => shape.length === 2);
  if (isOp(x, "add")) return x.operands.every(isFactored);
  return isOp(x, "mul") && x.operands.some(isFactored);
}

/** The operands of a sum with a factored matrix, that one last. */
function factoredSum(x: Value): readonly [rest: Value, factored: Value] | null {
  if (!isOp(x, "add") || x.shape.length !== 2) return null;
  const [a, b] = x.operands;
  if (!sameShape(a.shape, b.shape)) return null;
  if (isFactored(b)) return [a, b];
  return isFactored(a) ? [b, a] : null;
}

const timesTransposed = (x: Value, matrix: Value) => matmul(x, matrix, { transposeB: true });
const isTimesTransposed = (y: Value): y is Value<"matmul"> =>
  isOp(y, "matmul") && y.attrs.transposeB && !y.attrs.transposeA && y.operands[1].shape.length === 2;

/** A matrix [m, n] times a scale that is one number a row, [m, 1], or one a column, [n] or [1, n]. */
function scaled(x: Value, along: "rows" | "columns"): readonly [matrix: Value, scale: Value] | null {
  if (!isOp(x, "mul") || x.shape.length !== 2) return null;
  const [m, n] = x.shape;
  const isScale = ({ shape }: Value) =>
    along === "rows"
      ? shape.length === 2 && shape[0] === m && shape[1] === 1 && n !== 1
      : shape.at(-1) === n && (shape.length === 1 || (shape[0] === 1 && m !== 1));
  const [a, b] = x.operands;
  if (a.shape.length === 2 && !isScale(a) && isScale(b)) return [a, b];
  return b.shape.length === 2 && !isScale(b) && isScale(a) ? [b, a] : null;
}

/** linear(x, W + D, b) → linear(x, W, b) + x·Dᵀ, D factored: LoRA and its kin. */
export const linearOfSum: Rewrite = (y) => {
  if (!isOp(y, "linear")) return null;
  const [x, weight, bias] = y.operands;
  const sum = factoredSum(weight);
  return sum && add(linear(x, sum[0], bias), timesTransposed(x, sum[1]));
};

/** x·(W + D)ᵀ → x·Wᵀ + x·Dᵀ, D factored. */
export const productOfSum: Rewrite = (y) => {
  if (!isTimesTransposed(y)) return null;
  const [x, matrix] = y.operands;
  const sum = factoredSum(matrix);
  return sum && add(timesTransposed(x, sum[0]), timesTransposed(x, sum[1]));
};

/** x·(B·A)ᵀ → (x·Aᵀ)·Bᵀ */
export const productOfFactors: Rewrite = (y) => {
  if (!isTimesTransposed(y) || !isOp(y.operands[1], "matmul")) return null;
  const { operands, attrs } = y.operands[1];
  if (attrs.transposeA || attrs.transposeB) return null;
  return timesTransposed(timesTransposed(y.operands[0], operands[1]), operands[0]);
};

/** x·(diag(c)·M)ᵀ → c ∘ (x·Mᵀ) */
export const productOfScaledRows: Rewrite = (y) => {
  const parts = isTimesTransposed(y) ? scaled(y.operands[1], "rows") : null;
  return parts && mul(timesTransposed((y as Value<"matmul">).operands[0], parts[0]), squeeze(parts[1], 1));
};

/** linear(x, diag(c)·W, b) → c ∘ linear(x, W, b′) where b = c ∘ b′, else c ∘ (x·Wᵀ) + b: (IA)³ and DoRA. */
export const linearOfScaledRows: Rewrite = (y) => {
  if (!isOp(y, "linear")) return null;
  const [x, weight, bias] = y.operands;
  const parts = scaled(weight, "rows");
  if (!parts) return null;
  const [matrix, scale] = parts;
  const inner = withoutScale(bias, scale);
  const factor = squeeze(scale, 1);
  return inner ? mul(linear(x, matrix, inner), factor) : add(mul(timesTransposed(x, matrix), factor), bias);
};

/** b′ if `bias` is c ∘ b′ and `scale` [m, 1] is c as a column. */
function withoutScale(bias: Value, scale: Value): Value | null {
  if (!isOp(bias, "mul")) return null;
  const isScale = (x: Value) =>
    isOp(scale, "unsqueeze") ? scale.operands[0] === x : isOp(x, "squeeze") && x.operands[0] === scale;
  const [a, b] = bias.operands;
  return isScale(a) ? b : isScale(b) ? a : null;
}

/** linear(x, W·diag(l), b) → linear(x ∘ l, W, b): (IA)³ on what a feed-forward network has inside. */
export const linearOfScaledColumns: Rewrite = (y) => {
  if (!isOp(y, "linear")) return null;
  const [x, weight, bias] = y.operands;
  const parts = scaled(weight, "columns");
  if (!parts) return null;
  const [matrix, scale] = parts;
  return linear(mul(x, scale.shape.length === 2 ? squeeze(scale, 0) : scale), matrix, bias);
};

export const factoredRewrites: Readonly<Record<string, Rewrite>> = {
  linearOfSum,
  productOfSum,
  productOfFactors,
  productOfScaledRows,
  linearOfScaledRows,
  linearOfScaledColumns,
};
