/** What planning and training share: the model folder, its tokenizer, the data and the method's choice. Reads no weights. */
import { resolve } from "node:path";
import type { EncodedDataset } from "../data/encode.ts";
import type { Dataset } from "../data/examples.ts";
import { createTokenizer, type Encoding, type Tokenizer } from "../data/tokenizer.ts";
import type { DownloadProgress } from "../hub/download.ts";
import { type JsonObject, type ModelFolder, openModelFolder } from "../hub/model-folder.ts";
import { type ResolvedModel, resolveModel } from "../hub/resolve.ts";
import type { Head, HeadName, Model } from "../models/architecture.ts";
import { squadScores } from "../metrics/squad.ts";
import { modelOf } from "../models/registry.ts";
import { planWeights } from "../models/weights.ts";
import type { ParameterSpec } from "../nn/parameters.ts";
import type { Attachment, Method } from "../peft/method.ts";
import { methodOf } from "../peft/registry.ts";
import type { Task } from "../tasks/task.ts";
import { random } from "../tensor/random.ts";
import { parametersOf } from "../train/load.ts";
import type { Init } from "./base.ts";
import type { RunConfig, TrainConfig } from "./config.ts";
import { readRunData, type RunData } from "./data.ts";
import { inCheckpointOrder } from "./label-order.ts";
import { forModel, headFor } from "./task-for-model.ts";
import { taskKinds } from "./task-kinds.ts";

/** A model folder opened for a task. */
export interface OpenModel {
  readonly resolved: ResolvedModel;
  readonly folder: ModelFolder;
  readonly tokenizer: Tokenizer;
  readonly padTokenId: number;
  readonly model: Model;
  readonly head: Head;
  /** Size of the head's output: classes, or 1. */
  readonly labels: number;
  readonly specs: readonly ParameterSpec[];
}

export interface PreparedRun extends OpenModel, RunData {
  readonly config: RunConfig;
  readonly method: Method;
  readonly attachment: Attachment;
}

/** A model under one of its heads. */
export type Headed = Pick<OpenModel, "model" | "head">;

/** The head a model is opened under, the size of its output, which may depend on config.json, and where its weights come from. */
export interface OpenModelOptions {
  readonly revision: string;
  readonly head: HeadName | ((config: JsonObject, model: Model) => HeadName);
  readonly labels: number | ((config: JsonObject, headed: Headed) => number);
  /** `pretrained` unless given. */
  readonly init?: Init;
}

/**
 * Opens a model folder or hub model under a head.
 * @throws Error in one line when a file is missing or does not fit.
 */
export async function openModel(
  model: string,
  { revision, head, labels, init = "pretrained" }: OpenModelOptions,
  onProgress?: (progress: DownloadProgress) => void,
): Promise<OpenModel> {
  const resolved = await resolveModel(model, { revision, ...(onProgress && { onProgress }) });
  const folder = await openModelFolder(resolved.folder, { weights: init === "random" ? "optional" : "required" });
  try {
    return { resolved, folder, ...describe(folder, head, labels) };
  } catch (error) {
    await folder.close();
    throw error;
  }
}

/** What the small files of a model folder say. */
function describe(
  { folder, config, tokenizer: tokenizerJson, tokenizerConfig }: ModelFolder,
  headOf: OpenModelOptions["head"],
  labelsOf: OpenModelOptions["labels"],
): Omit<OpenModel, "resolved" | "folder"> {
  const tokenizer = createTokenizer(tokenizerJson, tokenizerConfig, `${folder}/tokenizer.json`);
  const model = modelOf(config, `${folder}/config.json`);
  if (tokenizer.vocabularySize > model.vocabularySize)
    throw new Error(
      `${folder}: tokenizer.json has ${tokenizer.vocabularySize} tokens, config.json only ${model.vocabularySize}`,
    );
  const headName = typeof headOf === "string" ? headOf : headOf(config, model);
  const head = model.heads[headName];
  if (!head)
    throw new Error(
      `${folder}/config.json: the model has no head for ${headName}, expected one of ${Object.keys(model.heads).join(", ")}`,
    );
  const labels = typeof labelsOf === "number" ? labelsOf : labelsOf(config, { model, head });
  const padTokenId = tokenizer.specialTokens.pad ?? 0;
  return { tokenizer, padTokenId, model, head, labels, specs: parametersOf(model, head, labels) };
}

/**
 * Everything a run needs but weights and a runtime.
 * @throws Error in one line for bad data, a bad model folder, or options that do not fit the model.
 */
