/** A base model's weights, read from wherever a checkpoint lies. */
import type { Head, Model } from "../models/architecture.ts";
import { planWeights, storedShape, type TensorInfo, turned } from "../models/weights.ts";
import { initialize } from "../nn/initialize.ts";
import { declareParameters, type ParameterSpec, type Weights } from "../nn/parameters.ts";
import { random } from "../tensor/random.ts";
import { type Tensor, zeros } from "../tensor/tensor.ts";
import { modelInputs } from "./forward.ts";

/** A checkpoint, wherever it lies: the names and shapes of its tensors, and a way to read one. */
export interface Checkpoint {
  /** For error messages. */
  readonly where: string;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** Fills `target` with a tensor's elements, widened to float32. */
  readInto(name: string, target: Float32Array): Promise<void>;
}

export interface LoadedWeights {
  readonly weights: Weights;
  readonly initialized: readonly string[];
  readonly unused: readonly string[];
}

/** Every parameter of a model under a head of so many labels. */
export function parametersOf(model: Model, head: Head, labels: number): ParameterSpec[] {
  const inputs = modelInputs();
  const ofBody = new Set(declareParameters((scope) => model.body(scope, inputs)).map(({ name }) => name));
  const all = declareParameters((scope) => head.forward(scope, model.body(scope, inputs), { labels, inputs }));
  return all.map((spec) => (spec.head || ofBody.has(spec.name) ? spec : { ...spec, pretrainedHead: true }));
}

/**
 * Reads every parameter as float32 into an array of its own. Head parameters that the checkpoint lacks are drawn
 * from `seed`.
 * @throws Error when a tensor is missing, has another shape, or is not zero where it has to be, before any is kept.
 */
export async function loadWeights(
  model: Model,
  specs: readonly ParameterSpec[],
  checkpoint: Checkpoint,
  { seed, ignoreMismatchedSizes = false }: { seed: number; ignoreMismatchedSizes?: boolean },
): Promise<LoadedWeights> {
  const plan = planWeights(specs, checkpoint.tensors, model.basePrefix, checkpoint.where, ignoreMismatchedSizes);
  for (const name of model.zeros ?? []) await checkZero(checkpoint, name);
  const stream = random(seed, "head");
  const weights: Record<string, Tensor<"float32">> = {};
  for (const spec of specs) {
    const name = plan.found.get(spec.name);
    weights[spec.name] = name === undefined ? initialize(spec, stream) : await readParameter(spec, name, checkpoint);
  }
  return { weights, initialized: plan.initialized.map(({ name }) => name), unused: plan.unused };
}

async function readParameter(spec: ParameterSpec, name: string, checkpoint: Checkpoint): Promise<Tensor<"float32">> {
  const stored = zeros("float32", storedShape(spec));
  await checkpoint.readInto(name, stored.data);
  return turned(spec, stored);
}

async function checkZero(checkpoint: Checkpoint, name: string): Promise<void> {
  const info = checkpoint.tensors.get(name);
  if (!info) return;
  const { data } = zeros("float32", info.shape);
  await checkpoint.readInto(name, data);
  const other = data.find((x) => x !== 0);
  if (other !== undefined)
    throw new Error(`${checkpoint.where}: tensor ${name} holds ${other}, expected zeros, for nothing reads it`);
}

/** Every parameter drawn anew from `seed`, as for a model that is to be pretrained. */
export function randomWeights(specs: readonly ParameterSpec[], seed: number): LoadedWeights {
  const stream = random(seed, "weights");
  const weights = Object.fromEntries(specs.map((spec) => [spec.name, initialize(spec, stream)]));
  return { weights, initialized: specs.map(({ name }) => name), unused: [] };
}
