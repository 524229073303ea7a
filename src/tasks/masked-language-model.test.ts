import { expect, test } from "vitest";
import { readDataset } from "./read.ts";
import { openTask } from "./registry.ts";
import type { ColumnOptions } from "./task.ts";

const open = (where: string, text: string, options: ColumnOptions = {}): ReturnType<typeof openTask> =>
  openTask("masked-language-model", { where, text }, options);
const example = (line: number, text: string) => ({ line, texts: [text], label: null });

test("the paragraphs of plain text are its examples, and the loss chooses the best", () => {
  const { task, training } = open("train.txt", "so good\nand kind\n\nso bad\n");
  expect(training).toEqual({ where: "train.txt", examples: [example(1, "so good\nand kind"), example(4, "so bad")] });
  expect(task).toEqual({
    name: "masked-language-model",
    kind: "masked-language-model",
    textColumns: [["text"]],
    labelColumns: [],
    headerless: [],
    labels: null,
    labelIds: false,
    metrics: [],
    metricForBest: "loss",
  });
  expect(JSON.parse(JSON.stringify(task))).toEqual(task);
});

test.each<[string, string, ColumnOptions]>([
  ["train.csv", "label,Text,id\n1,so good,7\n0,so bad,8\n", {}],
  ["train.tsv", "label\tsentence\n1\tso good\n0\tso bad\n", {}],
  ["train.jsonl", '{"text": "so good", "label": null}\n{"text": "so bad"}\n', {}],
  ["train.csv", "text,words\n1,so good\n2,so bad\n", { textColumn: "words" }],
])("a column of text is enough, labels beside it are not read: %s", (where, text, options) => {
  const { training } = open(where, text, options);
  expect(training.examples.map(({ texts, label }) => [...texts, label])).toEqual([
    ["so good", null],
    ["so bad", null],
  ]);
});

test("a further file is read by the same column", () => {
  const { task } = open("train.csv", "review,label\nso good,1\n");
  expect(readDataset(task, { where: "dev.csv", text: "id,review\n1,so bad\n" }).examples).toEqual([
    example(2, "so bad"),
  ]);
  expect(() => readDataset(task, { where: "dev.txt", text: "so bad\n" })).toThrow(
    new Error("dev.txt: no text in columns review, found text"),
  );
});

const alone = "masked-language-model: a second text or a label column given, expected a text_column alone";
test.each<[string, ColumnOptions, string | RegExp]>([
  ["a second text", { textColumn: "a", textPairColumn: "b" }, alone],
  ["a label column", { labelColumn: "b" }, alone],
  ["a label column beside the text's", { textColumn: "a", labelColumn: "b" }, alone],
  ["a column that is not there", { textColumn: "c" }, /^train\.csv: no column "c"/],
])("refuses %s", (_, options, message) => {
  expect(() => open("train.csv", "a,b\nso good,1\n", options)).toThrow(message);
});

test.each([
  ["train.txt", " \n\n", "train.txt: no rows, expected at least one example"],
  ["train.csv", "text\n", "train.csv: no rows, expected at least one example"],
  ["train.jsonl", '{"text": "so good"}\n{"text": 3}\n', 'train.jsonl:2: "3" in column "text", expected a text'],
  ["train.csv", "a,b\nso good,1\n", /^train\.csv: no column of text among a, b, expected one named /],
])("refuses what holds no text: %s", (where, text, message) => {
  expect(() => open(where, text)).toThrow(typeof message === "string" ? new Error(message) : message);
});
