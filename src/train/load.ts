/** A base model's weights, read from wherever a checkpoint lies. */
import type { Head, Model } from "../models/architecture.ts";
import { planWeights, storedShape, type TensorInfo, turned } from "../models/weights.ts";
import { initialize } from "../nn/initialize.ts";
import { declareParameters, type ParameterSpec } from "../nn/parameters.ts";
import type { TrainedTensor } from "../peft/method.ts";
import { inMemory, type StoredMatrices, type StoredMatrix, storedMatrix } from "../quantization/over-stored.ts";
import type { Parts, Scheme } from "../quantization/scheme.ts";
import { random } from "../tensor/random.ts";
import { type Tensor, zeros } from "../tensor/tensor.ts";
import { viewOf } from "../tensor/view.ts";
import type { BaseWeights, FirstNumbers } from "./adapt.ts";
import { modelInputs } from "./forward.ts";

/** A checkpoint, wherever it lies: the names and shapes of its tensors, and a way to read one. */
export interface Checkpoint {
  /** For error messages. */
  readonly where: string;
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** Fills `target` with a tensor's elements, widened to float32. */
  readInto(name: string, target: Float32Array): Promise<void>;
  /**
   * The parts of a matrix where the checkpoint itself holds it in a form of {@link Scheme}, else null.
   * @param turned whether its rows and columns are to be exchanged
   */
  readEncoded?(name: string, form: string, turned: boolean): Promise<Parts | null>;
}

export interface LoadedWeights extends BaseWeights {
  readonly initialized: readonly string[];
  readonly unused: readonly string[];
  /** What was met while it was read that does no harm, a line each; nothing unless given. */
  readonly warnings?: readonly string[];
}

/** Every parameter of a model under a head of so many labels. */
export function parametersOf(model: Model, head: Head, labels: number): ParameterSpec[] {
  const inputs = modelInputs();
  const ofBody = new Set(declareParameters((scope) => model.body(scope, inputs)).map(({ name }) => name));
  const all = declareParameters((scope) => head.forward(scope, model.body(scope, inputs), { labels, inputs }));
  return all.map((spec) => (spec.head || ofBody.has(spec.name) ? spec : { ...spec, pretrainedHead: true }));
}

export interface LoadOptions {
  readonly seed: number;
  readonly ignoreMismatchedSizes?: boolean;
  /** How a parameter is stored; as float32 where it gives null. */
  readonly schemeOf?: (spec: ParameterSpec) => Scheme | null;
  /** Matrices of the checkpoint that are in few bits already and need not be read; asked for, if at all, once all of it is seen to fit. */
  readonly kept?: () => Promise<StoredMatrices>;
}

/**
 * Reads every parameter as float32 into an array of its own, or into few bits, one after the other. Head parameters that the checkpoint
 * lacks are drawn from `seed`.
 * @throws Error when a tensor is missing, has another shape, or is not zero where it has to be, before any is kept.
 */
export async function loadWeights(
  model: Model,
  specs: readonly ParameterSpec[],
  checkpoint: Checkpoint,
  { seed, ignoreMismatchedSizes = false, schemeOf = () => null, kept = async () => new Map() }: LoadOptions,
): Promise<LoadedWeights> {
  const plan = planWeights(specs, checkpoint.tensors, model.basePrefix, checkpoint.where, ignoreMismatchedSizes);
  for (const name of model.zeros ?? []) await checkZero(checkpoint, name);
  const stream = random(seed, "head");
  const known = specs.some(schemeOf) ? await kept() : new Map<string, StoredMatrix>();
  const weights: Record<string, Tensor<"float32">> = {};
  const stored = new Map<string, StoredMatrix>();
  for (const spec of specs) {
    const name = plan.found.get(spec.name);
    const scheme = schemeOf(spec);
    const drawn = name === undefined ? initialize(spec, stream) : null;
    if (!scheme) weights[spec.name] = drawn ?? (await readParameter(spec, name!, checkpoint));
    else if (drawn) stored.set(spec.name, storedMatrix(scheme, drawn));
    else {
      const parts = known.get(spec.name)?.parts;
      const matrix = parts ? { scheme, parts } : inMemory(scheme, await encoded(spec, name!, checkpoint, scheme));
      stored.set(spec.name, matrix);
    }
  }
  return { weights, stored, initialized: plan.initialized.map(({ name }) => name), unused: plan.unused };
}

/** The parts of a parameter that the checkpoint calls `name`: as it has them, if they will do, or else of what it widens to. */
export async function encoded(
  spec: ParameterSpec,
  name: string,
  checkpoint: Checkpoint,
  scheme: Scheme,
): Promise<Parts> {
  const asItStands = await checkpoint.readEncoded?.(name, scheme.form, spec.storedTransposed ?? false);
  const willDo = asItStands && (scheme.takes?.(asItStands) ?? true);
  return willDo ? asItStands : scheme.encode(await readParameter(spec, name, checkpoint));
}

/**
 * The numbers of trained parts as the checkpoint has them, by the names of the trained tensors; parameters are read one after the other.
 * @throws Error in one line when a tensor is missing or has another shape
 */
export async function readParts(
  model: Model,
  parts: readonly TrainedTensor[],
  checkpoint: Checkpoint,
): Promise<FirstNumbers> {
  const specs = [...new Map(parts.map(({ parameter }) => [parameter.name, parameter])).values()];
  const { found } = planWeights(specs, checkpoint.tensors, model.basePrefix, checkpoint.where);
  const numbers = new Map<string, Float32Array>();
  for (const spec of specs) {
    const weight = await readParameter(spec, found.get(spec.name)!, checkpoint);
    for (const { name, parameter, selection } of parts)
      if (parameter.name === spec.name) numbers.set(name, viewOf(weight, selection).data.slice());
  }
  return numbers;
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

/** Weights of which some are put into few bits; the rest stays as it is. */
export function inFewBits(
  { weights, ...loaded }: LoadedWeights,
  specs: readonly ParameterSpec[],
  schemeOf: (spec: ParameterSpec) => Scheme | null,
): LoadedWeights & Required<BaseWeights> {
  const stored = new Map<string, StoredMatrix>();
  for (const spec of specs) {
    const scheme = schemeOf(spec);
    if (scheme) stored.set(spec.name, storedMatrix(scheme, weights[spec.name]!));
  }
  const floats = Object.entries(weights).filter(([name]) => !stored.has(name));
  return { ...loaded, weights: Object.fromEntries(floats), stored };
}

/** Every parameter drawn anew from `seed`, as for a model that is to be pretrained. */
export function randomWeights(specs: readonly ParameterSpec[], seed: number): LoadedWeights {
  const stream = random(seed, "weights");
  const weights = Object.fromEntries(specs.map((spec) => [spec.name, initialize(spec, stream)]));
  return { weights, stored: new Map(), initialized: specs.map(({ name }) => name), unused: [] };
}
