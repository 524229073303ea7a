import { describe, expect, test } from "vitest";
import { metrics } from "../metrics/registry.ts";
import { glue, type GlueName } from "./glue.ts";
import { readDataset } from "./read.ts";
import { openTask } from "./registry.ts";
import type { Task } from "./task.ts";

const empty = { columns: [], rows: [] };
function taskOf(name: GlueName): Task {
  return glue[name].resolve(empty, "train.tsv", {});
}

// As the data set card of nyu-mll/glue lists them.
test.each<[GlueName, string, string[] | null, string[]]>([
  ["sst2", "sentence", ["negative", "positive"], ["accuracy"]],
  ["cola", "sentence", ["unacceptable", "acceptable"], ["matthews_correlation", "accuracy"]],
  ["mrpc", "sentence1 sentence2", ["not_equivalent", "equivalent"], ["accuracy", "f1"]],
  ["qqp", "question1 question2", ["not_duplicate", "duplicate"], ["accuracy", "f1"]],
  ["stsb", "sentence1 sentence2", null, ["pearson", "spearmanr"]],
  ["mnli", "premise hypothesis", ["entailment", "neutral", "contradiction"], ["accuracy"]],
  ["qnli", "question sentence", ["entailment", "not_entailment"], ["accuracy"]],
  ["rte", "sentence1 sentence2", ["entailment", "not_entailment"], ["accuracy"]],
])("%s is what the hub says", (name, text, labels, names) => {
  const task = taskOf(name);
  expect(task.textColumns[0]!.join(" ")).toBe(text);
  expect(task).toMatchObject({ name, labels, metrics: names, metricForBest: names[0] });
  expect(task.kind).toBe(labels ? "classification" : "regression");
  expect(task.metrics.every((metric) => Object.hasOwn(metrics, metric))).toBe(true);
});

const pair = ["A one.", "B two."];

test.each<[string, GlueName, string, string, string[], number | null]>([
  [
    "the hub's columns as JSON",
    "mnli",
    "x.jsonl",
    '{"premise":"A one.","hypothesis":"B two.","label":2,"idx":0}',
    pair,
    2,
  ],
  ["the hub's columns as CSV", "mrpc", "x.csv", "sentence1,sentence2,label,idx\nA one.,B two.,1,0", pair, 1],
  ["GLUE's SST-2", "sst2", "train.tsv", "sentence\tlabel\na 'quoted\" text \t0", ["a 'quoted\" text "], 0],
  ["GLUE's CoLA, without a header", "cola", "train.tsv", "gj04\t1\t*\tBill sang.", ["Bill sang."], 1],
  [
    "GLUE's MRPC",
    "mrpc",
    "x.tsv",
    "\ufeffQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\n1\t5\t6\tA one.\tB two.",
    pair,
    1,
  ],
  [
    "GLUE's QQP",
    "qqp",
    "x.tsv",
    "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate\n0\t1\t2\tA one.\tB two.\t1",
    pair,
    1,
  ],
  [
    "GLUE's STS-B",
    "stsb",
    "x.tsv",
    "index\tgenre\tsentence1\tsentence2\tscore\n0\tnews\tA one.\tB two.\t2.600",
    pair,
    2.6,
  ],
  [
    "GLUE's MNLI",
    "mnli",
    "x.tsv",
    "index\tsentence1\tsentence2\tlabel1\tgold_label\n0\tA one.\tB two.\tentailment\tneutral",
    pair,
    1,
  ],
  ["MNLI without a header and an ending", "mnli", "a.b/mnli_matched", "contradiction\tA one.\tB two.", pair, 2],
  [
    "MNLI with a header in the headerless order",
    "mnli",
    "x.tsv",
    "gold_label\tsentence1\tsentence2\nneutral\tA one.\tB two.",
    pair,
    1,
  ],
  ["GLUE's QNLI", "qnli", "x.tsv", "index\tquestion\tsentence\tlabel\n0\tA one.\tB two.\tnot_entailment", pair, 1],
  [
    "text_a and text_b",
    "qnli",
    "x.jsonl",
    '{"text_a":"A one.","text_b":"B two.","label":"entailment","src":"x"}',
    pair,
    0,
  ],
  [
    "GLUE's RTE",
    "rte",
    "x.tsv",
    "index\tsentence1\tsentence2\tlabel\r\n0\tA one.\tB two.\tnot_entailment\r\n",
    pair,
    1,
  ],
  ["classes by name", "mrpc", "x.jsonl", '{"sentence1":"A one.","sentence2":"B two.","label":"equivalent"}', pair, 1],
  ["a float as JSON", "stsb", "x.jsonl", '{"sentence1":"A one.","sentence2":"B two.","label":3.75}', pair, 3.75],
])("reads %s", (_, name, where, text, texts, label) => {
  const { examples } = readDataset(taskOf(name), { where, text });
  expect(examples).toEqual([{ line: text.trimEnd().split("\n").length, texts, label }]);
});

