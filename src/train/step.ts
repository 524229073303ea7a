/** The graph of one training step: the loss, and the gradient of every trained tensor. */
import { gradients } from "../autodiff/gradients.ts";
import { fill, input, squeeze } from "../graph/ops.ts";
import { replaceInPlace, rewrites, simplify } from "../graph/simplify.ts";
import type { Value } from "../graph/value.ts";
import { crossEntropy, meanSquaredError } from "../nn/loss.ts";
import { type AdaptedModel, baseTable, logits, modelInputs } from "./adapt.ts";

/** What is learned: one of several classes for each row of logits, or a number. */
export type Objective = "classification" | "regression";

/** logits [batch, labels] (or [batch, sequence, labels]) → a scalar; `labels` is an input of the graph. */
const losses: { readonly [O in Objective]: (logits: Value) => Value } = {
  classification: (scores) => crossEntropy(scores, input("labels", scores.shape.slice(0, -1), "int64")),
  regression: (scores) => meanSquaredError(squeeze(scores, -1), input("labels", scores.shape.slice(0, -1))),
};

/** The name under which a step gives the gradient of a trained tensor. */
export const gradientName = (trained: string): string => `gradient.${trained}`;

/**
 * `loss` and `gradient.<trained tensor>` for each trained tensor, ready to compile. Gradients are listed from the last
 * parameter to the first, the order in which backpropagation reaches them.
 *
 * Trained slices are views of the weights' own memory, so the forward pass reads the weights as they are: the reparameterisation
 * is there to be differentiated and then falls away.
 */
export function trainingStep(adapted: AdaptedModel, objective: Objective): Record<string, Value> {
  const trained = new Map(adapted.trained.map(({ name, shape }) => [name, input(name, shape)]));
  const table = adapted.attachment.reparameterize(baseTable(adapted), trained);
  const loss = losses[objective](logits(adapted, modelInputs(), table));
  const wrt = [...trained.values()].reverse();
  const gradientValues = gradients(loss, wrt).map((gradient, i) => gradient ?? fill(0, wrt[i]!));
  const values = simplify([loss, ...gradientValues], [replaceInPlace, ...rewrites]);
  const names = ["loss", ...wrt.map(({ attrs }) => gradientName(attrs.name))];
  return Object.fromEntries(names.map((name, i) => [name, values[i]!]));
}

/** `logits` alone, for evaluation. */
export function forwardPass(adapted: AdaptedModel): Record<string, Value> {
  const [value] = simplify([logits(adapted, modelInputs(), baseTable(adapted))]);
  return { logits: value! };
}
