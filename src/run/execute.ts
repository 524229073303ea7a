/** A run executed: what it is prepared from is loaded, trained, and written down as it goes. */
import { resolve } from "node:path";
import type { EncodedDataset } from "../data/encode.ts";
import type { Dataset } from "../data/examples.ts";
import type { DownloadProgress } from "../hub/download.ts";
import { numbersIn } from "../nn/parameters.ts";
import { formOf } from "../quantization/over-stored.ts";
import { overQuantizedBase } from "../quantization/runtime.ts";
import { nativeRuntime } from "../runtime/native.ts";
import { withResident } from "../runtime/resident.ts";
import type { Runtime, Tensors } from "../runtime/runtime.ts";
import { random } from "../tensor/random.ts";
import { adapt, type AdaptedModel } from "../train/adapt.ts";
import { type EvidenceSource, gatherEvidence } from "../train/evidence.ts";
import type { EndEvent, EvaluationEvent, Scores, TrainingEvent } from "../train/events.ts";
import type { LoadedWeights } from "../train/load.ts";
import type { TrainingOptions } from "../train/options.ts";
import type { TrainingState } from "../train/state.ts";
import { evaluationPass } from "../train/step.ts";
import { train } from "../train/trainer.ts";
import { baseWeights, firstNumbers, type ReadWeights } from "./base.ts";
import type { RunConfig } from "./config.ts";
import { describeEnvironment, type Environment } from "./environment.ts";
import type { ReadyEvent, RunEvent, SavedEvent } from "./events.ts";
import { checkCurriculum, trainingOptions } from "./options.ts";
import { refuseSameFolder } from "./output.ts";
import { encodeFor, encodeTraining, type PreparedRun, prepareRun } from "./prepare.ts";
import { type Measured, measuredProtocols } from "./scoring/measured.ts";
import type { Protocol, ProtocolledScores } from "./scoring/protocol.ts";
import type { RunWriter } from "./store.ts";

export interface ExecuteOptions {
  /** Aborting it saves what is best so far and ends the run, which can be resumed. */
  readonly signal?: AbortSignal;
  readonly onDownload?: (progress: DownloadProgress) => void;
}

/** How a run folder is entered, once everything is read and nothing is written yet. */
export type Begin = (ready: {
  readonly prepared: PreparedRun;
  readonly environment: Environment;
  readonly adapted: AdaptedModel;
}) => Promise<{ readonly writer: RunWriter; readonly from: TrainingState | null }>;

/** Prepares, trains and saves the run of a configuration in the folder that `begin` opens. */
export async function* execute(
  config: RunConfig,
  begin: Begin,
  { signal, onDownload }: ExecuteOptions = {},
): AsyncGenerator<RunEvent, SavedEvent> {
  const start = performance.now();
  const { output_dir: output, threads, device, max_seq_length: maxLength } = config.settings;
  const prepared = await prepareRun(config, onDownload);
  try {
    await refuseSameFolder(output, prepared.folder.folder);
    const validation = encodeFor(prepared, prepared.task, prepared.validation, maxLength);
    const data = { train: encodeTraining(prepared), validation };
    const options = trainingOptions(prepared);
    checkCurriculum(options, data.train.lengths.length);
    const native = await nativeRuntime({ threads, device });
    const environment = await describeEnvironment(prepared, native);
    const learner = { runtime: native, train: data.train, options, signal };
    const read: ReadWeights = (opened, settings, attachment) => baseWeights(opened, settings, attachment, onDownload);
    const { adapted, runtime, ...loaded } = await attachMethod(prepared, learner, read).catch((error: unknown) => {
      throw signal?.aborted ? interruptedEarly() : error;
    });
    if (signal?.aborted) throw interruptedEarly();
    const { writer, from } = await begin({ prepared, environment, adapted });
    const protocols = validationProtocols(prepared, adapted, options, validation);
    const run: LiveRun = { prepared, adapted, runtime, writer, environment, options, protocols };
    const ready = readyEvent(run, data, loaded, from, (performance.now() - start) / 1000);
    writer.event(ready);
    yield ready;
    const job = { adapted, runtime, ...data, from, options, ...(signal && { signal }) };
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
  readonly options: TrainingOptions;
  /** How scores of the validation data come about. */
  readonly protocols: (scores: Scores) => readonly Protocol[];
}

const interruptedEarly = () => new Error("interrupted before training began, nothing is written");

/**
 * Loads the base weights and attaches the method; one that asks for evidence chooses anew, now that there is some.
 * @param read the base model's weights, from its files unless given
 */
export async function attachMethod(
  prepared: PreparedRun,
  learner: Omit<EvidenceSource, "base">,
  read: ReadWeights = baseWeights,
): Promise<{ adapted: AdaptedModel; runtime: Runtime } & Omit<LoadedWeights, "weights" | "stored">> {
  const { model, head, labels, specs, method, config } = prepared;
  const { seed } = config.settings;
  const { weights, stored = new Map(), ...loaded } = await read(prepared, config.settings, prepared.attachment);
  const base = { model, head, labels, specs, weights, stored };
  const runtime = overQuantizedBase(learner.runtime, stored);
  const kind = method.evidence?.(config.methodOptions) ?? null;
  const evidence = kind && (await gatherEvidence(kind, { base, ...learner, runtime }));
  const attachment = evidence
    ? method.attach(specs, config.methodOptions, random(seed, "selection"), evidence)
    : prepared.attachment;
  const first = config.settings.init === "random" ? undefined : await firstNumbers(prepared, attachment, stored);
  const adapted = adapt({ ...base, attachment }, seed, first);
  return { adapted, runtime: withResident(runtime, frozenWeights(adapted)), ...loaded };
}

/** The base model's weights of which nothing is trained. */
function frozenWeights({ specs, weights, trained }: AdaptedModel): Tensors {
  const written = new Set(trained.map(({ parameter }) => parameter.name));
  const frozen = specs.filter(({ name }) => name in weights && !written.has(name));
  return Object.fromEntries(frozen.map(({ name }) => [name, weights[name]!]));
}

function readyEvent(
  { prepared }: LiveRun,
  data: { readonly train: EncodedDataset; readonly validation: EncodedDataset },
  { initialized, unused, warnings = [] }: Pick<LoadedWeights, "initialized" | "unused" | "warnings">,
  from: TrainingState | null,
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
    badRows: prepared.badRows,
    warnings: [...Object.values(prepared.task.contaminated ?? {}), ...warnings],
    trainedParameters: prepared.attachment.trained.reduce((total, { count }) => total + count, 0),
    totalParameters: numbersIn([...prepared.specs, ...prepared.attachment.added]),
    initialized,
    unused,
    resumedFrom: from && from.step,
    secondsElapsed,
  };
}

