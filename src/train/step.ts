/** The graphs of a training: the loss with the gradient of every trained tensor, and what evaluation computes. */
import { gradients } from "../autodiff/gradients.ts";
import { onlyTaken } from "../graph/only-taken.ts";
import { add, fill, input } from "../graph/ops.ts";
import {
  dropStopGradient,
  forwardRewrites,
  replaceInPlace,
  type Rewrite,
  rewrites,
  simplify,
  takeInsideProduct,
} from "../graph/simplify.ts";
import { isOp, type Value } from "../graph/value.ts";
import { topological } from "../graph/walk.ts";
import { type BatchPadding, withoutPadding } from "../graph/without-padding.ts";
import type { ParameterSpec } from "../nn/parameters.ts";
import type { Sites } from "../nn/sites.ts";
import { trainWhole } from "../peft/attachment.ts";
import type { AttachedModel } from "./adapt.ts";
import { type Forward, forward, type ForwardMode, paddingsOf, reparameterizedTable } from "./forward.ts";
import type { Objective } from "./objective.ts";

/** The name under which a step gives the gradient of a trained tensor. */
export const gradientName = (trained: string): string => `gradient.${trained}`;

/** What is done to a graph of a model once its gradients are taken. */
export const finished = ({ apart }: Pick<AttachedModel, "apart"> = {}): readonly Rewrite[] => [
  replaceInPlace(apart),
  dropStopGradient,
  ...rewrites,
];

/**
 * `loss` and `gradient.<trained tensor>` for each trained tensor, ready to compile. Gradients are listed from the last
 * parameter to the first, the order in which backpropagation reaches them.
 *
 * Trained slices are views of the weights' own memory, so the forward pass reads the weights as they are: the reparameterisation
 * is there to be differentiated and then falls away. What a method does to a weight is rewritten before it is differentiated, so
 * that gradients are those of the cheap form.
 */
export function trainingStep(
  attached: AttachedModel,
  objective: Objective,
  mode: Omit<ForwardMode, "training"> = {},
): Record<string, Value> {
  const read = onlyTaken(lossAndBlocks(attached, objective, mode));
  const tokens = objective.readsPadding ? read : ofTokens(attached, read.slice(0, 1), read.slice(1));
  const [loss, ...blocks] = simplify(tokens, forwardRewrites);
  const inputs = new Map(inputsOf([loss!]).map((value) => [value.attrs.name, value]));
  // What the loss does not read has a gradient of zero.
  const wrt = deepestFirst(attached).map(({ name, shape }) => ({
    name,
    value: inputs.get(name) ?? input(name, shape),
  }));
  const gradientValues = gradients(
    loss!,
    wrt.map(({ value }) => value),
    blocks,
  ).map((gradient, i) => gradient ?? fill(0, wrt[i]!.value));
  const values = simplify([loss!, ...gradientValues], finished(attached));
  const names = ["loss", ...wrt.map(({ name }) => gradientName(name))];
  return Object.fromEntries(names.map((name, i) => [name, values[i]!]));
}

/** The same values, computed of tokens alone, and after them the `inner` ones as they are then. */
function ofTokens(attached: AttachedModel, outputs: readonly Value[], inner: readonly Value[] = []): Value[] {
  const read = new Set(inputsOf([...outputs, ...inner]).map(({ attrs: { name } }) => name));
  const isRead = ({ mask }: BatchPadding) => inputsOf([mask]).every(({ attrs: { name } }) => read.has(name));
  let values = { outputs, inner };
  for (const padding of paddingsOf(attached).filter(isRead))
    values = withoutPadding(values.outputs, padding, values.inner);
  return [...values.outputs, ...values.inner];
}

/** The loss, then, where they are kept for gradients, the hidden states that enter each block. */
function lossAndBlocks(attached: AttachedModel, objective: Objective, mode: Omit<ForwardMode, "training">): Value[] {
  const table = reparameterizedTable(attached, { training: true });
  const blocks: Value[] = [];
  const watching: Sites = {
    block(hidden) {
      blocks.push(hidden);
      return hidden;
    },
  };
  const loss = objective.loss(forward(attached, table, { training: true, ...mode }, watching));
  const penalty = attached.attachment.penalty?.(table);
  return [penalty ? add(loss, penalty) : loss, ...(mode.gradientCheckpointing ? blocks : [])];
}

/** A model whose method trains in place, as if these parameters were trained whole, the rest of the method as it is. */
export function wholeInPlace(attached: AttachedModel, parameters: readonly ParameterSpec[]): AttachedModel {
  return { ...attached, attachment: { ...attached.attachment, ...trainWhole(parameters) } };
}

/** The inputs of a graph. */
export function inputsOf(outputs: readonly Value[]): Value<"input">[] {
  return topological(outputs).filter((value) => isOp(value, "input"));
}

/** The trained tensors, those of the last parameters first; a tensor that a method adds stands with the parameter it is for. */
function deepestFirst({ specs, attachment }: AttachedModel): AttachedModel["attachment"]["trained"] {
  const depth = new Map(specs.map(({ name }, i) => [name, i]));
  for (const { name, of } of attachment.added) depth.set(name, depth.get(of ?? "") ?? -1);
  return attachment.trained.toSorted((a, b) => depth.get(b.parameter.name)! - depth.get(a.parameter.name)!);
}

/** What `output` gives of the forward pass as evaluation runs it, ready to compile. What it gives of padding is not what a model makes of it. */
export function evaluationPass(
  attached: AttachedModel,
  output: (forward: Forward) => Record<string, Value>,
): Record<string, Value> {
  return forwardOnly(attached, output, (outputs) => ofTokens(attached, outputs));
}

/** The `logits` of a classifier, ready to compile, also by other programs. */
export function forwardPass(attached: AttachedModel): Record<string, Value> {
  return forwardOnly(attached, ({ hidden, head }) => ({ logits: head(hidden()) }));
}

/** What `output` gives of a forward pass that no gradient follows. */
function forwardOnly(
  attached: AttachedModel,
  output: (forward: Forward) => Record<string, Value>,
  further: (outputs: readonly Value[]) => readonly Value[] = (outputs) => outputs,
): Record<string, Value> {
  const outputs = output(forward(attached, reparameterizedTable(attached), { training: false }));
  const values = simplify(further(onlyTaken(Object.values(outputs))), [takeInsideProduct, ...finished(attached)]);
  return Object.fromEntries(Object.keys(outputs).map((name, i) => [name, values[i]!]));
}
