import { describe, expect, test } from "vitest";
import type { Model } from "../models/architecture.ts";
import { headOf, labelsOf, taskOf, usualTask } from "./checkpoint-task.ts";

const named = (...labels: string[]) => ({ id2label: Object.fromEntries(labels.map((label, id) => [id, label])) });

test.each<[string, object, string[]]>([
  ["its names", named("no", "yes"), ["no", "yes"]],
  ["its names in the order of their ids", { id2label: { 10: "k", 2: "c", 0: "a" } }, ["a", "c", "k"]],
  ["a number of labels without names", { num_labels: 3 }, ["LABEL_0", "LABEL_1", "LABEL_2"]],
  ["nothing", {}, ["LABEL_0", "LABEL_1"]],
])("the labels of a config.json with %s", (_, config, expected) => {
  expect(labelsOf({ ...config }, "model")).toEqual(expected);
});

test("without a task, a checkpoint classifies by its own labels, or gives its number", () => {
  expect(taskOf(named("no", "yes"), "model")).toMatchObject({ kind: "classification", labels: ["no", "yes"] });
  expect(taskOf({ num_labels: 1 }, "model")).toMatchObject({ kind: "regression", labels: null });
});

test.each<[string, object, readonly string[] | null]>([
  ["sst2", {}, ["negative", "positive"]],
  ["sst2", named("POSITIVE", "NEGATIVE"), ["positive", "negative"]],
  ["mnli", named("CONTRADICTION", "NEUTRAL", "ENTAILMENT"), ["contradiction", "neutral", "entailment"]],
  ["mnli", { num_labels: 3 }, ["entailment", "neutral", "contradiction"]],
  ["stsb", { num_labels: 1 }, null],
])("the classes of %s are in the order of the checkpoint's: %j", (name, config, labels) => {
  expect(taskOf({ ...config }, "model", name)).toMatchObject({ name, labels });
});

test("a task has its own metrics", () => {
  expect(taskOf({}, "model", "mrpc")).toMatchObject({
    metrics: ["accuracy", "f1"],
    labelColumns: ["label", "Quality"],
  });
});

test.each([
  ["sst2", named("a", "b"), "its labels are a, b, those of sst2 are negative, positive"],
  ["sst2", { num_labels: 3 }, "its labels are LABEL_0, LABEL_1, LABEL_2, those of sst2 are negative, positive"],
  ["sst2", named("negative", "NEGATIVE"), "its labels are negative, NEGATIVE, those of sst2 are negative, positive"],
  ["stsb", {}, "its labels are LABEL_0, LABEL_1, those of stsb are one number"],
])("labels that are not those of %s are refused", (name, config, message) => {
  expect(() => taskOf({ ...config }, "model", name)).toThrow(new Error(`model/config.json: ${message}`));
});

test.each([
  [{ id2label: {} }, "model/config.json: id2label names no label"],
  [{ id2label: ["a", "b"] }, /^model\/config.json: id2label: /],
])("a config.json that names no labels is refused", (config, message) => {
  expect(() => labelsOf(config, "model")).toThrow(message);
});

test("language modelling asks for no labels, and finds its column in each file", () => {
  expect(taskOf(named("a", "b", "c"), "model", "masked-language-model")).toMatchObject({
    kind: "masked-language-model",
    labels: null,
    textColumns: [],
    labelColumns: [],
    metrics: [],
  });
});

test.each([
  ["masked-language-model", "masked-language-model"],
  ["causal-language-model", "causal-language-model"],
  ["prompt-completion", "causal-language-model"],
  ["chat", "causal-language-model"],
  ["sequence-to-sequence", "sequence-to-sequence"],
  ["text-classification", "sequence-classification"],
  ["sst2", "sequence-classification"],
])("%s is answered with the head for %s", (name, head) => {
  expect(headOf(name, "model").head).toBe(head);
});

describe("the task of a checkpoint that nobody names one for", () => {
  const head = (architecture: string) => ({ architecture, forward: () => unused() });
  const unused = (): never => {
    throw new Error("not asked for");
  };
  const decoder = {
    "causal-language-model": head("LlamaForCausalLM"),
    "sequence-classification": head("LlamaForSequenceClassification"),
  };
  const encoderDecoder = {
    "sequence-to-sequence": head("BartForConditionalGeneration"),
    "sequence-classification": head("BartForSequenceClassification"),
  };
  const encoder = {
    "masked-language-model": head("BertForMaskedLM"),
    "sequence-classification": head("BertForSequenceClassification"),
  };

  test.each<[string, unknown, Model["heads"]]>([
    ["causal-language-model", ["LlamaForCausalLM"], decoder],
    ["text-classification", ["LlamaForSequenceClassification"], decoder],
    ["causal-language-model", ["LlamaModel"], decoder],
    ["causal-language-model", undefined, decoder],
    ["sequence-to-sequence", ["BartModel"], encoderDecoder],
    ["text-classification", ["BartForSequenceClassification"], encoderDecoder],
    ["text-classification", ["BertForMaskedLM"], encoder],
    ["text-classification", undefined, encoder],
  ])("is %s for %j", (task, architectures, heads) => {
    expect(usualTask({ ...(architectures !== undefined && { architectures }) }, { heads })).toBe(task);
  });
});
