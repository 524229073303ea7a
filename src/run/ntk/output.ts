/** The folder of a study: empty, or one that the same study began. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { checkOutput } from "../output.ts";
import { studyFiles } from "./files.ts";

/**
 * Refuses a folder that a study could not be written to.
 * @throws Error in one line when the folder holds something else (and overwriting is not asked for) or cannot be written.
 */
export async function checkStudyFolder(folder: string, config: string, overwrite: boolean): Promise<void> {
  const there = await readFile(join(folder, studyFiles.config), "utf8").catch(() => null);
  await checkOutput(folder, { overwrite: overwrite || there === config });
}
