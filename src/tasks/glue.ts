/**
 * The tasks of GLUE (Wang et al. 2018), by the names of the Hugging Face hub, with the hub's order of classes.
 *
 * Each reads the hub's columns, those of GLUE's own files, and `text_a`, `text_b`. A class is taken by its name, or by its
 * id in the hub's order; other orders are in use, so an id from elsewhere may mean another class.
 */
import { knownTask } from "./known.ts";
import type { TaskDefinition, TextColumns } from "./task.ts";

export type GlueName = "sst2" | "cola" | "mrpc" | "qqp" | "stsb" | "mnli" | "qnli" | "rte";

const general: TextColumns = ["text_a", "text_b"];

/** The definition of each task. Their columns and classes are known, whatever the data. */
export const glue: { readonly [name in GlueName]: TaskDefinition } = {
  sst2: knownTask("sst2", {
    text: [["sentence"]],
    label: ["label"],
    classes: ["negative", "positive"],
    metrics: ["accuracy"],
  }),
  cola: knownTask("cola", {
    text: [["sentence"]],
    label: ["label"],
    headerless: [["source", "label", "mark", "sentence"]],
    classes: ["unacceptable", "acceptable"],
    metrics: ["matthews_correlation", "accuracy"],
  }),
  mrpc: knownTask("mrpc", {
    text: [["sentence1", "sentence2"], ["#1 String", "#2 String"], general],
    label: ["label", "Quality"],
    classes: ["not_equivalent", "equivalent"],
    metrics: ["accuracy", "f1"],
  }),
  qqp: knownTask("qqp", {
    text: [["question1", "question2"], general],
    label: ["label", "is_duplicate"],
    classes: ["not_duplicate", "duplicate"],
    metrics: ["accuracy", "f1"],
  }),
  stsb: knownTask("stsb", {
    text: [["sentence1", "sentence2"], general],
    label: ["label", "score"],
    classes: null,
    metrics: ["pearson", "spearmanr"],
  }),
  mnli: knownTask("mnli", {
    text: [["premise", "hypothesis"], ["sentence1", "sentence2"], general],
    label: ["label", "gold_label"],
    headerless: [["label", "premise", "hypothesis"]],
    classes: ["entailment", "neutral", "contradiction"],
    metrics: ["accuracy"],
  }),
  qnli: knownTask("qnli", {
    text: [["question", "sentence"], general],
    label: ["label"],
    classes: ["entailment", "not_entailment"],
    metrics: ["accuracy"],
  }),
  rte: knownTask("rte", {
    text: [["sentence1", "sentence2"], general],
    label: ["label"],
    classes: ["entailment", "not_entailment"],
    metrics: ["accuracy"],
  }),
};
