import { expect, test } from "vitest";
import { readDataset } from "./read.ts";
import { openTask } from "./registry.ts";
import { promptsOf, summaryPrompts } from "./summarization.ts";

const jsonl = (...rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const open = (name: string, ...rows: readonly object[]) =>
  openTask(name, { where: "train.jsonl", text: jsonl(...rows) });

test.each<[string, object, readonly [string, string], readonly string[]]>([
  ["xsum", { document: "a\nb ", summary: "c", id: 1 }, ["a\nb", "c"], ["c"]],
  ["cnn_dailymail", { article: "a b", highlights: "c .\nd ." }, ["a b", "c .\nd ."], ["c .\nd ."]],
  ["scitldr", { source: ["A b.", "C."], target: ["d", "e"] }, ["A b. C.", "d"], ["d", "e"]],
])("%s: %j", (name, row, texts, references) => {
  const { task, training } = open(name, row);
  expect(task).toMatchObject({ name, kind: "sequence-to-sequence", scoring: { split: "test" } });
  expect(training).toEqual({ where: "train.jsonl", examples: [{ line: 1, texts, references, label: null }] });
});

test("rows without a text on one side are left out and counted", () => {
  const rows = [
    { document: "a", summary: "" },
    { document: " ", summary: "b" },
    { document: null, summary: "b" },
    { document: "a", summary: "b" },
  ];
  const { training } = open("xsum", ...rows);
  expect(training).toMatchObject({ leftOut: 3, examples: [{ line: 4 }] });
  expect(open("scitldr", { source: ["a"], target: [] }, { source: ["a"], target: ["b"] }).training.leftOut).toBe(1);
  expect(() => open("xsum", ...rows.slice(0, 3))).toThrow(
    new Error("train.jsonl: no row has texts on both sides, expected at least one example"),
  );
});

test("what is neither text nor texts is refused with its line", () => {
  expect(() => open("xsum", { document: 1, summary: "b" })).toThrow(
    new Error('train.jsonl:1: "1" in column "document", expected a text'),
  );
  expect(() => open("scitldr", { source: [1], target: ["b"] })).toThrow(
    new Error('train.jsonl:1: "[1]" in column "source", expected a list of texts'),
  );
});

test("a decoder reads documents as prompts, of which what asks for the summary stays", () => {
  const row = { source: ["A b.", "C."], target: ["d", "e"] };
  const { task, training } = open("scitldr", row);
  const prompts = summaryPrompts(task);
  const data = promptsOf(training);
  expect(prompts).toMatchObject({ name: "scitldr", kind: "prompt-completion", scoring: task.scoring });
  expect(data.examples).toEqual([
    { line: 1, texts: ["A b. C.\n\nTL;DR:", " d"], kept: 8, references: ["d", "e"], label: null },
  ]);
  expect(readDataset(prompts, { where: "train.jsonl", text: jsonl(row) })).toEqual(data);
});
