import { expect, test } from "vitest";
import { readDataset } from "./read.ts";
import { openTask } from "./registry.ts";
import type { ColumnOptions } from "./task.ts";

function open(text: string, where = "train.csv", options: ColumnOptions = {}): ReturnType<typeof openTask> {
  return openTask("text-classification", { where, text }, options);
}

test("finds columns and labels by themselves", () => {
  const { task, training } = open("id,Text,Label\n7,so good,pos\n8,so bad,neg\n9,fine,pos\n");
  expect(task).toMatchObject({ name: "text-classification", kind: "classification", labels: ["neg", "pos"] });
  expect(task.metricForBest).toBe("accuracy");
  expect(training).toEqual({
    where: "train.csv",
    examples: [
      { line: 2, texts: ["so good"], label: 1 },
      { line: 3, texts: ["so bad"], label: 0 },
      { line: 4, texts: ["fine"], label: 1 },
    ],
  });
});

test("pairs, and JSON of any label type", () => {
  const lines = ['{"question":"q","answer":"a","label":true}', '{"question":"r","answer":"b","label":false}'];
  const { task, training } = open(lines.join("\n"), "train.jsonl");
  expect(task.labels).toEqual(["false", "true"]);
  expect(training.examples.map(({ texts, label }) => [...texts, label])).toEqual([
    ["q", "a", 1],
    ["r", "b", 0],
  ]);
});

test.each([
  ["whole numbers by value", ["10", "9", "-1", "2"], ["-1", "2", "9", "10"]],
  ["names by their characters", ["b", "B", "a", "10", "9"], ["10", "9", "B", "a", "b"]],
  ["whole numbers written with a point", ["1.0", "0.0"], ["0.0", "1.0"]],
])("sorts labels: %s", (_, labels, expected) => {
  const { task, training } = open(`text,label\n${labels.map((label) => `t,${label}`).join("\n")}`);
  expect(task.labels).toEqual(expected);
  expect(training.examples.map(({ label }) => expected[label!])).toEqual(labels);
});

test("a label stands for itself, not for a place among the labels", () => {
  const { task } = open("text,label\na,1\nb,2\n");
  expect(readDataset(task, { where: "dev.csv", text: "text,label\nc,1" }).examples[0]!.label).toBe(0);
  expect(() => readDataset(task, { where: "dev.csv", text: "text,label\nc,0" })).toThrow(
    'dev.csv:2: unknown label "0", expected one of 1, 2',
  );
});

test("numbers with a fraction make it a regression, unless classes are asked for", () => {
  const text = "text,score\na,1\nb,2.5\nc,-1";
  const { task, training } = open(text);
  expect(task).toMatchObject({ kind: "regression", labels: null, metrics: ["pearson", "spearmanr"] });
  expect(training.examples.map(({ label }) => label)).toEqual([1, 2.5, -1]);
  expect(open(text, "train.csv", { regression: false }).task.labels).toEqual(["-1", "1", "2.5"]);
});

test("whole numbers make it a regression where that is asked for", () => {
  const { task } = open("text,score\na,1\nb,2", "train.csv", { regression: true });
  expect(task.kind).toBe("regression");
  expect(() => open("text,score\na,1\nb,good", "train.csv", { regression: true })).toThrow(
    'train.csv:3: unknown label "good", expected a number',
  );
});

test("columns can be named", () => {
  const text = "a,b,c\none,two,x\nthree,four,y\n";
  const options = { textColumn: "b", textPairColumn: "a", labelColumn: "c" };
  const { training } = open(text, "train.csv", options);
  expect(training.examples.map(({ texts }) => texts)).toEqual([
    ["two", "one"],
    ["four", "three"],
  ]);
  expect(() => open(text, "train.csv", { ...options, labelColumn: "d" })).toThrow(
    'train.csv: no column "d", expected one of c',
  );
  expect(() => open(text, "train.csv", { ...options, textColumn: "e" })).toThrow(
    'train.csv: no column "e", expected one of a, b, c',
  );
});

test("a column of labels is not taken for text", () => {
  const { training } = open("sentence,text\npos,so good\nneg,so bad", "train.csv", { labelColumn: "sentence" });
  expect(training.examples.map(({ texts }) => texts)).toEqual([["so good"], ["so bad"]]);
});

test("a task is plain data", () => {
  const { task } = open("text,label\na,1\nb,2\n");
  expect(JSON.parse(JSON.stringify(task))).toEqual(task);
});

test("labels that only a later file has are refused with their line", () => {
  const { task } = open("text,label\na,x\nb,y\n");
  expect(() => readDataset(task, { where: "dev.csv", text: "text,label\nc,x\nd,z\n" })).toThrow(
    'dev.csv:3: unknown label "z", expected one of x, y',
  );
});

test.each([
  ["a single label", "text,label\na,x\nb,x", 'train.csv: one label, "x", in column "label", expected at least two'],
  ["a missing label", "text,label\na,x\nb,", 'train.csv:3: no label in column "label"'],
  ["no rows", "text,label\n", "train.csv: no rows, expected at least one example"],
  ["an empty file", "", "train.csv: no rows, expected at least one example"],
  [
    "no column of text",
    "a,label\nx,1\ny,2",
    "train.csv: no column of text among a, label, expected one named sentence1, ",
  ],
  ["no column of labels", "text,a\nx,1\ny,2", "train.csv: no column of labels among a, expected one named label, "],
])("refuses %s", (_, text, message) => {
  expect(() => open(text)).toThrow(message);
});

test("refuses labels that are no values", () => {
  expect(() => open('{"text":"a","label":["x"]}', "t.jsonl")).toThrow(
    't.jsonl:1: "[\\"x\\"]" in column "label", expected a text or a number',
  );
  expect(() => open('{"text":"a","label":"x"}\n{"text":null,"label":"y"}', "t.jsonl")).toThrow(
    't.jsonl:2: "null" in column "text", expected a text',
  );
});

test("labels of several lines leave an error on one", () => {
  const { task } = open('{"text":"a","label":"x\\ny\\nw"}\n{"text":"a","label":"z"}', "t.jsonl");
  expect(() => readDataset(task, { where: "d.jsonl", text: '{"text":"a","label":"\\n"}' })).toThrow(
    'd.jsonl:1: unknown label "\\n", expected one of x y w, z',
  );
});

test("a long list of labels is cut short in an error", () => {
  const many = Array.from({ length: 200 }, (_, i) => `t,c${i}`).join("\n");
  const { task } = open(`text,label\n${many}`);
  expect(() => readDataset(task, { where: "dev.csv", text: "text,label\na,z" })).toThrow(
    /^.{0,250}, … \(200 in all\)$/,
  );
});
