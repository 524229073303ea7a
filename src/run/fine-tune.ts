/** A training run from configuration to run folder. */
import { availableParallelism } from "node:os";
import type { DownloadProgress } from "../hub/download.ts";
import { nativeRuntime } from "../runtime/native.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { adapt, type AdaptedModel } from "../train/adapt.ts";
import { predict, score } from "../train/evaluate.ts";
import type { EndEvent, Scores, TrainingEvent } from "../train/events.ts";
import { loadWeights } from "../train/load.ts";
import { forwardPass } from "../train/step.ts";
import { train } from "../train/trainer.ts";
import { type ConfigInput, parseConfig } from "./config.ts";
import { describeEnvironment, type Environment } from "./environment.ts";
import { trainingOptions } from "./options.ts";
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
export async function* fineTune(
  input: ConfigInput,
  { signal, onDownload }: FineTuneOptions = {},
): AsyncGenerator<RunEvent, SavedEvent> {
  const start = performance.now();
  const prepared = await prepareRun(parseConfig(input), onDownload);
  try {
    const runtime = await nativeRuntime({ threads: prepared.config.settings.threads ?? availableParallelism() });
    const environment = await describeEnvironment(prepared, runtime);
    const run = await createRun(prepared.config, prepared.task, environment);
    const { adapted, initialized } = await attachMethod(prepared);
    const { settings } = prepared.config;
    const data = encodeFor(prepared, prepared.train, settings.max_seq_length);
    const validation = encodeFor(prepared, prepared.validation, settings.max_seq_length);
    yield {
      type: "ready",
      model: prepared.resolved.id,
      method: prepared.method.name,
      task: prepared.task.name,
      trainExamples: data.lengths.length,
      validationExamples: validation.lengths.length,
      truncated: data.truncated + validation.truncated,
      trainedParameters: prepared.attachment.trained.reduce((total, { count }) => total + count, 0),
      totalParameters: Object.values(adapted.weights).reduce((total, { data: { length } }) => total + length, 0),
      initialized,
      secondsElapsed: (performance.now() - start) / 1000,
    };
    const events = train({
      adapted,
      runtime,
      train: data,
      validation,
      options: trainingOptions(prepared),
      ...(signal && { signal }),
    });
    let end: EndEvent | undefined;
    for await (const event of events) {
      run.event(event);
      yield event;
      if (event.type === "end") end = event;
    }
    const saved = await save({ ...prepared, environment }, adapted, runtime, run, end!);
    yield saved;
    return saved;
  } finally {
    await prepared.folder.close();
  }
}

async function attachMethod(prepared: PreparedRun): Promise<{ adapted: AdaptedModel; initialized: readonly string[] }> {
  const { model, head, labels, specs, folder, attachment, config } = prepared;
  const { seed, ignore_mismatched_sizes: ignoreMismatchedSizes } = config.settings;
  const checkpoint = { where: folder.folder, tensors: folder.tensors, readInto: folder.readInto };
  const { weights, initialized } = await loadWeights(model, specs, checkpoint, { seed, ignoreMismatchedSizes });
  return { adapted: adapt({ model, head, labels, specs, weights, attachment }), initialized };
}

async function save(
  prepared: PreparedRun & { environment: Environment },
  adapted: AdaptedModel,
  runtime: Runtime,
  run: RunWriter,
  end: EndEvent,
): Promise<SavedEvent> {
  const { config, resolved, environment, task } = prepared;
  await run.adapter(adapted, {
    method: config.settings.method,
    options: config.methodOptions,
    base_model_name_or_path: resolved.id,
    base_model_revision: resolved.revision,
    base_model_sha256: environment.model.sha256,
    task: task.name,
  });
  const mismatched = await scoreExtra(prepared, adapted, runtime);
  const scores = end.bestScores && { ...end.bestScores, ...mismatched };
  await run.metrics({ reason: end.reason, step: end.bestStep ?? end.step, ...scores });
  return { type: "saved", folder: run.folder, reason: end.reason, scores, step: end.bestStep ?? end.step };
}

/** Scores of the data beside the validation set (MNLI's mismatched genres), their names ending in `_mm` as run_glue.py has it. */
async function scoreExtra(prepared: PreparedRun, adapted: AdaptedModel, runtime: Runtime): Promise<Scores> {
  const { extra, task, padTokenId, config } = prepared;
  const scores: Record<string, number> = {};
  for (const dataset of extra) {
    const program = await runtime.compile(forwardPass(adapted));
    const data = encodeFor(prepared, dataset, config.settings.max_seq_length);
    const logits = await predict(program, adapted.weights, data, {
      batchSize: config.settings.per_device_eval_batch_size,
      padTokenId,
    });
    for (const [name, value] of Object.entries(score(logits, data.labels, task.kind, task.metrics)))
      scores[`${name}_mm`] = value;
    await program.dispose();
  }
  return scores;
}
