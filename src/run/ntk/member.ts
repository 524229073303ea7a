/** A set of parameters on a split: how a model is attached, and what its kernel and its result are known by. */
import { join } from "node:path";
import type { Weights } from "../../nn/parameters.ts";
import type { TakenTensor } from "../../ntk/jacobian.ts";
import { methodOf } from "../../peft/registry.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { random } from "../../tensor/random.ts";
import type { AdaptedModel } from "../../train/adapt.ts";
import { totalSteps, type TrainingOptions } from "../../train/options.ts";
import { baseWeights } from "../base.ts";
import type { RunConfig } from "../config.ts";
import { attachMethod } from "../execute.ts";
import { trainingOptions } from "../options.ts";
import { checkLength, type PreparedRun } from "../prepare.ts";
import { type NtkConfig, type NtkParameterSet, type NtkSettings, ofSet } from "./config.ts";
import type { OpenSplit } from "./open-split.ts";
import { ADAPTER, fileNameOf, trainingSettings } from "./parameter-set.ts";
import type { TrainedPoint } from "./trained-point.ts";

/** What all sets and splits of a study have in common. */
export interface Context {
  readonly config: NtkConfig;
  readonly runtime: Runtime;
  /** Of the base model. */
  readonly modelHash: string;
  /** Where kernels are taken, if not at initialisation. */
  readonly point: TrainedPoint | null;
  readonly signal?: AbortSignal | undefined;
}

export interface Member extends Pick<OpenSplit, "prepared" | "examples" | "classes" | "metric"> {
  readonly name: string;
  readonly split: string;
  /** Of its files. */
  readonly folder: string;
  readonly options: TrainingOptions;
  readonly ntk: NtkSettings;
  readonly runtime: Runtime;
  /** Which of its trained tensors count. */
  readonly isTaken: TakenTensor;
  /** How many numbers its kernel is over. */
  readonly parameters: number;
  readonly keys: { readonly kernel: string; readonly result: string };
  /** The weights that sets begin at, read anew at each call. */
  weights(): Promise<Weights>;
  /** The model with these parameters, over such weights, or over a base in few bits of its own where the study asks for that. */
  attach(weights: () => Promise<Weights>): Promise<AttachedSet>;
}

/** A set of parameters in a model, and what runs its graphs. */
export interface AttachedSet {
  readonly adapted: AdaptedModel;
  readonly runtime: Runtime;
}

/** @throws Error in one line, beginning with the set, where it does not fit the model or the study. */
export function memberOf({ name, config: own }: NtkParameterSet, open: OpenSplit, context: Context): Member {
  const { config, runtime, point, signal } = context;
  const { split, examples, classes, metric } = open;
  const { ntk, common } = config;
  const trained = own === null ? point!.adapted : null;
  const prepared = own === null ? open.prepared : ofSet(name, () => withMethod(open.prepared, own));
  const options = trainingOptions(prepared);
  const isTaken = takenOf(ntk);
  const taken = (trained ?? prepared).attachment.trained.filter(isTaken);
  if (taken.length === 0) throw new Error(`${name}: nothing of what it trains is left to differentiate`);
  if (ntk.fine_tune) checkDrift(name, totalSteps(examples.train.lengths.length, options), ntk);
  const learner = { runtime, train: examples.train, options, signal };
  const isInFewBits = common.quantization !== "none";
  return {
    name,
    split: split.name,
    folder: join(common.output_dir, split.folder, fileNameOf(name)),
    prepared,
    options,
    examples,
    classes,
    metric,
    ntk,
    runtime,
    isTaken,
    parameters: taken.reduce((sum, { count }) => sum + count, 0),
    keys: keysOf(own === null ? null : prepared, open, context),
    weights: async () => point?.weights() ?? (await baseWeights(prepared, prepared.config.settings)).weights,
    async attach(weights) {
      if (trained) return { adapted: trained, runtime };
      return attachMethod(prepared, learner, isInFewBits ? baseWeights : async () => loaded(await weights()));
    },
  };
}

const loaded = (weights: Weights) => ({ weights, initialized: [], unused: [] });

/** The run that trains a set on the same data and the same model. */
function withMethod(prepared: PreparedRun, { settings, methodOptions }: RunConfig): PreparedRun {
  const { model, data, validation_file, seed } = prepared.config.settings;
  const config = { methodOptions, settings: { ...settings, model, data, validation_file, seed } };
  const method = methodOf(settings.method);
  const attachment = method.attach(prepared.specs, methodOptions, random(seed, "selection"));
  checkLength(settings.max_seq_length, prepared.model, attachment);
  return { ...prepared, config, method, attachment };
}

function takenOf({ exclude_embeddings, exclude_head }: NtkSettings): TakenTensor {
  return ({ parameter: { role, head, pretrainedHead } }) =>
    !(exclude_embeddings && role === "embedding") && !(exclude_head && (head || pretrainedHead));
}

function checkDrift(name: string, steps: number, { drift_steps }: NtkSettings): void {
  const late = drift_steps.find((step) => step > steps);
  if (late !== undefined)
    throw new Error(`${name}: drift_steps: ${late}, expected at most the ${steps} steps of the training`);
}

/**
 * What a kernel and a result depend on.
 * @param prepared null for what an adapter has trained
 */
function keysOf(
  prepared: PreparedRun | null,
  {
    hash: data,
    prepared: {
      task,
      config: {
        settings: { seed, ignore_mismatched_sizes, quantization },
      },
    },
  }: OpenSplit,
  { config: { ntk }, point, modelHash: model }: Context,
): Member["keys"] {
  const kernel = {
    model,
    ignore_mismatched_sizes,
    adapter: point?.hash ?? null,
    data,
    labels: task.labels,
    prompt: task.prompt ?? null,
    seed,
    method: prepared?.method.name ?? ADAPTER,
    options: prepared?.config.methodOptions ?? {},
    formula: ntk.kernel_formula,
    binary: ntk.binary_classification,
    exclude: [ntk.exclude_embeddings, ntk.exclude_head],
    ...(quantization !== "none" && { quantization }),
  };
  const { kernel_solver, adjust_for_init, fine_tune, drift_steps } = ntk;
  const training = trainingSettings.map((name) => prepared?.config.settings[name]);
  const result = { kernel, kernel_solver, adjust_for_init, ...(fine_tune && { training, drift_steps }) };
  return { kernel: JSON.stringify(kernel), result: JSON.stringify(result) };
}
