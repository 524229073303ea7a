import { expect, test } from "vitest";
import { findSplits } from "./splits.ts";

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
])("finds the parts of %j", (fileNames, [train, validation, validationMismatched, test]) => {
  expect(findSplits(fileNames)).toEqual({ train, validation, validationMismatched, test });
});
