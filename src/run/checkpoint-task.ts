/** What a plain checkpoint was fine-tuned for, as far as its config.json tells. */
import * as z from "zod";
import { parse } from "../data/parse.ts";
import type { JsonObject } from "../hub/model-folder.ts";
import type { HeadName, Model } from "../models/architecture.ts";
import { listed } from "../tasks/listed.ts";
import { type TaskName, taskNamed } from "../tasks/registry.ts";
import { isSummary } from "../tasks/summarization.ts";
import { classification, type LanguageKind, languageModelling, regression, type Task } from "../tasks/task.ts";
import { checkpointLabels, inOrder } from "./label-order.ts";
import type { OpenModelOptions } from "./prepare.ts";
import { headFor } from "./task-for-model.ts";
import { isLabelled, taskKinds } from "./task-kinds.ts";

const labelledConfig = z.looseObject({
  id2label: z.record(z.string(), z.string()).optional(),
  num_labels: z.int().positive().optional(),
  problem_type: z.string().nullish(),
});

/**
 * The labels that config.json names; transformers' own names where it names none.
 * @param count how many there are, where that is known: names of another number are those of another head
 */
export function labelsOf(config: JsonObject, where: string, count?: number): string[] {
  const { num_labels: configured = 2 } = parse(labelledConfig, config, `${where}/config.json`);
  const labels = checkpointLabels(config);
  if (labels?.length === 0) throw new Error(`${where}/config.json: id2label names no label`);
  if (labels && (count === undefined || labels.length === count)) return labels;
  return Array.from({ length: count ?? configured }, (_, i) => `LABEL_${i}`);
}

/** The head that a checkpoint answers the task called `name` with, and the size of its output. */
export function headOf(name: string, where: string): { head: HeadName; labels: OpenModelOptions["labels"] } {
  const { kind } = taskNamed(name);
  if (kind !== "labelled" && !isLabelled(kind)) return { head: taskKinds[kind].head, labels: 0 };
  return { head: "sequence-classification", labels: (config) => labelsOf(config, where).length };
}

/** The same where the head of some tasks is the model's to say: of summaries. */
export function headToOpen(name: string, where: string): Pick<OpenModelOptions, "head" | "labels"> {
  const { known } = taskNamed(name);
  return known && isSummary(name)
    ? { head: (_config, model) => headFor(known, model), labels: 0 }
    : headOf(name, where);
}

/**
 * The same of a checkpoint that nobody names a task for: the head of its {@link usualTask}.
 * @param writes whether it must be one that gives text; else it is refused in one line
 */
export function usualHead(where: string, writes = false): Pick<OpenModelOptions, "head" | "labels"> {
  const { labels } = headOf(textClassification, where);
  const head = (config: JsonObject, model: Model): HeadName => {
    const task = usualTask(config, model);
    if (writes && languageKindOf(task) === null)
      throw new Error(`${where}: ${task} gives no text, expected a model with a head for ${writingHeads.join(" or ")}`);
    return headOf(task, where).head;
  };
  return { head, labels };
}

/** The heads that give text. */
export const writingHeads: readonly HeadName[] = ["causal-language-model", "sequence-to-sequence"];

/**
 * The task called `name` with its classes in the checkpoint's order; without a name, a classification (or regression) by
 * the checkpoint's own labels. Of both a classification and language modelling, the columns are found in each file.
 * @param count as of {@link labelsOf}
 * @throws Error in one line when the checkpoint's labels are not the task's.
 */
export function taskOf(config: JsonObject, where: string, name: string = textClassification, count?: number): Task {
  const { forms, resolve, kind, known } = taskNamed(name);
  const language = languageKindOf(name);
  if (language !== null) return known ?? { ...forms, name, ...languageModelling(language) };
  if (known?.answering) return known;
  const labels = labelsOf(config, where, count);
  if (kind === "labelled") {
    const isRegression = labels.length === 1 || config["problem_type"] === "regression";
    return { ...forms, name, ...(isRegression ? regression : { ...classification, labelIds: true, labels }) };
  }
  const task = resolve({ columns: [], rows: [] }, where, {});
  const ordered = task.labels && labelsInOrder(task.labels, labels);
  if (task.labels ? ordered : labels.length === 1) return { ...task, labels: ordered };
  const expected = task.labels ? listed(task.labels) : "one number";
  throw new Error(`${where}/config.json: its labels are ${listed(labels)}, those of ${name} are ${expected}`);
}

const textClassification: TaskName = "text-classification";

/** The kind of the task called `name` where it says texts, else null. */
function languageKindOf(name: string): LanguageKind | null {
  const { kind } = taskNamed(name);
  return kind === "labelled" || kind === "question-answering" || isLabelled(kind) ? null : kind;
}

/** What a checkpoint does by itself, by the head that it has; one that fills gaps is taken for a body to classify with. */
const usualTasks: readonly (readonly [head: HeadName, task: TaskName])[] = [
  ["sequence-classification", "text-classification"],
  ["question-answering", "squad_v2"],
  ["sequence-to-sequence", "sequence-to-sequence"],
  ["causal-language-model", "causal-language-model"],
];

/**
 * The task of a checkpoint that nobody names one for: that of the head which its config.json says it was saved with, or else of a
 * decoder, to write.
 */
export function usualTask({ architectures }: JsonObject, { heads }: Pick<Model, "heads">): TaskName {
  const saved = Array.isArray(architectures) ? architectures : [];
  const known = usualTasks.filter(([head]) => heads[head] !== undefined);
  const found = known.find(([head]) => saved.includes(heads[head]!.architecture));
  const speaking = known.find(([, task]) => languageKindOf(task) !== null);
  return (found ?? speaking)?.[1] ?? textClassification;
}

/** The task's labels in the order of the checkpoint's; as they are where the checkpoint has as many without names. */
function labelsInOrder(labels: readonly string[], found: readonly string[]): readonly string[] | null {
  const unnamed = found.length === labels.length && found.every((label) => /^LABEL_\d+$/i.test(label));
  return unnamed ? labels : inOrder(labels, found);
}
