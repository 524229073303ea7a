/**
 * Rewrites by which the gradient of a cross-entropy over a large vocabulary is never formed. It is softmax less one-hot with a scale
 * for each token, and the scale leaves every product: what has a number for each token and word is then the softmax alone, which
 * ONNX Runtime computes in place of the scores.
 */
import { axisFromFront } from "../tensor/shape.ts";
import { contract, matmul, mul, squeeze } from "./ops.ts";
import type { Rewrite } from "./simplify.ts";
import { isOp, type Value } from "./value.ts";

/** The gradient Q ∘ g, where Q [*, words] is softmax less one-hot and g is [*, 1]. */
function likelihoodGradient(x: Value): readonly [difference: Value, scale: Value] | null {
  if (!isOp(x, "mul")) return null;
  const [difference, scale] = x.operands;
  const isScale = scale.shape.length === difference.shape.length && scale.shape.at(-1) === 1;
  return isOp(difference, "minusOneHot") && isScale ? [difference, scale] : null;
}

/** (Q ∘ g)·W → (Q·W) ∘ g: the gradient of hidden states. */
export const productOfLikelihoodGradient: Rewrite = (y) => {
  if (!isOp(y, "matmul") || y.attrs.transposeA || y.operands[1].shape.length !== 2) return null;
  const parts = likelihoodGradient(y.operands[0]);
  return parts && mul(matmul(parts[0], y.operands[1], y.attrs), parts[1]);
};

/** (Q ∘ g)ᵀX → Qᵀ(X ∘ g): the gradient of a table of words. */
export const contractOfLikelihoodGradient: Rewrite = (y) => {
  const parts = isOp(y, "contract") ? likelihoodGradient(y.operands[0]) : null;
  return parts && contract(parts[0], mul((y as Value<"contract">).operands[1], parts[1]));
};

/** Q ∘ g summed over tokens → Qᵀg: the gradient of a bias. */
export const sumOfLikelihoodGradient: Rewrite = (y) => {
  if (!isOp(y, "sum") || y.attrs.keepDims || !isOverTokens(y)) return null;
  const parts = likelihoodGradient(y.operands[0]);
  return parts && squeeze(contract(...parts), 1);
};

/** Whether a sum is over all axes but the last. */
function isOverTokens({ operands: [x], attrs: { axes } }: Value<"sum">): boolean {
  const counted = axes.map((axis) => axisFromFront(axis, x.shape.length)).toSorted((a, b) => a - b);
  return counted.length === x.shape.length - 1 && counted.every((axis, i) => axis === i);
}

export const likelihoodRewrites: Readonly<Record<string, Rewrite>> = {
  productOfLikelihoodGradient,
  contractOfLikelihoodGradient,
  sumOfLikelihoodGradient,
};
