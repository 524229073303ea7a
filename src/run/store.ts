/**
 * The run folder: what a training leaves.
 *
 *     config.json                         every setting, as `rocoft train -c` reads it
 *     task.json                           the task as the data made it: columns, labels, metrics
 *     environment.json                    versions, processor, hashes of model and data
 *     events.jsonl                        what happened, a line each
 *     metrics.json                        the scores of the weights that are kept, and how they came about
 *     adapter/adapter_model.safetensors   the trained numbers
 *     adapter/adapter_config.json         where they belong
 *     checkpoint.safetensors              until the run is complete: what resuming it needs
 */
import { appendFileSync } from "node:fs";
import { mkdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import { encodeSafetensors } from "../formats/safetensors.ts";
import { createOutputFolder, readJson, writeAtomically } from "../hub/files.ts";
import { fileError, oneLine } from "../hub/reasons.ts";
import { type MetricName, metrics } from "../metrics/registry.ts";
import { type TextMetricName, textMetrics } from "../metrics/text-registry.ts";
import { type AdapterTensor, packAdapter } from "../peft/adapter.ts";
import { likelihoodMetrics, type Scoring } from "../tasks/scoring.ts";
import { type Task, taskKindNames } from "../tasks/task.ts";
import { type AdaptedModel, adapterTensors } from "../train/adapt.ts";
import type { EndEvent } from "../train/events.ts";
import type { TrainingState } from "../train/state.ts";
import { type AdapterConfig, adapterFiles, adapterFolder, isThere, readAdapter } from "./adapter-files.ts";
import { writeCheckpoint } from "./checkpoint.ts";
import { flatConfig, parseConfig, type RunConfig } from "./config.ts";
import type { Environment } from "./environment.ts";
import type { Protocol } from "./scoring/protocol.ts";

/** The files at the top of a run folder. */
export const runFiles = {
  config: "config.json",
  task: "task.json",
  environment: "environment.json",
  events: "events.jsonl",
  metrics: "metrics.json",
  checkpoint: "checkpoint.safetensors",
} as const;
const json = (value: unknown) => `${JSON.stringify(value, null, 2)}\n`;

/** A run folder being written. */
export interface RunWriter {
  readonly folder: string;
  /** Appends an event to events.jsonl. */
  event(event: { readonly type: string; readonly protocols?: readonly Protocol[] }): void;
  adapter(adapted: AdaptedModel, config: Omit<AdapterConfig, "tensors" | "trained_parameters">): Promise<void>;
  /** Keeps where the training stands, in place of the checkpoint before. */
  checkpoint(adapted: AdaptedModel, state: TrainingState): Promise<void>;
  metrics(metrics: RunMetrics): Promise<void>;
  /** Removes what only resuming needs. */
  complete(): Promise<void>;
}

/** What metrics.json holds: why the training ended, the step whose weights are kept, and its scores. */
export interface RunMetrics {
  readonly reason: EndEvent["reason"];
  readonly step: number;
  /** How the scores came about; absent without scores. */
  readonly protocols?: readonly Protocol[];
  readonly [score: string]: number | string | readonly Protocol[] | undefined;
}

/**
 * Begins a run folder with what is known before training. What an earlier run left there under the same names goes.
 * @throws Error in one line when the folder holds files (and overwriting is not asked for) or cannot be written.
 */
export async function createRun(
  config: RunConfig,
  task: Task,
  environment: Environment,
  { overwrite }: { readonly overwrite: boolean },
): Promise<RunWriter> {
  const folder = await createOutputFolder(config.settings.output_dir, { overwrite });
  const path = pathsIn(folder);
  const adapterPaths = Object.values(adapterFiles).map((name) => path(adapterFolder, name));
  for (const file of [path(runFiles.checkpoint), path(runFiles.metrics), ...adapterPaths])
    await rm(file, { force: true });
  await writeAtomically(path(runFiles.config), json(flatConfig(config)));
  await writeAtomically(path(runFiles.task), json(task));
  await writeAtomically(path(runFiles.environment), json(environment));
  await writeAtomically(path(runFiles.events), "");
  return writerOf(folder);
}

const pathsIn =
  (folder: string) =>
  (...parts: readonly string[]): string =>
    join(folder, ...parts);

/** The writer of a run folder that is begun already. */
export function writerOf(folder: string): RunWriter {
  const path = pathsIn(folder);
  return {
    folder,
    event(event) {
      try {
        appendFileSync(path(runFiles.events), `${JSON.stringify(event)}\n`);
      } catch (error) {
        throw fileError(path(runFiles.events), "cannot be written", error);
      }
    },
    async adapter(adapted, adapterConfig) {
      const { tensors, layout } = packAdapter(adapterTensors(adapted));
      const trained = adapted.trained.reduce((total, { count }) => total + count, 0);
      await mkdir(path(adapterFolder), { recursive: true });
      await writeAtomically(path(adapterFolder, adapterFiles.weights), encodeSafetensors(tensors, { format: "pt" }));
      await writeAtomically(
        path(adapterFolder, adapterFiles.config),
        json({ ...adapterConfig, trained_parameters: trained, tensors: layout }),
      );
    },
    async checkpoint(adapted, state) {
      const { size: eventsLength } = await stat(path(runFiles.events));
      await writeCheckpoint(path(runFiles.checkpoint), adapted, { state, eventsLength });
    },
    metrics: (metrics) => writeAtomically(path(runFiles.metrics), json(metrics)),
    complete: () => rm(path(runFiles.checkpoint), { force: true }),
  };
}

/** A run folder read again. */
export interface StoredRun {
  readonly folder: string;
  readonly config: RunConfig;
  readonly task: Task;
  readonly adapterConfig: AdapterConfig;
  readonly adapter: readonly AdapterTensor[];
  readonly metrics: Readonly<Record<string, unknown>> | null;
}

const metricName = z.enum(Object.keys(metrics) as [MetricName, ...MetricName[]]);
const scoringSchema: z.ZodType<Scoring> = z.object({
  split: z.enum(["validation", "test"]),
  generation: z
    .object({
      metrics: z.array(z.enum(Object.keys(textMetrics) as [TextMetricName, ...TextMetricName[]])),
      decoding: z.object({
        num_beams: z.int().positive(),
        max_new_tokens: z.int().positive(),
        min_new_tokens: z.int().nonnegative().optional(),
        length_penalty: z.number().optional(),
        no_repeat_ngram_size: z.int().nonnegative().optional(),
      }),
    })
    .optional(),
  likelihood: z.object({ metrics: z.array(z.enum(likelihoodMetrics)), reported: z.enum(likelihoodMetrics) }).optional(),
});
const taskSchema: z.ZodType<Task> = z.object({
  name: z.string(),
  kind: z.enum(taskKindNames),
  labels: z.array(z.string()).nullable(),
  labelIds: z.boolean(),
  unlabelled: z.array(z.string()).optional(),
  metrics: z.array(metricName),
  metricForBest: z.union([metricName, z.literal("loss")]),
  textColumns: z.array(z.tuple([z.string()], z.string())),
  labelColumns: z.array(z.string()),
  headerless: z.array(z.array(z.string())),
  labelFile: z.string().optional(),
  nested: z.literal("squad").optional(),
  prompt: z
    .object({
      template: z.string(),
      words: z.record(z.string(), z.string()),
      firstTextLimit: z.int().positive().optional(),
      otherTextLimit: z.int().positive().optional(),
    })
    .optional(),
  answering: z
    .object({
      metric: z.enum(["squad", "squad_v2"]),
      doc_stride: z.int().nonnegative().nullable(),
      n_best_size: z.int().positive(),
      max_answer_length: z.int().positive(),
      null_score_diff_threshold: z.number(),
    })
    .optional(),
  scoring: scoringSchema.optional(),
  contaminated: z.record(z.string(), z.string()).optional(),
});

/**
 * Reads a run folder.
 * @throws Error in one line when it is no run folder, has no adapter yet, or a file of it is damaged.
 */
export async function readRun(folder: string): Promise<StoredRun> {
  const path = (...parts: readonly string[]) => join(folder, ...parts);
  await expectFile(path(runFiles.task), `${folder}: not a run folder, it has no task.json`);
  const task = await readJson(path(runFiles.task), taskSchema);
  const config = await readConfig(path(runFiles.config));
  const missing = `${folder}: has no adapter, its training did not reach a first evaluation`;
  await expectFile(path(adapterFolder, adapterFiles.config), missing);
  const { config: adapterConfig, tensors: adapter } = await readAdapter(path(adapterFolder));
  const metrics = await readJson(path(runFiles.metrics), z.record(z.string(), z.unknown())).catch(() => null);
  return { folder, config, task, adapterConfig, adapter, metrics };
}

async function expectFile(path: string, otherwise: string): Promise<void> {
  if (!(await isThere(path))) throw new Error(otherwise);
}

/** The configuration that a run folder keeps. @throws Error in one line when it is damaged. */
export async function readConfig(path: string): Promise<RunConfig> {
  const input = await readJson(path, z.record(z.string(), z.unknown()));
  try {
    return parseConfig(input);
  } catch (error) {
    throw new Error(`${path}: ${oneLine(error)}`, { cause: error });
  }
}
