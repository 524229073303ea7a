/** Whether a folder may be written to, asked before any long work. Nothing is left there. */
import { open, readdir, realpath, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { notEmpty, temporaryName } from "../hub/files.ts";
import { errorCode, fileError } from "../hub/reasons.ts";

/**
 * Refuses an output folder that a run could not be written to.
 * @throws Error in one line when the folder holds files (and overwriting is not asked for) or cannot be written.
 */
export async function checkOutput(folder: string, { overwrite }: { readonly overwrite: boolean }): Promise<void> {
  try {
    const names = await namesIn(folder);
    if (names !== null && names.length > 0 && !overwrite) throw notEmpty(folder);
    let existing = resolve(folder);
    for (; (await namesIn(existing)) === null; existing = dirname(existing));
    const probe = temporaryName(join(existing, "probe"));
    await (await open(probe, "wx")).close();
    await rm(probe);
  } catch (error) {
    throw fileError(folder, "cannot be used for output", error);
  }
}

/** The names in a folder; null when there is no such folder. */
async function namesIn(folder: string): Promise<string[] | null> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw error;
  }
}

/**
 * Refuses to write over what is read: a base model, or a run.
 * @throws Error in one line when `output` is the folder `input`.
 */
export async function refuseSameFolder(output: string, input: string): Promise<void> {
  const [a, b] = await Promise.all([output, input].map((path) => realpath(path).catch(() => null)));
  if (a !== null && a === b) throw new Error(`${output}: is read by this command, expected another folder to write`);
}