describe("files without labels", () => {
  const unlabelled = { where: "test.tsv", text: "index\tsentence\n0\tHm." };

  test("are read where labels are optional", () => {
    const { examples } = readDataset(taskOf("cola"), unlabelled, { labels: "optional" });
    expect(examples).toEqual([{ line: 2, texts: ["Hm."], label: null }]);
  });

  test("are refused where labels are required", () => {
    expect(() => readDataset(taskOf("cola"), unlabelled)).toThrow(
      "test.tsv: no label column label, found index, sentence",
    );
  });

  test.each<[GlueName, string]>([
    ["rte", "-1"],
    ["stsb", "-1.0"],
  ])("hold -1 on the hub: %s", (name, missing) => {
    const source = { where: "test.jsonl", text: `{"sentence1":"a","sentence2":"b","label":${missing}}` };
    expect(readDataset(taskOf(name), source, { labels: "optional" }).examples[0]!.label).toBeNull();
    expect(() => readDataset(taskOf(name), source)).toThrow('test.jsonl:1: no label in column "label"');
  });
});

test.each<[string, GlueName, string, string, string]>([
  [
    "an unknown class",
    "sst2",
    "d.tsv",
    "sentence\tlabel\na\t1\nb\tmaybe",
    'd.tsv:3: unknown label "maybe", expected one of negative, positive',
  ],
  [
    "an id too large",
    "sst2",
    "d.tsv",
    "sentence\tlabel\na\t2",
    'd.tsv:2: unknown label "2", expected one of negative, positive',
  ],
  [
    "an id with a fraction",
    "sst2",
    "d.jsonl",
    '{"sentence":"a","label":0.5}',
    'd.jsonl:1: unknown label "0.5", expected',
  ],
  [
    "a label that is a list",
    "sst2",
    "d.jsonl",
    '{"sentence":"a","label":[1]}',
    'd.jsonl:1: unknown label "[1]", expected one of',
  ],
  [
    "a score that is no number",
    "stsb",
    "d.tsv",
    "sentence1\tsentence2\tscore\na\tb\thigh",
    'd.tsv:2: unknown label "high", expected a number',
  ],
  [
    "no label",
    "sst2",
    "d.jsonl",
    '{"sentence":"a","label":1}\n{"sentence":"b"}',
    'd.jsonl:2: no label in column "label"',
  ],
  [
    "a null text",
    "sst2",
    "d.jsonl",
    '{"sentence":null,"label":1}',
    'd.jsonl:1: "null" in column "sentence", expected a text',
  ],
  [
    "an absent text",
    "rte",
    "d.jsonl",
    '{"sentence1":"a","sentence2":"b","label":1}\n{"sentence1":"a","label":1}',
    'd.jsonl:2: nothing in column "sentence2", expected a text',
  ],
  [
    "a number for a text",
    "sst2",
    "d.jsonl",
    '{"sentence":5,"label":1}',
    'd.jsonl:1: "5" in column "sentence", expected a text',
  ],
  [
    "no text column",
    "rte",
    "d.tsv",
    "index\tsentence1\tlabel\n0\ta\tentailment",
    "d.tsv: no text in columns sentence1 and sentence2, or text_a and text_b, found index, sentence1, label",
  ],
  ["too few fields", "sst2", "d.tsv", "sentence\tlabel\na", "d.tsv:2: "],
  ["only a header", "sst2", "d.tsv", "sentence\tlabel\n", "d.tsv: no rows, expected at least one example"],
  ["an empty file", "cola", "d.tsv", "", "d.tsv: no rows, expected at least one example"],
])("refuses %s", (_, name, where, text, message) => {
  expect(() => readDataset(taskOf(name), { where, text })).toThrow(message);
});

test("an empty text is a text", () => {
  const { examples } = readDataset(taskOf("sst2"), { where: "d.tsv", text: "sentence\tlabel\n\t1" });
  expect(examples).toEqual([{ line: 2, texts: [""], label: 1 }]);
});

test("named columns are a header, even where the task's files may have none", () => {
  const source = { where: "t.tsv", text: "verdict\tclaim\tevidence\nneutral\ta\tb" };
  const options = { textColumn: "claim", textPairColumn: "evidence", labelColumn: "verdict" };
  const { task, training } = openTask("mnli", source, options);
  expect(training.examples).toEqual([{ line: 2, texts: ["a", "b"], label: 1 }]);
  expect(readDataset(task, source)).toEqual(training);
});

test("columns can be named", () => {
  const source = { where: "t.csv", text: "premise,claim,verdict\na,b,1" };
  const options = { textColumn: "premise", textPairColumn: "claim", labelColumn: "verdict" };
  expect(openTask("rte", source, options).training.examples).toEqual([{ line: 2, texts: ["a", "b"], label: 1 }]);
  expect(() => openTask("rte", source, { textColumn: "claim" })).toThrow("rte: 1 text columns given, expected 2");
  expect(() => openTask("rte", source, { textPairColumn: "claim" })).toThrow(
    'text_pair_column: "claim" is given without a text_column, expected both',
  );
  expect(() => openTask("rte", source, { ...options, regression: true })).toThrow(
    "rte: regression true asked for, but the task is classification",
  );
});
