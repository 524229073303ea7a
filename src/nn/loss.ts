/** Losses: scalars to be made small. */
import { cast, div, equal, logSoftmax, mean, mul, neg, pick, select, sub, sum, axesOf } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";

/** A label that carries no loss, as in PyTorch and transformers. */
export const IGNORED_LABEL = -100;

/**
 * Mean cross-entropy of logits [*, classes] and whole-number labels [*], over the labels that are not −100.
 * NaN where there is none.
 */
export function crossEntropy(logits: Value, labels: Value): Value {
  const ignored = equal(labels, IGNORED_LABEL);
  const weight = sub(1, cast(ignored, "float32"));
  const logLikelihood = pick(logSoftmax(logits), select(ignored, 0, labels));
  const axes = axesOf(weight);
  return div(neg(sum(mul(logLikelihood, weight), axes)), sum(weight, axes));
}

/** Mean squared error of predictions [*] and targets [*]. */
export function meanSquaredError(predictions: Value, targets: Value): Value {
  const difference = sub(predictions, targets);
  return mean(mul(difference, difference), axesOf(difference));
}
