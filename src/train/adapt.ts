/** A model with a method attached: its weights in memory, and the parts of them that are trained. */
import type { Head, Model } from "../models/architecture.ts";
import { initialize } from "../nn/initialize.ts";
import type { ParameterSpec, Weights } from "../nn/parameters.ts";
import type { Parameter } from "../optim/optimizer.ts";
import { type AdapterTensor, applyAdapter, checkAdapter } from "../peft/adapter.ts";
import { entriesName } from "../peft/attachment.ts";
import type { Attachment, TrainedTensor } from "../peft/method.ts";
import { decoded, type StoredMatrices } from "../quantization/over-stored.ts";
import type { Tensors } from "../runtime/runtime.ts";
import { random } from "../tensor/random.ts";
import { type Tensor, tensor, zeros } from "../tensor/tensor.ts";
import { isEntries, type MovableView, movableViewOf, type View, viewOf } from "../tensor/view.ts";
import { placedAs } from "./placed.ts";

/** A trained tensor and the live numbers behind it. */
export interface Trained extends TrainedTensor {
  readonly view: View;
  /** The same view, of a tensor whose entries move; {@link moveEntries} moves them. */
  readonly moving?: MovableView;
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
  /** The names of the trained tensors that are no views of weights' memory, since their weights are stored in few bits. */
  readonly apart?: ReadonlySet<string>;
}

/** A base model's weights in memory. */
export interface BaseWeights {
  /** Those that are float32. */
  readonly weights: Weights;
  /** Those that are stored in few bits; none unless given. */
  readonly stored?: StoredMatrices;
}

/** The same with its weights in memory. */
export interface AdaptedModel extends AttachedModel {
  /** The model's parameters and those that the method adds, but those that are stored in few bits. */
  readonly weights: Weights;
  readonly stored: StoredMatrices;
  readonly trained: readonly Trained[];
  /** What every run of a graph is fed besides the batch: the weights, and which entries of them are trained. */
  readonly feeds: Tensors;
}

/** The numbers that parts of stored matrices begin with, by the names of the trained tensors. */
export type FirstNumbers = ReadonlyMap<string, Float32Array>;

/**
 * Attaches a method's choice to weights: what the method adds begins as it says, and the trained tensors become views.
 * @param seed of what the method draws at random
 * @param first what trained parts of stored matrices begin with; what is stored, rounded as it is, unless given
 */
export function adapt(base: AttachedModel & BaseWeights, seed = 0, first: FirstNumbers = new Map()): AdaptedModel {
  const { attachment, stored = new Map() } = base;
  const stream = random(seed, "adapter");
  const readable = allWeights(base);
  const added = attachment.added.map((spec) => [
    spec.name,
    spec.initial ? tensor("float32", spec.shape, spec.initial(readable)) : initialize(spec, stream),
  ]);
  const weights: Weights = { ...base.weights, ...Object.fromEntries(added) };
  const isApart = ({ parameter }: TrainedTensor) => stored.has(parameter.name);
  const trained = attachment.trained.map((part) =>
    isApart(part) ? partOf(part, readable, first.get(part.name)) : live(part, weights[part.parameter.name]!),
  );
  const apart = trained.filter(isApart);
  const fed = apart.map(({ name, view: { shape, data } }) => [name, tensor("float32", shape, data)]);
  return {
    ...base,
    apart: new Set(apart.map(({ name }) => name)),
    weights,
    stored,
    trained,
    feeds: { ...weights, ...entriesOf({ trained }), ...Object.fromEntries(fed) },
  };
}

/** All weights by name, to be read; those that are stored in few bits are put together each time. */
export function allWeights({ weights, stored = new Map() }: BaseWeights): Weights {
  if (stored.size === 0) return weights;
  const readable: Record<string, Tensor<"float32">> = { ...weights };
  for (const [name, matrix] of stored) Object.defineProperty(readable, name, { get: () => decoded(matrix) });
  return readable;
}

/** A trained part of a stored matrix, in memory of its own. */
function partOf(part: TrainedTensor, weights: Weights, first?: Float32Array): Trained {
  const { shape, selection, parameter } = part;
  const data = first?.slice() ?? viewOf(weights[parameter.name]!, selection).data.slice();
  return { ...part, view: { shape, data, commit: () => {} } };
}

function live(part: TrainedTensor, weight: Tensor<"float32">): Trained {
  const { selection, moves = false } = part;
  if (!moves || !isEntries(selection)) return { ...part, view: viewOf(weight, selection) };
  const view = movableViewOf(weight, selection.entries);
  return { ...part, selection: { entries: view.entries }, view, moving: view };
}

