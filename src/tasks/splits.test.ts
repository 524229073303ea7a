import { expect, test } from "vitest";
import { findSplits } from "./splits.ts";

test.each<[string[], (string | null)[]]>([
  [
    ["test.tsv", "train.tsv", "dev.tsv"],
    ["train.tsv", "dev.tsv", null],
  ],
  [
    ["val.tsv", "train.tsv", "dev.tsv", "test.tsv"],
    ["train.tsv", "dev.tsv", null],
  ],
  [
    ["train.jsonl", "val.jsonl"],
    ["train.jsonl", "val.jsonl", null],
  ],
  [
    ["mnli_matched", "mnli_mismatched", "train_subset.jsonl"],
    ["train_subset.jsonl", "mnli_matched", "mnli_mismatched"],
  ],
  [
    ["train.tsv", "dev_mismatched.tsv", "dev_matched.tsv"],
    ["train.tsv", "dev_matched.tsv", "dev_mismatched.tsv"],
  ],
  [
    ["validation_matched.csv", "train.csv", "validation_mismatched.csv"],
    ["train.csv", "validation_matched.csv", "validation_mismatched.csv"],
  ],
  [["train_subset.jsonl"], ["train_subset.jsonl", null, null]],
  [
    ["readme.txt", "train.txt", "validation.txt", "test.txt"],
    ["train.txt", "validation.txt", null],
  ],
  [
    ["train.txt", "train.csv", "dev.txt"],
    ["train.csv", "dev.txt", null],
  ],
  [
    ["notes.txt", "train.tsv.bak"],
    [null, null, null],
  ],
  [[], [null, null, null]],
])("finds the parts of %j", (fileNames, [train, validation, validationMismatched]) => {
  expect(findSplits(fileNames)).toEqual({ train, validation, validationMismatched });
});
