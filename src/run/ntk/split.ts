/** Splits of the data of a study: which examples a kernel learns from, and which it is tested on. */
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Dataset } from "../../data/examples.ts";
import { fewShot, sampled } from "../../data/few-shot.ts";
import { findSplits } from "../../tasks/splits.ts";
import { wholeTable } from "../../tasks/table-set.ts";
import type { Task } from "../../tasks/task.ts";
import { readTaskFile } from "../data.ts";
import { filesIn, readTables } from "../table-files.ts";
import type { NtkConfig } from "./config.ts";

export interface Split {
  /** As in tables: `seed 13`. */
  readonly name: string;
  /** Of its folder among the study's files. */
  readonly folder: string;
  /** The data's file or folder. */
  readonly data: string;
  readonly seed: number;
  /** How many examples of each class are to be drawn; null where the data is the split. */
  readonly shots: number | null;
}

/** The splits that a study asks for. A folder `16-13` in the data is the split of 16 examples a class by seed 13. */
export async function splitsOf({ ntk: { shots, seeds }, common }: NtkConfig): Promise<Split[]> {
  return Promise.all(
    (seeds ?? [common.seed]).map(async (seed): Promise<Split> => {
      const drawn = { name: `seed ${seed}`, folder: shots === null ? `seed-${seed}` : `${shots}-${seed}`, seed };
      if (shots === null) return { ...drawn, data: common.data, shots };
      const given = join(common.data, `${shots}-${seed}`);
      const found = await stat(given).catch(() => null);
      return found?.isDirectory() ? { ...drawn, data: given, shots: null } : { ...drawn, data: common.data, shots };
    }),
  );
}

/** The training and validation examples of a split. @throws Error in one line for a class of too few examples. */
export function drawn(
  { shots, seed }: Split,
  { labels }: Task,
  data: { readonly train: Dataset; readonly validation: Dataset },
): { readonly train: Dataset; readonly validation: Dataset } {
  return shots === null ? data : fewShot(data.train, labels ?? [], shots, seed);
}

/** By which the test examples are drawn, whatever the split, as LM-Kernel-FT does. */
const TEST_SEED = 42;

/**
 * The test examples of a split, as many as are wanted.
 * @param validation of the data: its validation file, or what is held out of its training file
 */
export async function testExamples(
  task: Task,
  split: Split,
  { ntk }: NtkConfig,
  validation: Dataset,
): Promise<Dataset> {
  const file = ntk.test_file ?? (await labelledTestFile(task, split.data));
  return sampled(file === null ? validation : await readTaskFile(task, file), ntk.max_test_samples, TEST_SEED);
}

/** The test file of a folder, if it has labels, as GLUE's have not. */
async function labelledTestFile(task: Task, folder: string): Promise<string | null> {
  const found = await stat(folder).catch(() => null);
  if (!found?.isDirectory()) return null;
  const { test } = findSplits(await filesIn(folder));
  if (test === null) return null;
  const file = join(folder, test);
  const { columns, rows } = wholeTable(await readTables(file, task));
  const label = task.labelColumns.find((column) => columns.includes(column));
  return label !== undefined && rows[0]?.values[label] !== "-1" ? file : null;
}
