/** Losses: scalars to be made small. */
import {
  add,
  axesOf,
  cast,
  count,
  div,
  equal,
  greater,
  mean,
  mul,
  negativeLogLikelihood,
  select,
  slice,
  squeeze,
  sub,
  sum,
} from "../graph/ops.ts";
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
  const losses = negativeLogLikelihood(logits, select(ignored, 0, labels));
  const axes = axesOf(weight);
  return div(sum(mul(losses, weight), axes), sum(weight, axes));
}

/** Mean squared error of predictions [*] and targets [*]. */
export function meanSquaredError(predictions: Value, targets: Value): Value {
  const difference = sub(predictions, targets);
  return mean(mul(difference, difference), axesOf(difference));
}

/**
 * Mean of the cross-entropies of an answer's first and last token, of scores [batch, sequence, 2] and positions [batch], int64. A
 * position below 0 counts as 0; one behind the sequence carries no loss, as in transformers.
 */
export function spanLoss(scores: Value, starts: Value, ends: Value): Value {
  const length = cast(count(scores, [1]), "int64");
  const losses = [starts, ends].map((positions, end) => {
    const within = select(greater(0, positions), 0, positions);
    const labels = select(greater(length, within), within, IGNORED_LABEL);
    return crossEntropy(squeeze(slice(scores, -1, end, end + 1), -1), labels);
  });
  return mul(losses.reduce(add), 1 / 2);
}
