/** A fine-tuned classifier ready to answer: from a run folder, or a plain checkpoint folder that has a head. */
import type { Texts } from "../data/examples.ts";
import type { DownloadProgress } from "../hub/download.ts";
import type { Weights } from "../nn/parameters.ts";
import { head as headOnly } from "../peft/head.ts";
import { methodOf } from "../peft/registry.ts";
import { nativeRuntime } from "../runtime/native.ts";
import type { Program, Runtime } from "../runtime/runtime.ts";
import { random } from "../tensor/random.ts";
import type { ColumnOptions, Task } from "../tasks/task.ts";
import { adapt, type AdaptedModel, restore } from "../train/adapt.ts";
import type { LoadedWeights } from "../train/load.ts";
import { decisions, predict, probabilities, type Supervision } from "../train/evaluate.ts";
import type { Scores } from "../train/events.ts";
import { evaluationPass } from "../train/step.ts";
import { baseHash, baseWeights } from "./base.ts";
import { headOf, taskOf } from "./checkpoint-task.ts";
import { readTaskFile, validationFile } from "./data.ts";
import { checkLength, encodeFor, openModel, type OpenModel } from "./prepare.ts";
import { readRun, type StoredRun } from "./store.ts";
import { isLabelled, objectiveOf, taskKinds } from "./task-kinds.ts";

export interface Prediction {
  readonly text: string | readonly string[];
  /** The class, or the number of a regression as text. */
  readonly label: string;
  /** By label; null for a regression. */
  readonly probabilities: Readonly<Record<string, number>> | null;
  readonly logits: readonly number[];
}

export interface Classifier {
  readonly task: Task;
  /** The classes in the order of the logits; null for a regression. */
  readonly labels: readonly string[] | null;
  readonly adapted: AdaptedModel;
  readonly runtime: Runtime;
  readonly opened: OpenModel;
  /** How many texts an example has; null where a plain checkpoint does not tell. */
  readonly textCount: number | null;
  /**
   * Labels texts or pairs of texts, in their order.
   * @throws Error in one line for a single text where the task takes pairs, or a pair where it takes single texts.
   */
  predict(texts: readonly (string | Texts)[]): Promise<Prediction[]>;
  /** Labels the examples of a file; labels that it has are not read. */
  predictFile(path: string): Promise<Prediction[]>;
  /** The task's scores on a file, or on the validation file of a folder. */
  evaluate(path: string): Promise<Scores>;
  dispose(): Promise<void>;
}

export interface OpenOptions {
  readonly batchSize?: number;
  readonly maxLength?: number;
  readonly threads?: number;
  /** Columns of the files to read, where they are not the task's own. */
  readonly columns?: ColumnOptions;
  readonly onDownload?: (progress: DownloadProgress) => void;
}

/**
 * Opens a run folder: its base model with the trained numbers written in.
 * @throws Error in one line when the folder is no run, or the base model is not the one it was trained on.
 */
export async function openRun(folder: string, options: OpenOptions = {}): Promise<Classifier> {
  const run = await readRun(folder);
  const { settings } = run.config;
  const kind = taskKinds[run.task.kind];
  const opened = await openModel(
    settings.model,
    {
      revision: run.adapterConfig.base_model_revision ?? settings.revision,
      init: settings.init,
      head: kind.head,
      labels: kind.outputs(run.task),
    },
    options.onDownload,
  );
  const { weights } = await weightsOf(opened, run);
  const method = methodOf(run.adapterConfig.method);
  const attachment = method.attach(opened.specs, run.config.methodOptions, random(settings.seed, "selection"));
  const { model, head, labels, specs } = opened;
  const adapted = restore({ model, head, labels, specs, weights, attachment }, run.adapter, `${folder}/adapter`);
  return createClassifier(opened, adapted, run.task, { maxLength: settings.max_seq_length, ...options });
}

/**
 * Opens a checkpoint that has the task's head already.
 * @param task the task it is scored on; without it, a classification whose columns are found by their names
 * @throws Error in one line when the checkpoint has no such head.
 */
