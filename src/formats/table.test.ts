import { expect, test } from "vitest";
import { readRows } from "./table.ts";

test.for([
  ["train.tsv", 'text\tlabel\n"a,\t1\n', { text: '"a,', label: "1" }],
  ["train.csv", 'text,label\n"a,",1\n', { text: "a,", label: "1" }],
  ["a.tsv/train.JSONL", '{"text": "a,", "label": 1}\n', { text: "a,", label: 1 }],
  ["glue.csv/mnli_matched", 'text\tlabel\n"a,\t1\n', { text: '"a,', label: "1" }],
  ["train.json", '[{"text": "a,", "label": 1}]\n', { text: "a,", label: 1 }],
] as const)("%s is read by its ending", ([where, text, values], { expect }) => {
  expect(readRows(text, where).rows.map((row) => row.values)).toEqual([values]);
});

test("column names reach the reader", () => {
  expect(readRows("a\t1\n", "x.tsv", { headerless: () => ["text", "label"] }).rows).toHaveLength(1);
});

test.for([
  ["train.arrow", ".arrow"],
  ["x.constructor", ".constructor"],
] as const)("%s is refused", ([where, ending], { expect }) => {
  const message = `${where}: unknown file ending "${ending}", expected one of .tsv, .csv, .jsonl, .json, .txt, .parquet`;
  expect(() => readRows("", where)).toThrow(new Error(message));
});
