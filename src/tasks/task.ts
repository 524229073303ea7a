/** What is learned: where texts and labels stand in a table, what the labels are, and how success is measured. */
import type { Prompt } from "../data/prompts.ts";
import type { Answering } from "../data/span-answers.ts";
import type { RowTable } from "../formats/rows.ts";
import type { MetricName } from "../metrics/registry.ts";
import type { Scoring } from "./scoring.ts";

/** What a task teaches: to label texts, to say them, or to find answers in them. */
export const taskKindNames = [
  "classification",
  "prompt-classification",
  "regression",
  "masked-language-model",
  "causal-language-model",
  "prompt-completion",
  "chat",
  "sequence-to-sequence",
  "question-answering",
] as const;
export type TaskKind = (typeof taskKindNames)[number];
export type LabelledKind = "classification" | "prompt-classification" | "regression";
/** The kinds that say texts; each is a task of the same name. */
export type LanguageKind = Exclude<TaskKind, LabelledKind | "question-answering">;

/** The column of a single text, the two columns of a pair, or all that hold a part of a question. */
export type TextColumns = readonly [string, ...string[]];

/** The forms that the files of a task come in. */
export interface TableForms {
  /** Alternatives; a file is read by the first whose columns it has. */
  readonly textColumns: readonly TextColumns[];
  /** Alternatives; a file is read by the first it has. Without any there is nothing to read but texts. */
  readonly labelColumns: readonly string[];
  /** The columns of tab- or comma-separated files that lack a header line, told apart by their number. */
  readonly headerless: readonly (readonly string[])[];
  /**
   * What the name of a file of labels, one on each line, ends in where it is beside that of the texts: with `-labels.lst`, those of
   * dev.jsonl are in dev-labels.lst. They become the column `label`.
   */
  readonly labelFile?: string | undefined;
  /** Whose files may hold all questions in one object. */
  readonly nested?: "squad" | undefined;
}

/** Plain data, so that a run can keep the task it was trained on. */
export interface Task extends TableForms {
  readonly name: string;
  readonly kind: TaskKind;
  /** The classes in the order of their ids; null where there are none. */
  readonly labels: readonly string[] | null;
  /** Whether files may give a class by its id, and -1 for no label, as GLUE on the Hugging Face hub does. */
  readonly labelIds: boolean;
  /** What stands for the label of a row that annotators found none for; such rows are left out. */
  readonly unlabelled?: readonly string[] | undefined;
  readonly metrics: readonly MetricName[];
  /** The one of `metrics`, or of the scores of answers, by which the best checkpoint is chosen, or the loss. */
  readonly metricForBest: MetricName | "loss";
  /** How the classes are asked for, where that is by a prompt. */
  readonly prompt?: Prompt | undefined;
  /** How questions about a text are read, answered and scored, where that is the task. */
  readonly answering?: Answering | undefined;
  /** How the task is scored beside the loss and its metrics of labels. */
  readonly scoring?: Scoring | undefined;
  /** A warning for each task of whose test items the training data is known to hold some. */
  readonly contaminated?: Readonly<Record<string, string>> | undefined;
}

/** Columns that a person names because their names do not tell. */
export interface ColumnOptions {
  readonly textColumn?: string;
  readonly textPairColumn?: string;
  readonly labelColumn?: string;
  /** Whether labels are numbers to predict rather than classes; found in the data unless given. */
  readonly regression?: boolean;
}

/** A task before its data has been seen. */
export interface TaskDefinition {
  readonly name: string;
  /** What every data set of the task teaches; `labelled` where the data tells whether labels are classes or numbers. */
  readonly kind: TaskKind | "labelled";
  readonly forms: TableForms;
  /** The task, where it is the same whatever the data and the columns that a person names. */
  readonly known?: Task;
  /**
   * The task as the training data, the table of the file `where`, makes it.
   * @throws Error beginning with `where` when the table does not have what the task needs.
   */
  resolve(training: RowTable, where: string, options: ColumnOptions): Task;
}

/**
 * The definition of a task that its data does not change.
 * @param given the task with the columns that options name, or an error where they do not fit it
 */
export function fixedTask(
  task: Task,
  forms: TableForms,
  given: (options: ColumnOptions) => Task,
): TaskDefinition & { readonly known: Task } {
  const { name, kind } = task;
  return { name, kind, forms, known: task, resolve: (_training, _where, options) => given(options) };
}

type Kind = Pick<Task, "kind" | "labels" | "labelIds" | "metrics" | "metricForBest">;

/** How classes are scored where the task has no metrics of its own. */
export const classification: Omit<Kind, "labels"> = {
  kind: "classification",
  labelIds: false,
  metrics: ["accuracy", "f1_macro"],
  metricForBest: "accuracy",
};

/** Texts without labels, of which the loss alone is scored. */
export function languageModelling<K extends LanguageKind>(kind: K): Kind & { readonly kind: K } {
  return { kind, labels: null, labelIds: false, metrics: [], metricForBest: "loss" };
}

/** How numbers are scored where the task has no metrics of its own. */
export const regression: Kind = {
  kind: "regression",
  labels: null,
  labelIds: false,
  metrics: ["pearson", "spearmanr"],
  metricForBest: "pearson",
};
