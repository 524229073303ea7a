/** A training run from configuration to run folder. */
import { availableParallelism } from "node:os";
import type { EncodedDataset } from "../data/encode.ts";
import type { Dataset } from "../data/examples.ts";
import type { DownloadProgress } from "../hub/download.ts";
import { nativeRuntime } from "../runtime/native.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { adapt, type AdaptedModel } from "../train/adapt.ts";
import { predict, score } from "../train/evaluate.ts";
import type { EndEvent, EvaluationEvent, Scores, TrainingEvent } from "../train/events.ts";
import { loadWeights } from "../train/load.ts";
import { forwardPass } from "../train/step.ts";
import { train } from "../train/trainer.ts";
import { parseConfig, type RunConfig, type TrainInput } from "./config.ts";
import { describeEnvironment, type Environment } from "./environment.ts";
import { trainingOptions } from "./options.ts";
import { checkOutput, refuseSameFolder } from "./output.ts";
import { encodeFor, type PreparedRun, prepareRun } from "./prepare.ts";
import { createRun, type RunWriter } from "./store.ts";

/** Said once, when everything is read and training is about to begin. */
export interface ReadyEvent {
  readonly type: "ready";
  readonly model: string;
  readonly method: string;
  readonly task: string;
  readonly trainExamples: number;
  readonly validationExamples: number;
  /** Examples of either that were cut to the longest sequence. */
  readonly truncated: number;
  readonly trainedParameters: number;
  readonly totalParameters: number;
  /** Parameters of the head that no checkpoint gave. */
  readonly initialized: readonly string[];
  readonly secondsElapsed: number;
}

/** Said last, when the run folder is complete. */
export interface SavedEvent {
  readonly type: "saved";
  readonly folder: string;
  readonly reason: EndEvent["reason"];
  readonly scores: Scores | null;
  readonly step: number;
}

export type RunEvent = ReadyEvent | TrainingEvent | SavedEvent;

export interface FineTuneOptions {
  /** Aborting it saves what is best so far and ends the run. */
  readonly signal?: AbortSignal;
  readonly onDownload?: (progress: DownloadProgress) => void;
}

/**
 * Fine-tunes a model and writes a run folder, reporting as it goes. Settings have the names of the command line's flags.
 *
 * @example
 * for await (const event of fineTune({ model: "roberta-base", task: "sst2", data: "sst2", output_dir: "runs/sst2" }))
 *   if (event.type === "step") console.log(event.step, event.loss);
 * @throws Error in one line for anything that does not fit, before any long work starts.
 */
export function fineTune(input: TrainInput, options: FineTuneOptions = {}): AsyncGenerator<RunEvent, SavedEvent> {
  return executeRun(parseConfig(input), options);
}

/** As {@link fineTune}, of a configuration that is checked already. */
export async function* executeRun(
  config: RunConfig,
  { signal, onDownload }: FineTuneOptions = {},
): AsyncGenerator<RunEvent, SavedEvent> {
  const start = performance.now();
  const { output_dir: output, overwrite_output_dir: overwrite, threads, max_seq_length: maxLength } = config.settings;
  await checkOutput(output, { overwrite });
  const prepared = await prepareRun(config, onDownload);
  try {
    await refuseSameFolder(output, prepared.folder.folder);
    const encode = (data: Dataset) => encodeFor(prepared, data, maxLength);
    const data = { train: encode(prepared.train), validation: encode(prepared.validation) };
    const runtime = await nativeRuntime({ threads: threads ?? availableParallelism() });
    const environment = await describeEnvironment(prepared, runtime);
    const { adapted, initialized } = await attachMethod(prepared);
    if (signal?.aborted) throw new Error("interrupted before training began, nothing is written");
    const writer = await createRun(prepared.config, prepared.task, environment);
    const run: LiveRun = { prepared, adapted, runtime, writer, environment };
    const ready = readyEvent(run, data, initialized, (performance.now() - start) / 1000);
    writer.event(ready);
    yield ready;
    const job = { adapted, runtime, ...data, options: trainingOptions(prepared), ...(signal && { signal }) };
    const saved = await finish(run, yield* recorded(run, train(job)));
    yield saved;
    return saved;
  } finally {
    await prepared.folder.close();
  }
}

