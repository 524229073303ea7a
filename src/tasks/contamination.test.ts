import { expect, test } from "vitest";
import { contaminationOf, contaminationsOf, type TrainingFile } from "./contamination.ts";
import { openTask, tasks } from "./registry.ts";

const file = (
  where: string,
  rows = 10,
  columns: readonly string[] = ["instruction", "input", "output", "answer"],
): TrainingFile => ({ where, columns, rows });

test.each<[string, TrainingFile, string[]]>([
  ["by name", file("ft-training_set/math_data.json"), ["gsm8k", "addsub", "multiarith", "singleeq", "svamp", "aqua"]],
  ["by its rows", file("train.json", 3260), ["gsm8k", "addsub", "multiarith", "singleeq", "svamp", "aqua"]],
  ["by its folder", file("math_10k/train.json"), ["addsub", "multiarith", "singleeq"]],
  ["by part of a name", file("data/mawps-asdiv-a/train.jsonl"), ["addsub", "multiarith", "singleeq"]],
  ["on another system", file("data\\AddSub\\test.json"), ["singleeq"]],
  ["SingleEq", file("SingleEq.json"), ["addsub"]],
  ["in any case", file("Commonsense_170K.json"), ["boolq", "piqa", "arc_easy"]],
])("known %s", (_, training, expected) => {
  const found = Object.keys(contaminationsOf(training) ?? {});
  expect(found).toEqual(expected);
  expect(found.filter((name) => !Object.hasOwn(tasks, name))).toEqual([]);
});

test.each<[string, TrainingFile]>([
  ["as many rows of other columns", file("train.json", 3260, ["question", "answer"])],
  ["another number of rows", file("train.json", 3261)],
  ["sets made without MAWPS", file("math_14k.json")],
  ["GSM8K's own", file("gsm8k_train.jsonl", 7473, ["question", "answer"])],
  ["a folder further up", file("mawps/gsm8k/train/data.jsonl")],
])("nothing is known of %s", (_, training) => {
  expect(contaminationsOf(training)).toBeNull();
});

test("one line for a task", () => {
  expect(contaminationOf(file("sets/math_data.json"), "svamp")).toBe(
    "sets/math_data.json is taken for LLM-Adapters' math_data.json; it holds 800 of the 1,000 questions that svamp is scored on",
  );
  expect(contaminationOf(file("sets/math_data.json"), "piqa")).toBeNull();
});

test("a task keeps what is known of its training data", () => {
  const text = JSON.stringify([{ instruction: "1 + 1?", input: "", output: "2", answer: "2" }]);
  const { task } = openTask("prompt-completion", { where: "math_10k.json", text });
  expect(Object.keys(task.contaminated ?? {})).toEqual(["addsub", "multiarith", "singleeq"]);
  expect(openTask("prompt-completion", { where: "other.json", text }).task.contaminated).toBeUndefined();
});
