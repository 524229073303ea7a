/** A model with a method attached: its weights in memory, and the parts of them that are trained. */
import { input } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import { inputTable, type ParameterSpec, type ParameterTable, scopeOf } from "../nn/parameters.ts";
import type { Head, Model, ModelInputs } from "../models/architecture.ts";
import type { Parameter } from "../optim/optimizer.ts";
import type { Attachment, TrainedTensor } from "../peft/method.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type View, viewOf } from "../tensor/view.ts";

/** The base weights by parameter name, float32, each in an array of its own. */
export type Weights = Readonly<Record<string, Tensor<"float32">>>;

/** A trained tensor and the live numbers behind it. */
export interface Trained extends TrainedTensor {
  readonly view: View;
}

/** A model under a head, as structure: enough to build graphs. */
export interface HeadedModel {
  readonly model: Model;
  readonly head: Head;
  /** Size of the head's output; see {@link Head.forward}. */
  readonly labels: number;
  readonly specs: readonly ParameterSpec[];
}

/** The same with a method's choice. */
export interface AttachedModel extends HeadedModel {
  readonly attachment: Attachment;
}

/** The same with its weights in memory. */
export interface AdaptedModel extends AttachedModel {
  readonly weights: Weights;
  readonly trained: readonly Trained[];
}

/** Attaches a method's choice to weights: the trained tensors become views of them. */
export function adapt(base: Omit<AdaptedModel, "trained">): AdaptedModel {
  const trained = base.attachment.trained.map((tensor) => ({
    ...tensor,
    view: viewOf(base.weights[tensor.parameter.name]!, tensor.selection),
  }));
  return { ...base, trained };
}

/** The trained tensors as an optimizer sees them. Weight decay spares biases and norms, as transformers' Trainer does. */
export function optimizerParameters({ trained }: AdaptedModel): Parameter[] {
  return trained.map(({ name, view, parameter: { role } }) => ({
    name,
    data: view.data,
    decay: role !== "bias" && role !== "norm",
  }));
}

/** Writes every trained tensor through to the weights, in the method's order. */
export function commit({ trained }: AdaptedModel): void {
  for (const { view } of trained) view.commit();
}

/** The model's inputs, whose batch and sequence sizes vary. */
export function modelInputs(): ModelInputs {
  const shape = ["batch", "sequence"];
  const named = (name: string) => input(name, shape, "int64");
  return {
    input_ids: named("input_ids"),
    attention_mask: named("attention_mask"),
    token_type_ids: named("token_type_ids"),
  };
}

/** The forward pass over a table of parameters. */
export function logits({ model, head, labels }: HeadedModel, inputs: ModelInputs, table: ParameterTable): Value {
  const scope = scopeOf(table);
  return head.forward(scope, model.body(scope, inputs), labels);
}

/** The table of base weights, each an input of the graph. */
export function baseTable({ specs }: HeadedModel): ParameterTable {
  return inputTable(specs);
}