/**
 * Passes events on and writes them down; saves the adapter at each new best, so that a crash later does not lose it, and
 * where the training stands, so that it can be resumed.
 */
async function* recorded(
  run: LiveRun,
  events: AsyncGenerator<TrainingEvent, EndEvent>,
): AsyncGenerator<TrainingEvent, EndEvent> {
  let end: EndEvent | undefined;
  for await (const event of events) {
    if (event.type === "checkpoint") await run.writer.checkpoint(run.adapted, event.state);
    else if (event.type === "evaluation") run.writer.event({ ...event, protocols: run.protocols(event.scores) });
    else run.writer.event(event);
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
  const extra = reason === "interrupted" ? { scores: {}, protocols: [] } : await scoreExtra(run);
  const scores = bestScores && { ...bestScores, ...extra.scores };
  const protocols = bestScores === null ? [] : [...run.protocols(bestScores), ...extra.protocols];
  await run.writer.metrics({ reason, step, ...scores, ...(scores && { protocols }) });
  if (reason !== "interrupted") await run.writer.complete();
  const { badRows } = run.prepared;
  return { type: "saved", folder: run.writer.folder, reason, scores, protocols, step, badRows };
}

/** Files are named by their whole paths, for a run folder is read from anywhere. */
function measuredOf(
  { task, tokenizer, config: { settings } }: PreparedRun,
  { stored }: Pick<AdaptedModel, "stored">,
  { objective, evalBatchSize: batchSize }: TrainingOptions,
  dataset: Dataset,
  encoded: EncodedDataset,
): Measured {
  const named = { ...dataset, where: resolve(dataset.where) };
  const [maxLength, quantization] = [settings.max_seq_length, formOf(stored)];
  return { task, tokenizer, objective, dataset: named, encoded, maxLength, batchSize, quantization };
}

function validationProtocols(
  prepared: PreparedRun,
  adapted: AdaptedModel,
  options: TrainingOptions,
  encoded: EncodedDataset,
) {
  const { train, validation, config } = prepared;
  const { max_eval_samples: limit, validation_split: share, validation_file: file, seed } = config.settings;
  const isHeldOut = file === null && validation.where === train.where;
  const sample = [
    isHeldOut ? `a share of ${share} drawn by seed ${seed}, the others are trained on` : null,
    limit === null ? null : `the first ${limit} at most`,
  ].filter((part) => part !== null);
  const measured = {
    ...measuredOf(prepared, adapted, options, validation, encoded),
    ...(sample.length > 0 && { sample: sample.join("; ") }),
  };
  return (scores: Scores): readonly Protocol[] => measuredProtocols(scores, measured);
}

/** Scores of the data beside the validation set (MNLI's mismatched genres), their names ending in `_mm` as run_glue.py has it. */
async function scoreExtra({ prepared, adapted, runtime, options }: LiveRun): Promise<ProtocolledScores> {
  const { objective, evalBatchSize: batchSize, padTokenId, metrics } = options;
  const scores: Record<string, number> = {};
  const protocols: Protocol[] = [];
  const named = (name: string) => `${name}_mm`;
  for (const dataset of prepared.extra) {
    const program = await runtime.compile(evaluationPass(adapted, objective.evaluation));
    const data = encodeFor(prepared, prepared.task, dataset, prepared.config.settings.max_seq_length);
    const extraScores = await objective.score(program, adapted.feeds, data, { batchSize, padTokenId, metrics });
    for (const [name, value] of Object.entries(extraScores)) scores[named(name)] = value;
    for (const protocol of measuredProtocols(extraScores, measuredOf(prepared, adapted, options, dataset, data)))
      protocols.push({ ...protocol, scores: protocol.scores.map(named) });
    await program.dispose();
  }
  return { scores, protocols };
}
