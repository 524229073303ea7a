/** The graph of one training step: the loss, and the gradient of every trained tensor. */
import { gradients } from "../autodiff/gradients.ts";
import { fill, input, squeeze } from "../graph/ops.ts";
import { replaceInPlace, rewrites, simplify } from "../graph/simplify.ts";
import type { Value } from "../graph/value.ts";
import { crossEntropy, meanSquaredError } from "../nn/loss.ts";
import { type AttachedModel, baseTable, logits, modelInputs } from "./adapt.ts";

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
export function trainingStep(attached: AttachedModel, objective: Objective): Record<string, Value> {
  const { attachment } = attached;
  const trained = new Map(attachment.trained.map(({ name, shape }) => [name, input(name, shape)]));
  const loss = losses[objective](
    logits(attached, modelInputs(), attachment.reparameterize(baseTable(attached), trained)),
  );
  const depth = new Map(attached.specs.map(({ name }, i) => [name, i]));
  const deepestFirst = attachment.trained.toSorted(
    (a, b) => depth.get(b.parameter.name)! - depth.get(a.parameter.name)!,
  );
  const wrt = deepestFirst.map(({ name }) => trained.get(name)!);
  const gradientValues = gradients(loss, wrt).map((gradient, i) => gradient ?? fill(0, wrt[i]!));
  const values = simplify([loss, ...gradientValues], [replaceInPlace, ...rewrites]);
  const names = ["loss", ...wrt.map(({ attrs }) => gradientName(attrs.name))];
  return Object.fromEntries(names.map((name, i) => [name, values[i]!]));
}

/** `logits` alone, for evaluation. */
export function forwardPass(model: Omit<AttachedModel, "attachment">): Record<string, Value> {
  const [value] = simplify([logits(model, modelInputs(), baseTable(model))]);
  return { logits: value! };
}
