import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Dataset } from "../data/examples.ts";
import { complaint, folderOf } from "../hub/folders.cases.ts";
import { taskOf } from "./checkpoint-task.ts";
import { parseConfig } from "./config.ts";
import { readRunData, readTaskFile, type RunData, validationFile } from "./data.ts";

/** A file of SST-2 with `count` examples, whose texts are numbered from `first`. */
function file(count: number, first = 0): string {
  const rows = Array.from({ length: count }, (_, i) => `text ${first + i}\t${i % 2}\n`);
  return `sentence\tlabel\n${rows.join("")}`;
}

const texts = ({ examples }: Dataset) => examples.map((example) => example.texts[0]);

/** What a training on the folder reads. */
function read(folder: string, settings: object, data = ""): Promise<RunData> {
  const names = { model: "m", output_dir: "o", task: "sst2", data: join(folder, data) };
  return readRunData(parseConfig({ ...names, ...settings }).settings);
}

test.each([
  [10, 0.1, 1],
  [10, 0.25, 3],
  [3, 0.9, 2],
  [2, 0.99, 1],
  [2, 0.01, 1],
])("of %d examples and a share of %d, %d are held out, and the others are trained on", async (count, share, held) => {
  const data = await read(await folderOf({ "train.tsv": file(count) }), { validation_split: share });
  expect(data.validation.examples).toHaveLength(held);
  const all = [...texts(data.train), ...texts(data.validation)];
  expect(all.toSorted()).toEqual(Array.from({ length: count }, (_, i) => `text ${i}`).toSorted());
});

test("the same seed holds out the same examples, another seed others", async () => {
  const folder = await folderOf({ "a.tsv": file(40) });
  const held = async (seed: number) => texts((await read(folder, { seed }, "a.tsv")).validation);
  expect(await held(1)).toEqual(await held(1));
  expect(await held(1)).not.toEqual(await held(2));
});

test("a folder brings its validation file, which a named one goes before", async () => {
  const folder = await folderOf({ "train.tsv": file(2), "dev.tsv": file(2, 100), "other.tsv": file(2, 200) });
  const { train, validation } = await read(folder, {});
  expect([train, validation].map(texts)).toEqual([
    ["text 0", "text 1"],
    ["text 100", "text 101"],
  ]);
  const named = await read(folder, { validation_file: join(folder, "other.tsv") });
  expect(texts(named.validation)).toEqual(["text 200", "text 201"]);
});

test("only so many examples are used as are asked for", async () => {
  const folder = await folderOf({ "train.tsv": file(9), "dev.tsv": file(9, 100) });
  const { train, validation } = await read(folder, { max_train_samples: 2, max_eval_samples: 3 });
  expect(texts(train)).toEqual(["text 0", "text 1"]);
  expect(texts(validation)).toEqual(["text 100", "text 101", "text 102"]);
});

test.each([
  [["train.tsv", "dev.tsv"], "dev.tsv"],
  [["val.csv"], "val.csv"],
  [["dev_mismatched.tsv", "dev_matched.tsv"], "dev_matched.tsv"],
])("the validation file of a folder with %j is %s", async (names, expected) => {
  const folder = await folderOf(Object.fromEntries(names.map((name) => [name, ""])));
  expect(await validationFile(folder)).toBe(join(folder, expected));
  expect(await validationFile(join(folder, expected))).toBe(join(folder, expected));
});

test("a folder of many files without a validation file is refused in one line of a few names", async () => {
  const folder = await folderOf(Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`file-${i}.txt`, ""])));
  expect(await complaint(validationFile(folder))).toMatch(/: no validation file .*, found file-.*… \(30 in all\)$/);
});

test("a plain checkpoint's columns are found in each file, or named", async () => {
  const task = taskOf({ id2label: { 0: "bad", 1: "good" } }, "model");
  const folder = await folderOf({
    "a.csv": "label,review\ngood,yes\n",
    "b.csv": "stars,words\n1,yes\n",
    "c.csv": "id,text\n7,yes\n",
    "d.csv": "label,words\n1,yes\n",
  });
  const labels = ({ examples }: Dataset) => examples.map((example) => [example.texts, example.label]);
  expect(labels(await readTaskFile(task, join(folder, "a.csv")))).toEqual([[["yes"], 1]]);
  const columns = { textColumn: "words", labelColumn: "stars" };
  expect(labels(await readTaskFile(task, join(folder, "b.csv"), { columns }))).toEqual([[["yes"], 1]]);
  expect(labels(await readTaskFile(task, join(folder, "d.csv"), { columns: { textColumn: "words" } }))).toEqual([
    [["yes"], 1],
  ]);
  expect(labels(await readTaskFile(task, join(folder, "c.csv"), { labels: "ignored" }))).toEqual([[["yes"], null]]);
  expect(await complaint(readTaskFile(task, join(folder, "c.csv")))).toMatch(/c\.csv: no column of labels among id, /);
});

