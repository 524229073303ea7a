/** The graph of one training step: the loss, and the gradient of every trained tensor. */
import { gradients } from "../autodiff/gradients.ts";
import { fill, input } from "../graph/ops.ts";
import { replaceInPlace, rewrites, simplify } from "../graph/simplify.ts";
import type { Value } from "../graph/value.ts";
import { type AttachedModel, baseTable, type HeadedModel, logits, modelInputs } from "./adapt.ts";
import type { Objective } from "./objective.ts";

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
  const loss = objective.loss(attached, attachment.reparameterize(baseTable(attached), trained));
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
export function forwardPass(model: HeadedModel): Record<string, Value> {
  const [value] = simplify([logits(model, modelInputs(), baseTable(model))]);
  return { logits: value! };
}

/** A `loss` alone, for evaluation. */
export function lossAlone(loss: Value): Record<string, Value> {
  const [value] = simplify([loss]);
  return { loss: value! };
}