export async function openCheckpoint(
  model: string,
  {
    task = "text-classification",
    revision = "main",
    ...options
  }: OpenOptions & { task?: string; revision?: string } = {},
): Promise<Classifier> {
  const opened = await openModel(model, { revision, ...headOf(task, model) }, options.onDownload);
  const { weights, initialized } = await weightsOf(opened, null);
  if (initialized.length > 0)
    throw new Error(
      `${opened.folder.folder}: has no classification head (no tensor named ${initialized[0]}); fine-tune it first with rocoft train`,
    );
  return createClassifier(opened, bare(opened, weights), taskOf(opened.folder.config, model, task), {
    maxLength: Math.min(opened.model.maxPositions, 512),
    ...options,
  });
}

/** A model to which no method adds anything. */
function bare({ model, head, labels, specs }: OpenModel, weights: Weights): AdaptedModel {
  return adapt({ model, head, labels, specs, weights, attachment: headOnly.attach(specs, {}, random(0)) });
}

async function weightsOf(opened: OpenModel, run: StoredRun | null): Promise<LoadedWeights> {
  const { folder, resolved } = opened;
  const { init, seed } = run?.config.settings ?? { init: "pretrained", seed: 0 };
  try {
    if (run && (await baseHash(opened, init)) !== run.adapterConfig.base_model_sha256) {
      throw new Error(
        `${resolved.folder}: not the base model that ${run.folder} was trained on (it has another SHA-256)`,
      );
    }
    return await baseWeights(opened, { init, seed, ignore_mismatched_sizes: run !== null });
  } finally {
    await folder.close();
  }
}

async function createClassifier(
  opened: OpenModel,
  adapted: AdaptedModel,
  task: Task,
  options: OpenOptions & { maxLength: number },
): Promise<Classifier> {
  const { maxLength, batchSize = 64, threads, columns = {} } = options;
  checkLength(maxLength, opened.model);
  const textCount = task.textColumns[0]?.length ?? null;
  const runtime = await nativeRuntime(threads === undefined ? {} : { threads });
  const { tokenizer, model, folder } = opened;
  const objective = objectiveOf(task, { tokenizer, model, where: folder.folder });
  const program: Program = await runtime.compile(evaluationPass(adapted, objective.evaluation));
  const { padTokenId } = opened;
  const answer = async (texts: readonly Texts[], where: string): Promise<Prediction[]> => {
    const examples = texts.map((pair, i) => ({ line: i + 1, texts: pair, label: null }));
    if (!isLabelled(task.kind))
      throw new Error(`${task.name}: labels nothing, expected a model that was trained to label`);
    const data = encodeFor(opened, task, { where, examples }, maxLength);
    const rows = await predict(program, adapted.feeds, data, { batchSize, padTokenId });
    return rows.map((row, i) => predictionOf(texts[i]!, row, task));
  };
  return {
    task,
    labels: task.labels,
    adapted,
    runtime,
    opened,
    textCount,
    predict: async (texts) => {
      const examples = texts.map((text): Texts => (typeof text === "string" ? [text] : text));
      checkTexts(examples, textCount, task.name);
      return answer(examples, "texts");
    },
    async predictFile(path) {
      const { examples } = await readTaskFile(task, path, { labels: "ignored", columns });
      return answer(
        examples.map(({ texts }) => texts),
        path,
      );
    },
    async evaluate(path) {
      const dataset = await readTaskFile(task, await validationFile(path), { columns });
      const data = encodeFor(opened, task, dataset, maxLength);
      return objective.score(program, adapted.feeds, data, { batchSize, padTokenId, metrics: task.metrics });
    },
    dispose: () => program.dispose(),
  };
}

function checkTexts(examples: readonly Texts[], expected: number | null, task: string): void {
  const odd = expected === null ? -1 : examples.findIndex(({ length }) => length !== expected);
  if (odd < 0) return;
  const [met, takes] = expected === 1 ? ["a pair", "single texts"] : ["a single text", "pairs (--text A B --pair)"];
  throw new Error(`texts: number ${odd + 1} is ${met}, but ${task} takes ${takes}`);
}

function predictionOf(texts: Texts, logits: Float32Array, { kind, labels }: Task): Prediction {
  const decision = decisions[kind as Supervision](logits);
  const shares = labels && probabilities(logits);
  return {
    text: texts.length === 1 ? texts[0] : texts,
    label: labels?.[decision] ?? String(decision),
    probabilities: labels && Object.fromEntries(labels.map((label, i) => [label, shares![i]!])),
    logits: [...logits],
  };
}
