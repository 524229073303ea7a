/** A fine-tuned classifier ready to answer: from a run, a base model with an adapter, or a checkpoint that has a head. */
import type { Dataset, Texts } from "../data/examples.ts";
import type { OnBadRow } from "../formats/rows.ts";
import { formOf } from "../quantization/over-stored.ts";
import type { ComputeOptions } from "../runtime/native.ts";
import type { Program, Runtime } from "../runtime/runtime.ts";
import type { ColumnOptions, Task } from "../tasks/task.ts";
import type { AdaptedModel } from "../train/adapt.ts";
import { predict } from "../train/evaluate.ts";
import { answerQuestions } from "../train/objectives/question-answering.ts";
import { evaluationPass } from "../train/step.ts";
import { readTaskFile, validationFile } from "./data.ts";
import {
  adaptedModel,
  type BaseChoice,
  type LoadedModel,
  type ModelSource,
  type OnDownload,
  runtimeFor,
} from "./loaded.ts";
import { loadModel } from "./open.ts";
import { answerPrediction, checkTexts, type Prediction, predictionOf } from "./prediction.ts";
import { checkLength, encodeFor, type OpenModel } from "./prepare.ts";
import { measuredProtocols } from "./scoring/measured.ts";
import type { ProtocolledScores } from "./scoring/protocol.ts";
import { isLabelled, objectiveOf, taskKinds } from "./task-kinds.ts";

export interface Classifier {
  readonly task: Task;
  /** The classes in the order of the logits; null for a regression. */
  readonly labels: readonly string[] | null;
  readonly adapted: AdaptedModel;
  readonly runtime: Runtime;
  readonly opened: OpenModel;
  /** How many texts an example has; null where a plain checkpoint does not tell. */
  readonly textCount: number | null;
  /** What was met while the model was read that does no harm, a line each. */
  readonly warnings: readonly string[];
  /**
   * Labels texts or pairs of texts, in their order.
   * @throws Error in one line for a single text where the task takes pairs, or a pair where it takes single texts.
   */
  predict(texts: readonly (string | Texts)[]): Promise<Prediction[]>;
  /** Labels the examples of a file; labels that it has are not read. */
  predictFile(path: string): Promise<Prediction[]>;
  /** The task's scores on a file, or on the validation file of a folder, and how they came about. */
  evaluate(path: string): Promise<ProtocolledScores>;
  dispose(): Promise<void>;
}

export interface OpenOptions extends ComputeOptions {
  readonly batchSize?: number;
  readonly maxLength?: number;
  /** Columns of the files to read, where they are not the task's own. */
  readonly columns?: ColumnOptions;
  /** What is done about a row of a file that is no example; it is refused unless given. */
  readonly onBadRow?: OnBadRow;
  readonly onDownload?: OnDownload;
}

/**
 * Opens a run folder: its base model with the trained numbers written in.
 * @throws Error in one line when the folder is no run, or the base model is not the one it was trained on.
 */
export function openRun(
  folder: string,
  { quantization, ...options }: OpenOptions & BaseChoice = {},
): Promise<Classifier> {
  return openClassifier({ run: folder, quantization }, options);
}

/**
 * Opens a checkpoint that has the task's head already.
 * @param task the task it is scored on; without it, a classification whose columns are found by their names
 * @throws Error in one line when the checkpoint has no such head.
 */
export function openCheckpoint(
  model: string,
  { task, revision, quantization, ...options }: OpenOptions & TaskChoice = {},
): Promise<Classifier> {
  return openClassifier({ model, task, revision, quantization }, options);
}

/**
 * Opens a base model with an adapter: a run folder, a run's adapter folder, or a folder that peft or adapters wrote.
 * @param task as of {@link openCheckpoint}; a run folder knows its own
 * @throws Error in one line when the folder is no adapter, or the adapter does not fit the model.
 */
export function openAdapter(
  model: string,
  adapter: string,
  { task, revision, quantization, ...options }: OpenOptions & TaskChoice = {},
): Promise<Classifier> {
  return openClassifier({ model, adapter, task, revision, quantization }, options);
}

interface TaskChoice extends BaseChoice {
  readonly task?: string;
  readonly revision?: string;
}

/** Opens a model from wherever it comes. @throws Error as the functions above. */
export async function openClassifier(source: ModelSource, options: OpenOptions = {}): Promise<Classifier> {
  return createClassifier(await loadModel(source, options.onDownload), options);
}

async function createClassifier(loaded: LoadedModel, options: OpenOptions): Promise<Classifier> {
  const { opened, task } = loaded;
  const { maxLength = loaded.maxLength, columns = {}, onBadRow } = options;
  const { batchSize = taskKinds[task.kind].evalBatchSize } = options;
  const adapted = adaptedModel(loaded);
  checkLength(maxLength, opened.model, adapted.attachment);
  const textCount = task.textColumns[0]?.length ?? null;
  const runtime = await runtimeFor(adapted, options);
  const { tokenizer, model, folder } = opened;
  const objective = objectiveOf(task, { tokenizer, model, where: folder.folder });
  const program: Program = await runtime.compile(evaluationPass(adapted, objective.evaluation));
  const { padTokenId } = opened;
  const answer = async (dataset: Dataset): Promise<Prediction[]> => {
    const { examples } = dataset;
    const { answering } = task;
    if (!isLabelled(task.kind) && !answering)
      throw new Error(`${task.name}: labels nothing, expected a model that was trained to label`);
    const data = encodeFor(opened, task, dataset, maxLength);
    if (answering) {
      const answers = await answerQuestions(program, adapted.feeds, data, { batchSize, padTokenId, answering });
      return answers.map((found, i) => answerPrediction(examples[i]!, found));
    }
    const rows = await predict(program, adapted.feeds, data, { batchSize, padTokenId });
    return rows.map((row, i) => predictionOf(examples[i]!.texts, row, task));
  };
  return {
    task,
    labels: task.labels,
    adapted,
    runtime,
    opened,
    textCount,
    warnings: loaded.warnings,
    predict: async (texts) => {
      const given = texts.map((text): Texts => (typeof text === "string" ? [text] : text));
      checkTexts(given, textCount, task.name);
      return answer({ where: "texts", examples: given.map((pair, i) => ({ line: i + 1, texts: pair, label: null })) });
    },
    async predictFile(path) {
      return answer(await readTaskFile(task, path, { labels: "ignored", columns, onBadRow }));
    },
    async evaluate(path) {
      const dataset = await readTaskFile(task, await validationFile(path), { columns, onBadRow });
      const encoded = encodeFor(opened, task, dataset, maxLength);
      const settings = { batchSize, padTokenId, metrics: task.metrics };
      const scores = await objective.score(program, adapted.feeds, encoded, settings);
      const quantization = formOf(adapted.stored);
      const measured = { task, tokenizer, objective, dataset, encoded, maxLength, batchSize, quantization };
      return { scores, protocols: measuredProtocols(scores, measured) };
    },
    dispose: () => program.dispose(),
  };
}
