import { expect, test } from "vitest";
import { lmBff, type LmBffName } from "./lm-bff.ts";
import { readDataset } from "./read.ts";
import { openTask } from "./registry.ts";

function read(name: LmBffName, where: string, text: string) {
  const task = lmBff[name].resolve({ columns: [], rows: [] }, where, {});
  return readDataset(task, { where, text }).examples.map(({ texts, label }) => [...texts, task.labels![label!]]);
}

test.each<[string, LmBffName, string, string, (string | undefined)[][]]>([
  [
    "LM-BFF's own, without a header",
    "mr",
    "train.csv",
    '0,plain .\n1,"fine , ""really"" ."\n',
    [
      ["plain .", "negative"],
      ['fine , "really" .', "positive"],
    ],
  ],
  [
    "LM-BFF's own with a quoted first record",
    "trec",
    "train.csv",
    '"3","Who , \nthen ?"',
    [["Who , \nthen ?", "human"]],
  ],
  [
    "LM-BFF's order of classes",
    "trec",
    "t.csv",
    "2,Why ?\n5,How many ?",
    [
      ["Why ?", "expression"],
      ["How many ?", "number"],
    ],
  ],
  [
    "a byte order mark",
    "subj",
    "t.csv",
    "\ufeff0,so it is\n1,it is",
    [
      ["so it is", "subjective"],
      ["it is", "objective"],
    ],
  ],
  ["tabs without a header", "cr", "t.tsv", "1\tgood phone", [["good phone", "positive"]]],
  ["a header", "mpqa", "t.csv", "text,label\ngood,1", [["good", "positive"]]],
  ["a header in another order", "mr", "t.csv", "label,sentence\nnegative,bad", [["bad", "negative"]]],
  [
    "the hub's JSON",
    "sst5",
    "t.jsonl",
    '{"text": "so so", "label": 2, "label_text": "neutral"}',
    [["so so", "neutral"]],
  ],
  ["names for ids", "sst5", "t.csv", "very positive,great", [["great", "very positive"]]],
  [
    "the hub's AG News",
    "ag_news",
    "t.csv",
    "text,label\nOil falls,2\nPhones,3",
    [
      ["Oil falls", "Business"],
      ["Phones", "Sci/Tech"],
    ],
  ],
  [
    "the hub's SNLI, without what nobody agreed on",
    "snli",
    "t.jsonl",
    '{"premise": "a", "hypothesis": "b", "label": -1}\n{"premise": "c", "hypothesis": "d", "label": 2}',
    [["c", "d", "contradiction"]],
  ],
  [
    "SNLI's own columns",
    "snli",
    "t.tsv",
    "gold_label\tsentence1\tsentence2\n-\ta\tb\nneutral\tc\td",
    [["c", "d", "neutral"]],
  ],
])("reads %s", (_, name, where, text, expected) => expect(read(name, where, text)).toEqual(expected));

test.each<[string, LmBffName, string, string, string]>([
  [
    "an id without a class",
    "mr",
    "t.csv",
    "0,a\n2,b",
    't.csv:2: unknown label "2", expected one of negative, positive',
  ],
  [
    "a header of other columns",
    "mr",
    "t.csv",
    "review,stars\ngood,1",
    't.csv:1: unknown label "review", expected one of',
  ],
  ["three columns without a header", "cr", "t.csv", "0,a,b", "t.csv: no rows, expected at least one example"],
  ["AG News without a header", "ag_news", "t.csv", "1,a\n2,b", "t.csv: no text in columns text, found 1, a"],
  [
    "SNLI of no labels",
    "snli",
    "t.tsv",
    "gold_label\tsentence1\tsentence2\n-\ta\tb",
    "t.tsv: every label is one of -, -1",
  ],
  ["no file", "mr", "t.csv", "", "t.csv: no rows, expected at least one example"],
  ["a quote that is not closed", "mr", "t.csv", '0,"a', "t.csv:1: a quote is opened and never closed"],
])("refuses %s", (_, name, where, text, message) => expect(() => read(name, where, text)).toThrow(message));

test("columns that a person names are not taken for data", () => {
  const { task, training } = openTask(
    "mr",
    { where: "t.csv", text: "review,stars\ngood,1" },
    { textColumn: "review", labelColumn: "stars" },
  );
  expect(task).toMatchObject({ kind: "classification", labels: ["negative", "positive"], metricForBest: "accuracy" });
  expect(training.examples).toEqual([{ line: 2, texts: ["good"], label: 1 }]);
});