test("a plain language model reads the text of each file alone", async () => {
  const task = taskOf({}, "model", "masked-language-model");
  const folder = await folderOf({
    "a.csv": "label,review\ngood,yes\n",
    "b.txt": "one\ntwo\n\nthree\n",
    "c.csv": "words\nyes\n",
  });
  const texts = ({ examples }: Dataset) => examples.map((example) => [...example.texts, example.label]);
  expect(texts(await readTaskFile(task, join(folder, "a.csv")))).toEqual([["yes", null]]);
  expect(texts(await readTaskFile(task, join(folder, "b.txt")))).toEqual([
    ["one\ntwo", null],
    ["three", null],
  ]);
  const columns = { textColumn: "words" };
  expect(texts(await readTaskFile(task, join(folder, "c.csv"), { columns }))).toEqual([["yes", null]]);
  expect(await complaint(readTaskFile(task, join(folder, "c.csv")))).toMatch(/c\.csv: no column of text among words, /);
  const labelled = readTaskFile(task, join(folder, "a.csv"), { columns: { labelColumn: "label" } });
  expect(await complaint(labelled)).toMatch(/^masked-language-model: .*expected a text_column alone$/);
});

const parquet = join(import.meta.dirname, "..", "..", "test", "fixtures", "parquet");

test("Parquet of the hub, in numbered files below data/, is found and read by the names of its classes", async () => {
  const bytes = await readFile(join(parquet, "mnli-zstd.parquet"));
  const folder = await folderOf({
    "data/train-00000-of-00002.parquet": bytes,
    "data/train-00001-of-00002.parquet": bytes,
    "data/validation_matched-00000-of-00001.parquet": bytes,
    "data/validation_mismatched-00000-of-00001.parquet": bytes,
  });
  const { task, train, validation, extra } = await read(folder, { task: "mnli" });
  expect(task.labels).toEqual(["entailment", "neutral", "contradiction"]);
  expect(train.examples.map(({ line, label }) => [line, label])).toEqual([
    [1, 2],
    [2, 1],
    [3, 0],
    [4, 2],
    [5, 1],
    [6, 0],
  ]);
  expect([validation, ...extra].map(({ examples }) => examples.length)).toEqual([3, 3]);
});

test("classes of any Parquet file have the names that it gives them; numbers stay numbers where it gives none", async () => {
  const labels = async (name: string) =>
    (await readRunData(parseConfig({ model: "m", output_dir: "o", data: join(parquet, name) }).settings)).task.labels;
  expect(await labels("mnli-snappy.parquet")).toEqual(["contradiction", "entailment", "neutral"]);
  expect(await labels("version1.parquet")).toEqual(["0", "1", "2"]);
});

test("files are named by a pattern, and all that their names promise must be there", async () => {
  const folder = await folderOf({
    "part-0-of-2.tsv": file(2),
    "part-1-of-2.tsv": file(3, 50),
    "x-0-of-2.tsv": file(1),
  });
  const { train } = await read(folder, { validation_split: 0.01 }, "part-*.tsv");
  expect(train.examples).toHaveLength(4);
  expect(await complaint(read(folder, {}, "x-*.tsv"))).toBe(
    `${join(folder, "x-*.tsv")}: 1 files, expected 2 as their names say`,
  );
  expect(await complaint(read(folder, {}, "y-*.tsv"))).toBe(`${join(folder, "y-*.tsv")}: no such files`);
});

test("bad rows of all files are counted where they are skipped", async () => {
  const folder = await folderOf({
    "train.tsv": `${file(3)}one field\nno label\t\n`,
    "dev.tsv": `${file(1)}what?\t7\n`,
  });
  const { train, validation, badRows } = await read(folder, { on_bad_row: "skip" });
  expect([train, validation].map(({ examples }) => examples.length)).toEqual([3, 1]);
  expect(badRows).toEqual({
    count: 3,
    reasons: [
      `${folder}/train.tsv:5: the number of fields is 1, expected 2 as in "sentence, label"`,
      `${folder}/train.tsv:6: no label in column "label"`,
      `${folder}/dev.tsv:3: unknown label "7", expected one of negative, positive`,
    ],
  });
  expect(await complaint(read(folder, {}))).toBe(badRows.reasons[0]);
});
