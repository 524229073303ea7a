/** A set of parameters on a split: the examples, how a model is attached, and what its kernel and its result are known by. */
import { createHash } from "node:crypto";
import { join } from "node:path";
import type { EncodedDataset } from "../../data/encode.ts";
import type { DownloadProgress } from "../../hub/download.ts";
import type { MetricName } from "../../metrics/registry.ts";
import type { Weights } from "../../nn/parameters.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import type { AdaptedModel } from "../../train/adapt.ts";
import type { TrainingOptions } from "../../train/options.ts";
import { baseHash, baseWeights } from "../base.ts";
import { flatConfig, type RunConfig } from "../config.ts";
import { attachMethod } from "../execute.ts";
import { trainingOptions } from "../options.ts";
import { encodeFor, type PreparedRun, prepareRun } from "../prepare.ts";
import type { NtkConfig, NtkParameterSet, NtkSettings } from "./config.ts";
import { fileNameOf } from "./parameter-set.ts";
import { drawn, type Split, testExamples } from "./split.ts";
import { type TrainedPoint, trainedPoint } from "./trained-point.ts";

/** What all sets and splits of a study have in common. */
export interface Context {
  readonly config: NtkConfig;
  readonly runtime: Runtime;
  readonly onDownload?: ((progress: DownloadProgress) => void) | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The examples of a split, as the model reads them. */
export interface Examples {
  readonly train: EncodedDataset;
  readonly validation: EncodedDataset;
  readonly test: EncodedDataset;
}

export interface Member {
  readonly name: string;
  readonly split: string;
  /** Of its files. */
  readonly folder: string;
  readonly prepared: PreparedRun;
  readonly options: TrainingOptions;
  readonly examples: Examples;
  readonly classes: number;
  readonly metric: MetricName;
  readonly ntk: NtkSettings;
  readonly runtime: Runtime;
  readonly keys: { readonly kernel: string; readonly result: string };
  /** The weights that sets begin at, read anew at each call. */
  weights(): Promise<Weights>;
  /** The model with these parameters, over such weights. */
  attach(weights: () => Promise<Weights>): Promise<AdaptedModel>;
}

/** A set's settings with the data of a split. */
export const onSplit = ({ settings, methodOptions }: RunConfig, { data, seed }: Split): RunConfig => ({
  methodOptions,
  settings: { ...settings, data, seed },
});

/**
 * Reads the data of a split and opens the model for a set of parameters, whose folder stays open; reads no weights but an adapter's.
 * @throws Error in one line for anything that does not fit
 */
export async function memberOf(
  { name, config: own }: NtkParameterSet,
  split: Split,
  { config, runtime, onDownload, signal }: Context,
): Promise<Member> {
  const { ntk, common } = config;
  const whole = await prepareRun(onSplit(own ?? { settings: common, methodOptions: {} }, split), onDownload);
  try {
    const { task } = whole;
    const prepared = { ...whole, ...drawn(split, task, whole) };
    const encoded = (data: typeof prepared.train) => encodeFor(prepared, task, data, common.max_seq_length);
    const [train, validation] = [encoded(prepared.train), encoded(prepared.validation)];
    const test = encoded(await testExamples(task, split, config));
    const examples = { train, validation, test };
    const classes = task.labels!.length;
    checkSize(train.lengths.length, classes);
    const options = trainingOptions(prepared);
    const point = ntk.adapter === null ? null : await trainedPoint(ntk.adapter, prepared, runtime);
    const learner = { runtime, train, options, signal };
    return {
      name,
      split: split.name,
      folder: join(common.output_dir, split.folder, fileNameOf(name)),
      prepared,
      options,
      examples,
      classes,
      metric: task.metrics[0]!,
      ntk,
      runtime,
      keys: await keysOf(examples, prepared, point, config),
      weights: async () => point?.weights() ?? (await baseWeights(prepared, prepared.config.settings)).weights,
      attach: async (weights) =>
        point && own === null
          ? point.adapted
          : (await attachMethod(prepared, learner, async () => asLoaded(await weights()))).adapted,
    };
  } catch (error) {
    await whole.folder.close();
    throw error;
  }
}

const asLoaded = (weights: Weights) => ({ weights, initialized: [], unused: [] });

/** Kernels beyond this are neither kept nor learnt from: 4,000² numbers of 8 bytes are 122 MiB. */
const LARGEST = 4000;

function checkSize(inputs: number, classes: number): void {
  if (inputs * classes > LARGEST)
    throw new Error(
      `--data: a kernel of ${inputs} training inputs and ${classes} classes, expected ${LARGEST} of both together at most; --shots or --max_train_samples takes fewer`,
    );
}

/** What a kernel and a result depend on. */
async function keysOf(
  examples: Examples,
  prepared: PreparedRun,
  point: TrainedPoint | null,
  { ntk, common }: NtkConfig,
): Promise<Member["keys"]> {
  const { settings, methodOptions: options } = prepared.config;
  const data = createHash("sha256");
  for (const { encodings, labels } of [examples.train, examples.validation, examples.test])
    data.update(JSON.stringify([encodings.map(({ ids }) => [...ids]), [...labels]]));
  const kernel = {
    model: await baseHash(prepared, common.init),
    adapter: point?.hash ?? null,
    data: data.digest("hex"),
    seed: settings.seed,
    method: prepared.method.name,
    options,
    formula: ntk.kernel_formula,
    binary: ntk.binary_classification,
    exclude: [ntk.exclude_embeddings, ntk.exclude_head],
  };
  const { output_dir: _, overwrite_output_dir: __, threads: ___, ...training } = flatConfig(prepared.config);
  const { kernel_solver, adjust_for_init, fine_tune, drift_steps } = ntk;
  const result = { kernel, training, kernel_solver, adjust_for_init, fine_tune, drift_steps };
  return { kernel: JSON.stringify(kernel), result: JSON.stringify(result) };
}
