/** Folders of a model, written whole or not at all: the checkpoint that transformers loads, and others beside config.json. */
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { encodeSafetensors } from "../formats/safetensors.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { configFile, weightsFile } from "./checkpoint.ts";
import { type Contents, notEmpty, temporaryName, writeAtomically } from "./files.ts";
import type { JsonObject } from "./model-folder.ts";
import { bytesOf } from "./pieces.ts";
import { errorCode, fileError } from "./reasons.ts";

interface Companions {
  readonly config: JsonObject;
  /** The paths of files to copy under their own names: a tokenizer's, mostly. */
  readonly files: readonly string[];
}

export interface CheckpointContents extends Companions {
  readonly tensors: ReadonlyMap<string, Tensor>;
  /** JSON that is written besides, by the names of its files. */
  readonly made?: Readonly<Record<string, JsonObject>>;
  /** The metadata of model.safetensors; transformers asks for a `format`. */
  readonly metadata?: Readonly<Record<string, string>>;
}

export interface FolderContents extends Companions {
  /** What else is written, by paths in the folder. */
  readonly made: Readonly<Record<string, Contents>>;
}

export interface SaveOptions {
  /** Accepts a folder that holds files: those of the same names are replaced, none is deleted. */
  readonly overwrite?: boolean;
}

/** Writes config.json, model.safetensors, copies of `files` and what is `made` into `folder`, as {@link writeFolder} does. */
export async function writeModelFolder(
  folder: string,
  { tensors, metadata = { format: "pt" }, made = {}, ...companions }: CheckpointContents,
  options: SaveOptions = {},
): Promise<void> {
  const weights = encodeSafetensors(tensors, metadata);
  await writeFolder(folder, { ...companions, made: { ...jsonFiles(made), [weightsFile]: weights } }, options);
}

/** The texts of files of JSON. */
export function jsonFiles(objects: Readonly<Record<string, JsonObject>>): Record<string, string> {
  return Object.fromEntries(Object.entries(objects).map(([name, json]) => [name, jsonText(json)]));
}

function jsonText(json: JsonObject): string {
  return `${JSON.stringify(json, null, 2)}\n`;
}

/**
 * Writes config.json, copies of `files` and what is `made` into `folder`, as {@link writeFiles} does, config.json last, so
 * that an interruption leaves no folder that could be taken for a model.
 * @returns The paths of the files in the folder.
 * @throws Error as {@link writeFiles}.
 */
export function writeFolder(
  folder: string,
  { config, files, made }: FolderContents,
  options: SaveOptions = {},
): Promise<string[]> {
  const contents = new Map<string, Contents>([
    ...files.map((path) => [basename(path), bytesOf(path)] as const),
    ...Object.entries(made),
    [configFile, jsonText(config)],
  ]);
  return writeFiles(folder, contents, options);
}

/**
 * Writes files into `folder`. Everything is written to a temporary folder first. A new folder then appears by one renaming; in a
 * folder that exists the files are renamed one by one. The last of them is what the folder is known by: until all others are
 * there, it is not.
 * @param contents by their paths in the folder
 * @returns The paths.
 * @throws Error in one line naming the path and the reason; until all is written, nothing that was there is touched.
 */
export async function writeFiles(
  folder: string,
  contents: ReadonlyMap<string, Contents>,
  options: SaveOptions = {},
): Promise<string[]> {
  const target = resolve(folder);
  const present = await namesIn(target);
  if (present !== null && present.length > 0 && !options.overwrite) throw notEmpty(folder);
  const names = [...contents.keys()];
  // Inside a folder that exists, because it may be a mount point, to which nothing can be renamed from beside it.
  const staging = temporaryName(present === null ? target : join(target, ".model"));
  try {
    await mkdir(staging, { recursive: true });
    for (const [name, content] of contents) await writeAtomically(await inFolder(staging, name), content);
    if (present === null) await rename(staging, target);
    else await moveFiles(names, staging, target);
  } catch (error) {
    await rm(staging, { recursive: true, force: true }).catch(() => {});
    throw fileError(folder, "cannot be written", error);
  }
  return names;
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

/** The path of `name` in a folder; the folders in between are made. */
async function inFolder(folder: string, name: string): Promise<string> {
  const path = join(folder, name);
  await mkdir(dirname(path), { recursive: true });
  return path;
}

async function moveFiles(names: readonly string[], staging: string, target: string): Promise<void> {
  await rm(join(target, names.at(-1)!), { force: true });
  for (const name of names) await rename(join(staging, name), await inFolder(target, name));
  await rm(staging, { recursive: true });
}
