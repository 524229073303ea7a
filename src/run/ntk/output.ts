/** The folder of a study: empty, or one that the same study began. */
import { join } from "node:path";
import * as z from "zod";
import { readJson } from "../../hub/files.ts";
import { isThere } from "../adapter-files.ts";
import type { ConfigInput } from "../config.ts";
import { checkOutput } from "../output.ts";
import { type NtkConfig, parseNtkConfig } from "./config.ts";
import { studyFiles } from "./files.ts";

/** The settings that may be others where a study goes on: they do not say what is found. */
const passing = ["output_dir", "overwrite_output_dir", "threads", "device", "memory_mib"];

/**
 * Refuses a folder that a study could not be written to.
 * @throws Error in one line when it is a model's or a run's, holds other files or a study of other settings (and overwriting is not
 * asked for), or cannot be written.
 */
export async function checkStudyFolder({ input, common }: NtkConfig): Promise<void> {
  const { output_dir: folder, overwrite_output_dir: overwrite } = common;
  const path = join(folder, studyFiles.config);
  if (!(await isThere(path))) return checkOutput(folder, { overwrite });
  const before = await settingsIn(path);
  if (before === null) throw new Error(`${path}: is not that of a kernel study, expected another folder to write`);
  const isOther = (name: string) => JSON.stringify(before[name]) !== JSON.stringify(input[name]);
  const other = Object.keys(input).find((name) => !passing.includes(name) && isOther(name));
  if (other !== undefined && !overwrite)
    throw new Error(
      `${folder}: holds a study of another ${other}; give another folder, or --overwrite_output_dir to write into it`,
    );
  await checkOutput(folder, { overwrite: true });
}

/** All settings of the study that a folder holds; null where it is none. */
async function settingsIn(path: string): Promise<ConfigInput | null> {
  try {
    return parseNtkConfig(await readJson(path, z.record(z.string(), z.unknown()))).input;
  } catch {
    return null;
  }
}
