/** What a training takes in memory, estimated before anything of it is there, by how the base model is stored. */
import { totalmem } from "node:os";
import { sequentialBatches } from "../data/batches.ts";
import type { EncodedDataset } from "../data/encode.ts";
import { joinNarrow } from "../graph/join-narrow.ts";
import type { Value } from "../graph/value.ts";
import { topological } from "../graph/walk.ts";
import { numbersIn } from "../nn/parameters.ts";
import { areLaidOut, laidOutBytes } from "../quantization/laid-out.ts";
import { overStored, type StoredSpec } from "../quantization/over-stored.ts";
import { type Quantization, quantizations, schemeOf } from "../quantization/registry.ts";
import { bytesPerElement } from "../tensor/dtype.ts";
import { sizeOf } from "../tensor/shape.ts";
import { isEntries } from "../tensor/view.ts";
import type { AttachedModel } from "../train/adapt.ts";
import { epochBatches } from "../train/epoch.ts";
import { arenaBytes } from "../train/memory.ts";
import type { Objective } from "../train/objective.ts";
import { totalSteps, type TrainingOptions } from "../train/options.ts";
import { evaluationPass, trainingStep } from "../train/step.ts";

/** Bytes, by what they are for. */
export interface MemoryEstimate {
  /** The base model as it is stored, and what is trained of it apart or added to it. */
  readonly weights: number;
  /** Gradients, AdamW's two moments, and the copy of the best. */
  readonly training: number;
  /** Values of the graphs of steps. */
  readonly activations: number;
  /** The same of an evaluation, which are kept beside those of steps. */
  readonly evaluation: number;
  /** Matrices in few bits as products want them, in each compiled graph; none of a base that is not small. */
  readonly packed: number;
  /** The program itself, as measured now, and ONNX Runtime with its compiled graphs. */
  readonly program: number;
  readonly total: number;
}

export interface PlannedMemory extends MemoryEstimate {
  readonly machine: number;
  /** The total for each way of storing the base model. */
  readonly totals: Readonly<Record<Quantization, number>>;
}

/** What is trained on what. */
export interface PlannedTraining {
  readonly attached: AttachedModel;
  readonly data: EncodedDataset;
  /** Null where nothing is evaluated. */
  readonly validation: EncodedDataset | null;
  readonly options: TrainingOptions;
}

/** The memory of a training by `quantization`, and in all by every other. */
export function planMemory(training: PlannedTraining, quantization: Quantization): PlannedMemory {
  const held = process.memoryUsage.rss();
  const estimates = new Map(quantizations.map((name) => [name, estimateMemory(training, name, held)]));
  const totals = Object.fromEntries([...estimates].map(([name, { total }]) => [name, total]));
  const machine = totalmem();
  return { ...estimates.get(quantization)!, machine, totals: totals as Record<Quantization, number> };
}

/** What a run of ONNX Runtime brings of its library into memory, and what a compiled graph keeps for each of its nodes. */
const LIBRARY = 24 * 2 ** 20;
const NODE = 6 * 2 ** 10;

/** @param held what the program takes so far */
export function estimateMemory(training: PlannedTraining, quantization: Quantization, held: number): MemoryEstimate {
  const { attached: bare } = training;
  const schemes = schemeOf(quantization, bare.model, bare.attachment);
  const stored = new Map<string, StoredSpec>();
  for (const spec of bare.specs) {
    const scheme = schemes(spec);
    if (scheme) stored.set(spec.name, { scheme, parts: scheme.parts(spec.shape) });
  }
  const apart = bare.attachment.trained.filter(({ parameter }) => stored.has(parameter.name));
  const attached = { ...bare, apart: new Set(apart.map(({ name }) => name)) };
  const steps = stepsOf(training, attached, stored);
  const evaluation = evaluationOf(training, attached, stored);
  const nodes = Math.max(...steps.map((step) => step.nodes)) + (evaluation?.nodes ?? 0);
  const graphs = evaluation === null ? steps : [...steps, evaluation];
  const estimate = {
    weights: weightBytes(attached, stored),
    training: 4 * numbersIn(bare.attachment.trained) * (1 + 2 + 1),
    activations: Math.max(...steps.map(({ bytes }) => bytes)),
    evaluation: evaluation?.bytes ?? 0,
    packed: graphs.reduce((sum, { packed }) => sum + packed, 0),
    program: held + LIBRARY + NODE * nodes,
  };
  return { ...estimate, total: Object.values(estimate).reduce((a, b) => a + b) };
}

