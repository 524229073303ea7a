/** A checkpoint folder that transformers loads, written whole or not at all. */
import { mkdir, readdir, rename, rm, rmdir } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { encodeSafetensors } from "../formats/safetensors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { configFile, weightsFile } from "./checkpoint.ts";
import { notEmpty, temporaryName, writeAtomically } from "./files.ts";
import type { JsonObject } from "./model-folder.ts";
import { bytesOf } from "./pieces.ts";
import { errorCode, fileError } from "./reasons.ts";

export interface CheckpointContents {
  readonly config: JsonObject;
  /** The paths of files to copy under their own names: a tokenizer's, mostly. */
  readonly files: readonly string[];
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** The metadata of model.safetensors; transformers asks for a `format`. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/**
 * Writes config.json, model.safetensors and copies of `files` into `folder`. Everything is written to a temporary folder
 * first. A new folder then appears by one renaming; in a folder that exists the files are renamed one by one,
 * config.json last, so that an interruption leaves no folder that could be taken for a model.
 * @param options `overwrite` accepts a folder that holds files: those of the same names are replaced, none is deleted.
 * @throws Error in one line naming the path and the reason; until all is written, nothing that was there is touched.
 */
export async function writeModelFolder(
  folder: string,
  contents: CheckpointContents,
  options: { readonly overwrite?: boolean } = {},
): Promise<void> {
  const target = resolve(folder);
  const present = await namesIn(target);
  if (present !== null && present.length > 0 && !options.overwrite) throw notEmpty(folder);
  // Inside a folder that exists, because it may be a mount point, to which nothing can be renamed from beside it.
  const staging = temporaryName(present === null ? target : join(target, ".model"));
  try {
    await mkdir(staging, { recursive: true });
    await writeFiles(staging, contents);
    if (present === null) await rename(staging, target);
    else await moveFiles(staging, target);
  } catch (error) {
    await rm(staging, { recursive: true, force: true }).catch(() => {});
    throw fileError(folder, "cannot be written", error);
  }
}

/** The names in a folder; null when there is no such folder. */
async function namesIn(folder: string): Promise<string[] | null> {
  try {
    return await readdir(folder);
  } catch (error) {
    if (errorCode(error) === "ENOENT") return null;
    throw fileError(folder, "cannot be used for output", error);
  }
}

async function writeFiles(
  staging: string,
  { config, files, tensors, metadata = { format: "pt" } }: CheckpointContents,
): Promise<void> {
  for (const path of files) await writeAtomically(join(staging, basename(path)), bytesOf(path));
  await writeAtomically(join(staging, weightsFile), encodeSafetensors(tensors, metadata));
  await writeAtomically(join(staging, configFile), `${JSON.stringify(config, null, 2)}\n`);
}

async function moveFiles(staging: string, target: string): Promise<void> {
  const names = (await readdir(staging)).filter((name) => name !== configFile);
  await rm(join(target, configFile), { force: true });
  for (const name of [...names, configFile]) await rename(join(staging, name), join(target, name));
  await rmdir(staging);
}
