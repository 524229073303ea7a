/** Files written whole or not at all, folders for output, JSON and hashes. */
import { createHash, randomUUID } from "node:crypto";
import { mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import type * as z from "zod";
import { readTextFile } from "./dataset.ts";
import { bytesOf, writeFully } from "./pieces.ts";
import { fileError, oneLine } from "./reasons.ts";

/** What a file is to hold: text, or bytes piece by piece. */
export type Contents = Iterable<Uint8Array> | AsyncIterable<Uint8Array> | string;

/**
 * Writes a file so that `path` holds either what it held before or all of the new contents: the bytes go to a temporary
 * name in the same folder, are flushed to the disk, and take the final name last.
 * @throws Error in one line naming the path and the reason; an error thrown by `contents` comes through as it is. In
 * both cases the temporary file is gone.
 */
export async function writeAtomically(path: string, contents: Contents): Promise<void> {
  const temporary = temporaryName(path);
  try {
    const handle = await open(temporary, "wx");
    try {
      for await (const chunk of typeof contents === "string" ? [Buffer.from(contents)] : contents) {
        await writeFully(handle, chunk);
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw fileError(path, "cannot be written", error);
  }
}

/** A name beside `path` that no other writer uses. */
export function temporaryName(path: string): string {
  return `${path}.${randomUUID()}.tmp`;
}

/** Whether a file's name is one that `temporaryName` gave. */
export function isTemporary(name: string): boolean {
  return /\.[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\.tmp$/.test(name);
}

/**
 * Makes sure that `path` is a folder which files can be written to, so that a long run does not end in vain.
 * @param options `overwrite` accepts a folder that holds files already. None of them is deleted.
 * @returns The absolute path.
 * @throws Error in one line when the folder holds files and `overwrite` is false, or when it cannot be made or written.
 */
export async function createOutputFolder(path: string, options: { readonly overwrite: boolean }): Promise<string> {
  const folder = resolve(path);
  try {
    await mkdir(folder, { recursive: true });
    const names = await readdir(folder);
    if (names.length > 0 && !options.overwrite) throw notEmpty(path);
    const probe = temporaryName(join(folder, "probe"));
    await (await open(probe, "wx")).close();
    await rm(probe);
  } catch (error) {
    throw fileError(path, "cannot be used for output", error);
  }
  return folder;
}

/** The refusal of an output folder that holds files. */
export function notEmpty(path: string): Error {
  return new Error(`${path}: holds files already; give another folder, or --overwrite_output_dir to write into it`);
}

/**
 * The JSON of a file, checked and converted by `schema`.
 * @throws Error in one line when the file is missing, malformed, or differs from the schema: `config.json: hidden_size: …`.
 */
export async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T> {
  const text = await readTextFile(path);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new Error(`${path}: is not valid JSON: ${oneLine(error)}`, { cause: error });
  }
  try {
    return conform(schema, json);
  } catch (error) {
    throw new Error(`${path}: ${oneLine(error)}`, { cause: error });
  }
}

/**
 * `value` as `schema` describes it.
 * @throws Error in one line that names the first field which differs: `hidden_size: expected …`.
 */
export function conform<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [first, ...others] = result.error.issues;
  const field = first!.path.length > 0 ? `${first!.path.map(String).join(".")}: ` : "";
  const more = others.length > 0 ? ` (and ${others.length} more)` : "";
  throw new Error(oneLine(`${field}${first!.message}${more}`));
}

/** The SHA-256 of a file as 64 hexadecimal digits, read piece by piece. */
export function sha256File(path: string): Promise<string> {
  return sha256Files([path]);
}

/** The SHA-256 of the bytes of all `paths`, one file after the other, as 64 hexadecimal digits; of each from `start` on. */
export async function sha256Files(paths: readonly string[], start = 0): Promise<string> {
  const hash = createHash("sha256");
  for (const path of paths) for await (const piece of bytesOf(path, start)) hash.update(piece);
  return hash.digest("hex");
}

/** The same, read when it is first asked for and kept. */
export function sha256Once(paths: readonly string[]): () => Promise<string> {
  let known: Promise<string> | undefined;
  return () => (known ??= sha256Files(paths));
}
