/** Real files: LLM-Adapters' prompts and answers from the sets' own rows, its extraction over its stored outputs, and counts of both. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Example } from "../data/examples.ts";
import { answerMetrics, type ExtractionName } from "../metrics/answers.ts";
import { instructionTemplates } from "./instructions.ts";
import { labelFileOf, withLabels } from "./label-file.ts";
import { likelihoodOf } from "./questions.ts";
import { datasetOf, readTable } from "./read.ts";
import { tasks, type TaskName } from "./registry.ts";

const folder = process.env["ROCOFT_DATA"] ?? "";
const run = test.skipIf(!folder);
const reason = folder ? "" : " (skipped: ROCOFT_DATA names no folder)";

function read(name: TaskName, ...path: readonly string[]): readonly Example[] {
  const where = join(folder, ...path);
  const task = tasks[name].resolve({ columns: [], rows: [] }, "", {});
  const table = readTable({ where, text: readFileSync(where, "utf8") }, task);
  const labels = labelFileOf(where, task);
  const isApart = labels !== null && existsSync(labels);
  return datasetOf(task, isApart ? withLabels(table, where, readFileSync(labels, "utf8"), labels) : table, where)
    .examples;
}

interface LlmAdaptersRecord {
  readonly instruction: string;
  readonly output: string;
  readonly answer: string;
}

function records(set: string): readonly LlmAdaptersRecord[] {
  return JSON.parse(readFileSync(join(folder, "llm-adapters", set, "test.json"), "utf8")) as LlmAdaptersRecord[];
}

const promptOf = (instruction: string) => instructionTemplates.alpaca.scoring(instruction, "");

// In the same order on both sides.
run.each<[TaskName, string, string, number]>([
  ["boolq", "boolq/val.jsonl", "boolq", 3_270],
  ["piqa", "piqa/val.jsonl", "piqa", 1_838],
  ["social_i_qa", "siqa/dev.jsonl", "social_i_qa", 1_954],
  ["winogrande", "winogrande/val.jsonl", "winogrande", 1_267],
  ["arc_easy", "arc_easy/test.jsonl", "ARC-Easy", 2_376],
  ["arc_challenge", "arc_challenge/test.jsonl", "ARC-Challenge", 1_172],
  ["openbookqa", "openbookqa/test.jsonl", "openbookqa", 500],
])(`%s asks and says what LLM-Adapters does${reason}`, (name, file, set, rows) => {
  const expected = records(set);
  const examples = read(name, "commonsense", file);
  expect(examples.map(({ texts, references }) => [...texts, ...references!])).toEqual(
    expected.map(({ instruction, output, answer }) => [promptOf(instruction), output, answer]),
  );
  expect(examples.length).toBe(rows);
});

// In another order.
run.each<[TaskName, string, string, number]>([
  ["gsm8k", "gsm8k_test.jsonl", "gsm8k", 1_319],
  ["svamp", "svamp.json", "SVAMP", 1_000],
  ["aqua", "aqua_test.json", "AQuA", 254],
])(`%s asks what LLM-Adapters asks${reason}`, (name, file, set, rows) => {
  const isNumber = name !== "aqua";
  const asked = read(name, "math", file).map(({ texts, references }) => `${texts[0]}${references![0]}`);
  const expected = records(set).map(
    ({ instruction, answer }) => `${promptOf(instruction)}${isNumber ? Number(answer) : answer}`,
  );
  expect(asked.toSorted()).toEqual(expected.toSorted());
  expect(asked.length).toBe(rows);
});

run.each<[TaskName, string, ExtractionName, number, number]>([
  ["boolq", "boolq", "true_or_false", 3_270, 3_270],
  ["piqa", "piqa", "solution_number", 1_838, 1_838],
  ["social_i_qa", "social_i_qa", "answer_number", 1_954, 1_954],
  ["winogrande", "winogrande", "option_number", 1_267, 1_267],
  ["arc_easy", "ARC-Easy", "answer_number", 2_376, 2_376],
  ["arc_challenge", "ARC-Challenge", "answer_number", 1_172, 1_172],
  ["openbookqa", "openbookqa", "answer_number", 500, 500],
  ["gsm8k", "gsm8k", "last_number", 771, 1_319],
  ["multiarith", "MultiArith", "last_number", 560, 600],
  ["addsub", "AddSub", "last_number", 370, 395],
  ["singleeq", "SingleEq", "last_number", 484, 508],
  ["svamp", "SVAMP", "last_number", 803, 1_000],
  ["aqua", "AQuA", "first_letter", 109, 254],
  ["aqua", "AQuA", "stated_letter", 123, 254],
])(`%s: of LLM-Adapters' records %s, %s finds %d of %d right${reason}`, (name, set, metric, right, rows) => {
  const stored = records(set);
  const examples = read(name, "llm-adapters", set, "test.json");
  const said = stored.map(({ output }) => output);
  const references = examples.map((example) => example.references!);
  expect(examples.map(({ texts }) => texts[0])).toEqual(stored.map(({ instruction }) => promptOf(instruction)));
  const [share] = Object.values(answerMetrics[metric].compute(references, said));
  expect([share! * rows, references.length]).toEqual([right, rows]);
  expect(tasks[name].known!.scoring!.generation!.metrics).toContain(metric);
});

function longest(choices: readonly string[]): number {
  const lengths = choices.map((choice) => [...choice].length);
  return lengths.indexOf(Math.max(...lengths));
}

run.each<[TaskName, string, number, number]>([
  ["arc_easy", "arc_easy/test.jsonl", 631, 2_376],
  ["arc_challenge", "arc_challenge/test.jsonl", 319, 1_172],
  ["openbookqa", "openbookqa/test.jsonl", 181, 500],
  ["piqa", "piqa/val.jsonl", 891, 1_838],
  ["winogrande", "winogrande/val.jsonl", 624, 1_267],
  ["social_i_qa", "siqa/dev.jsonl", 695, 1_954],
  ["hellaswag", "hellaswag/val_subset_raw.jsonl", 490, 1_894],
])(`%s: of %s, the longest choice is right %d times of %d${reason}`, (name, file, right, rows) => {
  const questions = read(name, "commonsense", file).flatMap(({ question }) => (question?.choices ? [question] : []));
  expect(questions.filter(({ choices, gold }) => longest(choices) === gold).length).toBe(right);
  expect(questions.length).toBe(rows);
});

run(`what likelihoods choose among ends at no blank, and begins at one${reason}`, () => {
  const files: readonly (readonly [TaskName, string])[] = [
    ["boolq", "boolq/val.jsonl"],
    ["winogrande", "winogrande/val.jsonl"],
    ["openbookqa", "openbookqa/test.jsonl"],
    ["hellaswag", "hellaswag/val_subset_olmo_extra.jsonl"],
  ];
  for (const [name, file] of files)
    for (const { question } of read(name, "commonsense", file)) {
      const { contexts, continuations, gold, normalisers } = likelihoodOf(name, question!);
      expect(contexts.every((context) => /\S$/.test(context))).toBe(true);
      expect(continuations.every((continuation) => /^\s/.test(continuation))).toBe(true);
      expect([contexts.length, normalisers.length]).toEqual([continuations.length, continuations.length]);
      expect(gold).toBeLessThan(continuations.length);
    }
});