/** Moves a trained tensor's entries to others, as {@link MovableView.moveTo} does, and with them what every run is fed. */
export function moveEntries({ trained, feeds }: AdaptedModel, name: string, entries: Int32Array): void {
  trained.find((tensor) => tensor.name === name)!.moving!.moveTo(entries);
  const fed = feeds[entriesName(name)] as Tensor<"int64">;
  entries.forEach((entry, i) => (fed.data[i] = BigInt(entry)));
}

/**
 * A model with an adapter that was trained before: what the method adds is as the file says.
 * @param where the adapter's name in errors
 * @throws Error in one line when the adapter does not fit the model, before anything is written.
 */
export function restore(
  base: AttachedModel & BaseWeights,
  adapter: readonly AdapterTensor[],
  where: string,
): AdaptedModel {
  const { specs, attachment } = base;
  const blank = attachment.added.map((spec) => ({ ...spec, initializer: "zeros" as const, initial: undefined }));
  const added = blank.map(({ initial: _, ...spec }) => spec);
  const missing = added.find(({ name }) => !adapter.some((part) => part.name === name));
  if (missing) throw new Error(`${where}: no tensor named ${missing.name} (found ${adapter.length} others)`);
  checkAdapter(adapter, Object.fromEntries([...specs, ...added].map((spec) => [spec.name, spec])), where);
  const { weights, stored } = withRoomFor(adapter, base);
  const inStored = new Map(specs.flatMap((spec) => (stored.has(spec.name) ? [[spec.name, spec] as const] : [])));
  const placed = placedAs(adapter, { ...attachment, added }, inStored);
  const first = new Map(adapter.map(({ name, values }) => [name, values.data]));
  const adapted = adapt({ ...base, weights, stored, attachment: placed }, 0, first);
  const inWeights = adapter.filter(({ parameter }) => !stored.has(parameter));
  applyAdapter(inWeights, adapted.weights, where);
  return adapted;
}

/** A base in which no matrix is stored in few bits that an adapter brings as a whole. */
function withRoomFor(adapter: readonly AdapterTensor[], { weights, stored = new Map() }: BaseWeights) {
  const whole = adapter.filter(({ parameter, selection }) => selection === null && stored.has(parameter));
  const names = new Set(whole.map(({ parameter }) => parameter));
  const room = whole.map(({ parameter, values }) => [parameter, zeros("float32", values.shape)]);
  return {
    weights: { ...weights, ...(Object.fromEntries(room) as Weights) },
    stored: new Map([...stored].filter(([name]) => !names.has(name))),
  };
}

/** Everything that an adapter file keeps of a model: what is trained, and the frozen tensors that the method adds. */
export function adapterTensors({ attachment, trained, weights }: AdaptedModel): AdapterTensor[] {
  const frozen = attachment.added.filter((spec) => !spec.trained);
  return [
    ...trained.map(({ name, parameter, selection, view: { shape, data } }) => ({
      name,
      parameter: parameter.name,
      selection,
      values: tensor("float32", shape, data),
    })),
    ...frozen.map(({ name }) => ({ name, parameter: name, selection: null, values: weights[name]! })),
  ];
}

/** Which entries are trained, of the tensors that are single entries of a parameter. */
export function entriesOf({ trained }: Pick<Attachment, "trained">): Tensors {
  return Object.fromEntries(
    trained.flatMap(({ name, selection }) =>
      isEntries(selection)
        ? [
            [
              entriesName(name),
              tensor("int64", [selection.entries.length], BigInt64Array.from(selection.entries, BigInt)),
            ],
          ]
        : [],
    ),
  );
}

/**
 * The trained tensors as an optimizer sees them. Weight decay spares biases and norms, as transformers' Trainer does.
 * @param headRatio the head's learning rate as a multiple of the run's
 */
export function optimizerParameters({ trained }: AdaptedModel, headRatio = 1): Parameter[] {
  return trained.map(({ name, view, parameter: { role, head }, optimization = {} }) => {
    const ratio = (head ? headRatio : 1) * (optimization.learningRateRatio ?? 1);
    return {
      name,
      data: view.data,
      decay: optimization.decay ?? (role !== "bias" && role !== "norm"),
      learningRate: (rate: number) => optimization.constantLearningRate ?? rate * ratio,
    };
  });
}

/** Writes every trained tensor through to the weights, in the method's order. */
export function commit({ trained }: Pick<AdaptedModel, "trained">): void {
  for (const { view } of trained) view.commit();
}
