/** The files that LM-BFF's programs draw: 16 examples of each class, the rows as those programs count them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Dataset } from "../data/examples.ts";
import { readDataset } from "./read.ts";
import { tasks } from "./registry.ts";
import { findSplits } from "./splits.ts";

const folder = process.env["ROCOFT_DATA"] ?? "";
const reason = folder ? "" : " (skipped: ROCOFT_DATA names no folder)";
const seeds = [13, 21, 42];

type Name = "sst2" | "mrpc" | "rte" | "qnli" | "mr" | "trec";

/** The class of every row, by their ids. */
function counted({ examples }: Dataset, classes: number): number[] {
  return Array.from({ length: classes }, (_, id) => examples.filter(({ label }) => label === id).length);
}

// Of the test set, how many rows of each class.
test.skipIf(!folder).each<[Name, string, number[]]>([
  ["sst2", "SST-2", [428, 444]],
  ["mrpc", "MRPC", [129, 279]],
  ["rte", "RTE", [146, 131]],
  ["qnli", "QNLI", [2_702, 2_761]],
  ["mr", "mr", [1_000, 1_000]],
  ["trec", "trec", [138, 94, 9, 65, 81, 113]],
])(`%s: the files of %s${reason}`, (name, place, classes) => {
  for (const seed of seeds) {
    const at = join(folder, "fewshot", place, `16-${seed}`);
    const { train, validation, test: last } = findSplits(readdirSync(at));
    const task = tasks[name].resolve({ columns: [], rows: [] }, at, {});
    const read = (file: string | null) => {
      const where = join(at, file!);
      return counted(readDataset(task, { where, text: readFileSync(where, "utf8") }), task.labels!.length);
    };
    expect([read(train), read(validation)], at).toEqual([classes.map(() => 16), classes.map(() => 16)]);
    expect(read(last), at).toEqual(classes);
  }
});