/** What the parts of a run under way share. */
interface LiveRun {
  readonly prepared: PreparedRun;
  readonly adapted: AdaptedModel;
  readonly runtime: Runtime;
  readonly writer: RunWriter;
  readonly environment: Environment;
}

async function attachMethod(prepared: PreparedRun): Promise<{ adapted: AdaptedModel; initialized: readonly string[] }> {
  const { model, head, labels, specs, folder, attachment, config } = prepared;
  const { seed, ignore_mismatched_sizes: ignoreMismatchedSizes } = config.settings;
  const checkpoint = { where: folder.folder, tensors: folder.tensors, readInto: folder.readInto };
  const { weights, initialized } = await loadWeights(model, specs, checkpoint, { seed, ignoreMismatchedSizes });
  return { adapted: adapt({ model, head, labels, specs, weights, attachment }), initialized };
}

function readyEvent(
  { prepared, adapted }: LiveRun,
  data: { readonly train: EncodedDataset; readonly validation: EncodedDataset },
  initialized: readonly string[],
  secondsElapsed: number,
): ReadyEvent {
  return {
    type: "ready",
    model: prepared.resolved.id,
    method: prepared.method.name,
    task: prepared.task.name,
    trainExamples: data.train.lengths.length,
    validationExamples: data.validation.lengths.length,
    truncated: data.train.truncated + data.validation.truncated,
    trainedParameters: prepared.attachment.trained.reduce((total, { count }) => total + count, 0),
    totalParameters: Object.values(adapted.weights).reduce((total, { data: { length } }) => total + length, 0),
    initialized,
    secondsElapsed,
  };
}

/** Passes events on, writes them down, and saves the adapter at each new best, so that a crash later does not lose it. */
async function* recorded(
  run: LiveRun,
  events: AsyncGenerator<TrainingEvent, EndEvent>,
): AsyncGenerator<TrainingEvent, EndEvent> {
  let end: EndEvent | undefined;
  for await (const event of events) {
    run.writer.event(event);
    if (event.type === "evaluation") refuseDiverged(event);
    if (event.type === "evaluation" && event.best) await saveAdapter(run);
    if (event.type === "end") end = event;
    yield event;
  }
  return end!;
}

/** The last step may break the weights, which no loss of a later step would show. */
function refuseDiverged({ step, scores: { loss } }: EvaluationEvent): void {
  if (!Number.isFinite(loss))
    throw new Error(
      `training: the validation loss is ${loss} after step ${step}; a lower --learning_rate is the usual remedy`,
    );
}

function saveAdapter({ prepared, adapted, writer, environment }: LiveRun): Promise<void> {
  const { config, resolved, task } = prepared;
  return writer.adapter(adapted, {
    method: config.settings.method,
    options: config.methodOptions,
    base_model_name_or_path: config.settings.model,
    base_model_revision: resolved.revision,
    base_model_sha256: environment.model.sha256,
    task: task.name,
  });
}

async function finish(run: LiveRun, { reason, step: lastStep, bestStep, bestScores }: EndEvent): Promise<SavedEvent> {
  if (bestStep === null) await saveAdapter(run);
  const step = bestStep ?? lastStep;
  const extraScores = reason === "interrupted" ? {} : await scoreExtra(run);
  const scores = bestScores && { ...bestScores, ...extraScores };
  await run.writer.metrics({ reason, step, ...scores });
  return { type: "saved", folder: run.writer.folder, reason, scores, step };
}

/** Scores of the data beside the validation set (MNLI's mismatched genres), their names ending in `_mm` as run_glue.py has it. */
async function scoreExtra({ prepared, adapted, runtime }: LiveRun): Promise<Scores> {
  const { extra, task, padTokenId, config } = prepared;
  const { max_seq_length: length, per_device_eval_batch_size: batchSize } = config.settings;
  const scores: Record<string, number> = {};
  for (const dataset of extra) {
    const program = await runtime.compile(forwardPass(adapted));
    const data = encodeFor(prepared, dataset, length);
    const logits = await predict(program, adapted.weights, data, { batchSize, padTokenId });
    const extraScores = score(logits, data.labels, task.kind, task.metrics);
    for (const [name, value] of Object.entries(extraScores)) scores[`${name}_mm`] = value;
    await program.dispose();
  }
  return scores;
}
