/**
 * The tasks of GLUE (Wang et al. 2018), by the names of the Hugging Face hub, with the hub's order of classes.
 *
 * Each reads the hub's columns, those of GLUE's own files, and `text_a`, `text_b`. A class is taken by its name, or by its
 * id in the hub's order; other orders are in use, so an id from elsewhere may mean another class.
 */
import type { MetricName } from "../metrics/registry.ts";
import { givenTextColumns, withGivenColumns } from "./columns.ts";
import type { ColumnOptions, Task, TaskDefinition, TextColumns } from "./task.ts";

export type GlueName = "sst2" | "cola" | "mrpc" | "qqp" | "stsb" | "mnli" | "qnli" | "rte";

const general: TextColumns = ["text_a", "text_b"];

/** The definition of each task. Their columns and classes are known, whatever the data. */
export const glue: { readonly [name in GlueName]: TaskDefinition } = {
  sst2: define("sst2", {
    text: [["sentence"]],
    label: ["label"],
    classes: ["negative", "positive"],
    metrics: ["accuracy"],
  }),
  cola: define("cola", {
    text: [["sentence"]],
    label: ["label"],
    headerless: [["source", "label", "mark", "sentence"]],
    classes: ["unacceptable", "acceptable"],
    metrics: ["matthews_correlation", "accuracy"],
  }),
  mrpc: define("mrpc", {
    text: [["sentence1", "sentence2"], ["#1 String", "#2 String"], general],
    label: ["label", "Quality"],
    classes: ["not_equivalent", "equivalent"],
    metrics: ["accuracy", "f1"],
  }),
  qqp: define("qqp", {
    text: [["question1", "question2"], general],
    label: ["label", "is_duplicate"],
    classes: ["not_duplicate", "duplicate"],
    metrics: ["accuracy", "f1"],
  }),
  stsb: define("stsb", {
    text: [["sentence1", "sentence2"], general],
    label: ["label", "score"],
    classes: null,
    metrics: ["pearson", "spearmanr"],
  }),
  mnli: define("mnli", {
    text: [["premise", "hypothesis"], ["sentence1", "sentence2"], general],
    label: ["label", "gold_label"],
    headerless: [["label", "premise", "hypothesis"]],
    classes: ["entailment", "neutral", "contradiction"],
    metrics: ["accuracy"],
  }),
  qnli: define("qnli", {
    text: [["question", "sentence"], general],
    label: ["label"],
    classes: ["entailment", "not_entailment"],
    metrics: ["accuracy"],
  }),
  rte: define("rte", {
    text: [["sentence1", "sentence2"], general],
    label: ["label"],
    classes: ["entailment", "not_entailment"],
    metrics: ["accuracy"],
  }),
};

interface GlueTask {
  readonly text: readonly TextColumns[];
  readonly label: readonly string[];
  readonly headerless?: readonly (readonly string[])[];
  readonly classes: readonly string[] | null;
  /** The first chooses the best checkpoint. */
  readonly metrics: readonly [MetricName, ...MetricName[]];
}

function define(name: GlueName, { text, label, classes, metrics, headerless = [] }: GlueTask): TaskDefinition {
  const forms = { textColumns: text, labelColumns: label, headerless };
  const task: Task = {
    ...forms,
    name,
    kind: classes ? "classification" : "regression",
    labels: classes,
    labelIds: true,
    metrics,
    metricForBest: metrics[0],
  };
  return {
    name,
    kind: task.kind,
    forms,
    resolve: (_training, _where, options) => {
      checkOptions(task, options);
      return withGivenColumns(task, options);
    },
  };
}

function checkOptions(task: Task, options: ColumnOptions): void {
  const given = givenTextColumns(options);
  const expected = task.textColumns[0]!.length;
  if (given && given.length !== expected) {
    throw new Error(`${task.name}: ${given.length} text columns given, expected ${expected}`);
  }
  if (options.regression !== undefined && options.regression !== (task.kind === "regression")) {
    throw new Error(`${task.name}: regression ${options.regression} asked for, but the task is ${task.kind}`);
  }
}