/** The parts of stored matrices, and the rest as float32; what is trained apart, or as single entries, has numbers of its own. */
function weightBytes({ specs, attachment, apart }: AttachedModel, stored: ReadonlyMap<string, StoredSpec>): number {
  const parts = [...stored.values()].flatMap((matrix) => Object.values(matrix.parts));
  const floats = [...specs.filter(({ name }) => !stored.has(name)), ...attachment.added];
  const own = attachment.trained.reduce((sum, { name, shape, selection }) => {
    const entries = isEntries(selection) ? bytesPerElement("int32") + bytesPerElement("int64") : 0;
    const numbers = entries > 0 || apart?.has(name) ? bytesPerElement("float32") : 0;
    return sum + sizeOf(shape) * (entries + numbers);
  }, 0);
  return (
    parts.reduce((sum, { dtype, shape }) => sum + sizeOf(shape) * bytesPerElement(dtype), 0) +
    bytesPerElement("float32") * numbersIn(floats) +
    own
  );
}

interface GraphMemory {
  readonly bytes: number;
  readonly packed: number;
  readonly nodes: number;
}

/** The steps of every stage of the training. */
function stepsOf(
  { data, options }: PlannedTraining,
  attached: AttachedModel,
  stored: ReadonlyMap<string, StoredSpec>,
): GraphMemory[] {
  const {
    objective,
    curriculum,
    baseDropout = false,
    gradientCheckpointing = false,
    gradientAccumulationSteps,
  } = options;
  const steps = totalSteps(data.lengths.length, options);
  const batches = epochBatches(data.lengths, 0, options).slice(0, steps * gradientAccumulationSteps);
  const mode = { baseDropout, gradientCheckpointing };
  return [...curriculum.map((stage) => stage.objective), objective].map((stage) =>
    graphMemory(trainingStep(attached, stage, mode), attached, stored, stage, sizesOf(data.lengths, batches)),
  );
}

function evaluationOf(
  { validation, options: { objective, evalBatchSize } }: PlannedTraining,
  attached: AttachedModel,
  stored: ReadonlyMap<string, StoredSpec>,
): GraphMemory | null {
  if (validation === null || validation.lengths.length === 0) return null;
  const sizes = sizesOf(validation.lengths, sequentialBatches(validation.lengths, evalBatchSize));
  return graphMemory(evaluationPass(attached, objective.evaluation), attached, stored, objective, sizes);
}

interface BatchSize {
  readonly examples: number;
  /** Tokens of the longest example, and of all. */
  readonly longest: number;
  readonly tokens: number;
}

/** After so many runs of different sizes the memory of a graph hardly grows. */
const RUNS = 10;

/** The sizes of the first batches, and of that with the most padded tokens. */
function sizesOf(lengths: Int32Array, batches: readonly Int32Array[]): BatchSize[] {
  const sizes = batches.map((batch) => ({
    examples: batch.length,
    longest: batch.reduce((longest, i) => Math.max(longest, lengths[i]!), 0),
    tokens: batch.reduce((sum, i) => sum + lengths[i]!, 0),
  }));
  const largest = sizes.reduce((a, b) => (b.examples * b.longest > a.examples * a.longest ? b : a));
  const first = sizes.slice(0, RUNS);
  return first.includes(largest) ? first : [...first, largest];
}

function graphMemory(
  graph: Readonly<Record<string, Value>>,
  { attachment: { virtualTokens } }: AttachedModel,
  stored: ReadonlyMap<string, StoredSpec>,
  { sizes }: Objective,
  batches: readonly BatchSize[],
): GraphMemory {
  const outputs = joinNarrow(Object.values(overStored(graph, stored)));
  const packed = areLaidOut(stored) ? laidOutBytes(outputs, stored) : 0;
  const runs = batches.map(({ examples, longest, tokens }) => {
    const known = sizes(examples, longest);
    return { ...known, tokens: tokens + examples * virtualTokens, target_tokens: examples * (known["target"] ?? 0) };
  });
  return { bytes: arenaBytes(outputs, runs), packed, nodes: topological(outputs).length };
}