export async function prepareRun(
  config: RunConfig,
  onProgress?: (progress: DownloadProgress) => void,
): Promise<PreparedRun> {
  const { settings } = config;
  const read = await readRunData(settings);
  const { revision, init } = settings;
  const labels = taskKinds[read.task.kind].outputs(read.task);
  const head = (_config: JsonObject, model: Model) => headFor(read.task, model);
  const opened = await openModel(settings.model, { revision, init, head, labels }, onProgress);
  try {
    const data = inCheckpointOrder(forModel(read, opened.model), opened.folder.config);
    const method = methodOf(settings.method);
    const attachment = method.attach(opened.specs, config.methodOptions, random(settings.seed, "selection"));
    checkLength(settings.max_seq_length, opened.model, attachment);
    checkWeights(settings, opened);
    checkMetric(settings, data.task);
    checkPacking(settings, data.task, opened.model, attachment);
    return { ...opened, ...data, config: withAbsolutePaths(config, opened.resolved), method, attachment };
  } catch (error) {
    await opened.folder.close();
    throw error;
  }
}

/** A run folder is read from anywhere: paths are kept whole, names as they are. */
function withAbsolutePaths({ settings, methodOptions }: RunConfig, { id, folder }: ResolvedModel): RunConfig {
  const model = id === folder ? resolve(folder) : id;
  const validation = settings.validation_file && resolve(settings.validation_file);
  return { methodOptions, settings: { ...settings, model, data: resolve(settings.data), validation_file: validation } };
}

/** Refuses sequences longer than a model has positions for, without those that the method takes. */
export function checkLength(
  length: number,
  { maxPositions }: Pick<Model, "maxPositions">,
  { positions: taken = 0 }: Pick<Attachment, "positions">,
): void {
  if (length + taken <= maxPositions) return;
  const left = taken === 0 ? "" : `${Math.max(maxPositions - taken, 0)} positions that the method leaves of the `;
  throw new Error(`max_seq_length: ${length} is above the ${left}${maxPositions} positions of the model`);
}

/** Looks for every parameter among the checkpoint's tensors, by the headers alone. */
function checkWeights(
  { init, ignore_mismatched_sizes: ignore }: TrainConfig,
  { model: { basePrefix }, specs, folder: { tensors, folder } }: OpenModel,
): void {
  if (init === "pretrained") planWeights(specs, tensors, basePrefix, folder, ignore);
}

function checkMetric({ metric_for_best_model: metric }: TrainConfig, { name, metrics, answering }: Task): void {
  const scores: readonly string[] = ["loss", ...metrics, ...(answering ? squadScores[answering.metric] : [])];
  if (metric !== null && !scores.includes(metric))
    throw new Error(`metric_for_best_model: "${metric}" is no score of ${name}, expected one of ${scores.join(", ")}`);
}

function checkPacking(
  { packing, max_seq_length: length }: TrainConfig,
  { kind, name }: Task,
  { lengthDependentBeyond: limit = Infinity }: Model,
  { virtualTokens }: Attachment,
): void {
  if (!packing) return;
  if (taskKinds[kind].encodePacked === undefined) {
    const packed = Object.entries(taskKinds).filter(([, setup]) => setup.encodePacked !== undefined);
    throw new Error(
      `packing: ${name} has no rows to pack, expected one of ${packed.map(([known]) => known).join(", ")}`,
    );
  }
  if (length > limit)
    throw new Error(
      `packing: in rows of more than ${limit} tokens the model's positions depend on the row's length, expected max_seq_length ${limit} at most, not ${length}`,
    );
  if (virtualTokens > 0)
    throw new Error("packing: the method puts tokens of its own before each row, expected one that puts none");
}

/** Encodes data for a model, which sees segments only where it has them. */
export function encodeFor(
  { tokenizer, model }: Pick<OpenModel, "tokenizer" | "model">,
  { kind, prompt, answering }: Pick<Task, "kind" | "prompt" | "answering">,
  data: Dataset,
  maxLength: number,
): EncodedDataset {
  return withSegments(taskKinds[kind].encode(data, tokenizer, { maxLength, prompt, answering }), model);
}

/** Encodes the training data of a run, whose examples share rows where that is asked for. */
export function encodeTraining({ tokenizer, model, task, train, config: { settings } }: PreparedRun): EncodedDataset {
  const { packing, max_seq_length: maxLength } = settings;
  const { encode, encodePacked } = taskKinds[task.kind];
  return withSegments(((packing && encodePacked) || encode)(train, tokenizer, { maxLength, ...task }), model);
}

function withSegments(data: EncodedDataset, { segments }: Pick<Model, "segments">): EncodedDataset {
  if (segments > 1) return data;
  const ofOne = (encoding: Encoding) => ({ ...encoding, typeIds: new Uint8Array(encoding.ids.length) });
  return { ...data, encodings: data.encodings.map(ofOne) };
}
