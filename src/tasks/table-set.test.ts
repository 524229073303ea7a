import { expect, test } from "vitest";
import { badRowTally } from "./bad-rows.ts";
import { readTable } from "./read.ts";
import { openTables, tasks } from "./registry.ts";
import { datasetOfSet, type TableSet, wholeTable } from "./table-set.ts";

const forms = tasks["text-classification"].forms;
const part = (where: string, text: string) => ({ where, table: readTable({ where, text }, forms) });
const set = (...texts: readonly string[]): TableSet => ({
  where: "train-*.csv",
  parts: texts.map((text, i) => part(`train-${i}.csv`, `text,label\n${text}`)),
});

test("several files are one table: their labels are all known, and lines are counted through", () => {
  const { task, training } = openTables("text-classification", set("a,x\nb,x\n", "c,y\n", "d,z\n"));
  expect(task.labels).toEqual(["x", "y", "z"]);
  expect(training.where).toBe("train-*.csv");
  expect(training.examples).toEqual([
    { line: 2, texts: ["a"], label: 0 },
    { line: 3, texts: ["b"], label: 0 },
    { line: 5, texts: ["c"], label: 1 },
    { line: 7, texts: ["d"], label: 2 },
  ]);
});

test("what is wrong names the file and the line in it", () => {
  const { task } = openTables("text-classification", set("a,x\nb,y\n"));
  expect(() => datasetOfSet(task, set("a,x\n", "b,y\nc,\n"))).toThrow('train-1.csv:3: no label in column "label"');
  const odd = { where: "t", parts: [part("a.csv", "text,label\n"), part("b.csv", "text,other\n")] };
  expect(() => wholeTable(odd)).toThrow("b.csv: columns text, other, expected text, label as in a.csv");
});

test("bad rows are counted, and the first three are told", () => {
  const tally = badRowTally("skip");
  const { task } = openTables("text-classification", set("a,x\nb,y\n"));
  const { examples } = datasetOfSet(task, set("a,\nb,x\nc,q\n", "d,y\ne,\nf,\n"), { onBadRow: tally.take });
  expect(examples.map(({ texts }) => texts[0])).toEqual(["b", "d"]);
  expect(tally.skipped()).toEqual({
    count: 4,
    reasons: [
      'train-0.csv:2: no label in column "label"',
      'train-0.csv:4: unknown label "q", expected one of x, y',
      'train-1.csv:3: no label in column "label"',
    ],
  });
});

test("bad rows are refused at the first, and so is a file of nothing else", () => {
  const { task } = openTables("text-classification", set("a,x\nb,y\n"));
  const fail = badRowTally("fail");
  expect(() => datasetOfSet(task, set("a,\n"), { onBadRow: fail.take })).toThrow("train-0.csv:2: no label");
  const skip = badRowTally("skip");
  expect(() => datasetOfSet(task, set("a,\n"), { onBadRow: skip.take })).toThrow(
    "train-0.csv: all rows are bad, expected at least one example",
  );
});
