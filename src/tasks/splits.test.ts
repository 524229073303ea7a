import { expect, test } from "vitest";
import { findSplits, splitNamed } from "./splits.ts";

test.each<[string[], (string | null)[]]>([
  [
    ["test.tsv", "train.tsv", "dev.tsv"],
    ["train.tsv", "dev.tsv", null, "test.tsv"],
  ],
  [
    ["val.tsv", "train.tsv", "dev.tsv", "test.tsv"],
    ["train.tsv", "dev.tsv", null, "test.tsv"],
  ],
  [
    ["train.jsonl", "val.jsonl"],
    ["train.jsonl", "val.jsonl", null, null],
  ],
  [
    ["mnli_matched", "mnli_mismatched", "train_subset.jsonl"],
    ["train_subset.jsonl", "mnli_matched", "mnli_mismatched", null],
  ],
  [
    ["train.tsv", "dev_mismatched.tsv", "dev_matched.tsv"],
    ["train.tsv", "dev_matched.tsv", "dev_mismatched.tsv", null],
  ],
  [
    ["validation_matched.csv", "train.csv", "validation_mismatched.csv"],
    ["train.csv", "validation_matched.csv", "validation_mismatched.csv", null],
  ],
  [["train_subset.jsonl"], ["train_subset.jsonl", null, null, null]],
  [
    ["readme.txt", "train.txt", "validation.txt", "test.txt"],
    ["train.txt", "validation.txt", null, "test.txt"],
  ],
  [
    ["train.txt", "train.csv", "dev.txt"],
    ["train.csv", "dev.txt", null, null],
  ],
  [
    ["notes.txt", "train.tsv.bak"],
    [null, null, null, null],
  ],
  [[], [null, null, null, null]],
  [
    ["README.md", "data/train-00000-of-00001.parquet", "data/validation-00000-of-00001.parquet"],
    ["data/train-00000-of-00001.parquet", "data/validation-00000-of-00001.parquet", null, null],
  ],
  [
    [
      "train-00001-of-00002.parquet",
      "train-00000-of-00002.parquet",
      "test-00000-of-00001.parquet",
      "validation_matched-00000-of-00001.parquet",
      "validation_mismatched-00000-of-00001.parquet",
    ],
    [
      "train-*-of-00002*.parquet",
      "validation_matched-00000-of-00001.parquet",
      "validation_mismatched-00000-of-00001.parquet",
      "test-00000-of-00001.parquet",
    ],
  ],
  [
    ["data/train-00000-of-00002-0a1b2c.parquet", "data/train-00001-of-00002-3d4e5f.parquet", "train-of-thought.jsonl"],
    ["data/train-*-of-00002*.parquet", null, null, null],
  ],
  [
    ["data/train.parquet", "train-00000-of-00001.jsonl", "dev.parquet"],
    ["train-00000-of-00001.jsonl", "dev.parquet", null, null],
  ],
])("finds the parts of %j", (fileNames, [train, validation, validationMismatched, test]) => {
  expect(findSplits(fileNames)).toEqual({ train, validation, validationMismatched, test });
});

test.each<[string, ReturnType<typeof splitNamed>]>([
  ["glue/sst2/dev.tsv", "validation"],
  ["dev_mismatched.jsonl", "validationMismatched"],
  ["C:\\data\\test.parquet", "test"],
  ["train", "train"],
  ["data/test-00001-of-00002-0a1b2c.parquet", "test"],
  ["data/train-*-of-00002*.parquet", "train"],
  ["test/mails.txt", null],
  ["train-of-thought.jsonl", null],
  ["dev-v1.1.json", null],
])("%s is called %s", (path, split) => {
  expect(splitNamed(path)).toBe(split);
});
