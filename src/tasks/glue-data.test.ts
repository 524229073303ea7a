/** Real files: the counts are those of the data's own tables, the scores were computed by the reference metrics. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Dataset, Example } from "../data/examples.ts";
import { metrics, type MetricName } from "../metrics/registry.ts";
import { glue, type GlueName } from "./glue.ts";
import { readDataset } from "./read.ts";
import { findSplits } from "./splits.ts";
import type { Task } from "./task.ts";

const folder = process.env["ROCOFT_DATA"] ?? "";
const run = test.skipIf(!folder);
const reason = folder ? "" : " (skipped: ROCOFT_DATA names no folder)";

function taskOf(name: GlueName): Task {
  return glue[name].resolve({ columns: [], rows: [] }, "", {});
}

function read(name: GlueName, file: string): Dataset {
  const where = join(folder, "glue", name, file);
  return readDataset(taskOf(name), { where, text: readFileSync(where, "utf8") }, { labels: "optional" });
}

function labelsOf({ examples }: Dataset): number[] {
  return examples.flatMap(({ label }) => (label === null ? [] : [label]));
}

// Rows, and how many of each class in the order of the ids; no counts where there are no labels.
run.each<[GlueName, string, number, number[]]>([
  ["sst2", "train.tsv", 67_349, [29_780, 37_569]],
  ["sst2", "dev.tsv", 872, [428, 444]],
  ["sst2", "test.tsv", 1_821, []],
  ["cola", "train.tsv", 7_250, [2_162, 5_088]],
  ["cola", "val.tsv", 1_301, [366, 935]],
  ["cola", "dev.tsv", 1_043, [322, 721]],
  ["cola", "test.tsv", 1_063, []],
  ["mrpc", "train.jsonl", 3_668, [1_194, 2_474]],
  ["mrpc", "dev.jsonl", 408, [129, 279]],
  ["mrpc", "test.jsonl", 1_725, [578, 1_147]],
  ["rte", "train.tsv", 2_490, [1_249, 1_241]],
  ["rte", "dev.tsv", 277, [146, 131]],
  ["rte", "test.tsv", 3_000, []],
  ["qnli", "dev.tsv", 5_463, [2_702, 2_761]],
  ["qnli", "train_subset.jsonl", 9_999, [5_027, 4_972]],
  ["qqp", "train_subset.jsonl", 32_868, [20_730, 12_138]],
  ["mnli", "train_subset.jsonl", 9_999, [3_408, 3_313, 3_278]],
  ["mnli", "mnli_matched", 1_000, [373, 311, 316]],
  ["mnli", "mnli_mismatched", 1_000, [346, 319, 335]],
])(`%s/%s has %d rows${reason}`, (name, file, rows, classes) => {
  const dataset = read(name, file);
  const labels = labelsOf(dataset);
  expect(dataset.examples.length).toBe(rows);
  expect(classes.map((_, id) => labels.filter((label) => label === id).length)).toEqual(classes);
  expect(labels.length).toBe(classes.length > 0 ? rows : 0);
});

run(`stsb has scores${reason}`, () => {
  const dev = labelsOf(read("stsb", "dev.tsv"));
  expect(dev.length).toBe(1_500);
  expect(dev.reduce((sum, score) => sum + score, 0) / dev.length).toBeCloseTo(2.36391, 5);
  expect(labelsOf(read("stsb", "train.tsv")).length).toBe(5_749);
  expect(read("stsb", "test.tsv").examples.length).toBe(1_379);
});

test.skipIf(!folder)(`texts are untouched${reason}`, () => {
  expect(read("sst2", "dev.tsv").examples.every(({ texts: [text] }) => text.endsWith(" "))).toBe(true);
  expect(read("stsb", "train.tsv").examples.some(({ texts: [text] }) => text.startsWith('"'))).toBe(true);
});

run.each<[GlueName, (string | null)[]]>([
  ["sst2", ["train.tsv", "dev.tsv", null]],
  ["cola", ["train.tsv", "dev.tsv", null]],
  ["mrpc", ["train.jsonl", "dev.jsonl", null]],
  ["qqp", ["train_subset.jsonl", null, null]],
  ["mnli", ["train_subset.jsonl", "mnli_matched", "mnli_mismatched"]],
])(`the files of %s are found${reason}`, (name, [train, validation, validationMismatched]) => {
  const found = findSplits(readdirSync(join(folder, "glue", name)));
  expect(found).toMatchObject({ train, validation, validationMismatched });
});

function wordsOf(text: string): Set<string> {
  return new Set(text.toLowerCase().split(/\s+/).filter(Boolean));
}

function jaccard({ texts: [a, b] }: Example): number {
  const [first, second] = [wordsOf(a), wordsOf(b!)];
  const shared = [...first].filter((word) => second.has(word)).length;
  return shared / (first.size + second.size - shared);
}

function newWords({ texts: [a, b] }: Example): number {
  const first = wordsOf(a);
  return [...wordsOf(b!)].filter((word) => !first.has(word)).length;
}

run.each<[GlueName, string, string, (example: Example) => number, Partial<Record<MetricName, number>>]>([
  ["sst2", "dev.tsv", "always positive", () => 1, { accuracy: 0.5091743119266054 }],
  [
    "sst2",
    "dev.tsv",
    "no negation",
    ({ texts: [t] }) => (/n't| not | no /.test(t) ? 0 : 1),
    { accuracy: 0.5561926605504587 },
  ],
  ["cola", "dev.tsv", "always acceptable", () => 1, { accuracy: 0.6912751677852349, matthews_correlation: 0 }],
  [
    "cola",
    "dev.tsv",
    "fewer than 9 words",
    ({ texts: [t] }) => (t.split(/\s+/).filter(Boolean).length < 9 ? 1 : 0),
    { accuracy: 0.5589645254074784, matthews_correlation: -0.005647971005421963 },
  ],
  ["mrpc", "dev.jsonl", "always equivalent", () => 1, { accuracy: 0.6838235294117647, f1: 0.8122270742358079 }],
  [
    "mrpc",
    "dev.jsonl",
    "half the words",
    (e) => (jaccard(e) >= 0.5 ? 1 : 0),
    { accuracy: 0.6323529411764706, f1: 0.668141592920354 },
  ],
  ["stsb", "dev.tsv", "shared words", jaccard, { pearson: 0.5959791295360306, spearmanr: 0.6016979986595958 }],
  ["rte", "dev.tsv", "always entailment", () => 0, { accuracy: 0.5270758122743683 }],
  ["rte", "dev.tsv", "few new words", (e) => (newWords(e) <= 2 ? 0 : 1), { accuracy: 0.5342960288808665 }],
  ["qnli", "dev.tsv", "shared words", (e) => (jaccard(e) >= 0.1 ? 0 : 1), { accuracy: 0.6560497894929526 }],
  ["mnli", "mnli_matched", "always entailment", () => 0, { accuracy: 0.373 }],
  ["mnli", "mnli_mismatched", "always entailment", () => 0, { accuracy: 0.346 }],
])(`%s/%s by a rule: %s${reason}`, (name, file, _, predict, expected) => {
  const dataset = read(name, file);
  const predictions = dataset.examples.map(predict);
  for (const [metric, value] of Object.entries(expected)) {
    expect(metrics[metric as MetricName].compute(labelsOf(dataset), predictions), metric).toBeCloseTo(value, 12);
  }
});
