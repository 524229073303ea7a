/** Text files that a person names: data sets and configurations. */
import { constants } from "node:buffer";
import { readFile, stat } from "node:fs/promises";
import { decodeUtf8 } from "../formats/text.ts";
import { fileError } from "./reasons.ts";

/**
 * The text of a UTF-8 file, without a byte order mark.
 * @param maximum The largest size in bytes; by default what one string can hold.
 * @throws Error in one line when the file is missing, unreadable, a folder, empty, too large or not UTF-8.
 */
export async function readTextFile(path: string, maximum: number = constants.MAX_STRING_LENGTH): Promise<string> {
  const bytes = await readBytes(path, maximum);
  const text = decodeUtf8(bytes, path);
  if (text === "") throw new Error(`${path}: is empty`);
  return text;
}

async function readBytes(path: string, maximum: number): Promise<Uint8Array> {
  try {
    // The size is looked at first so that a file too large is refused before its bytes take memory.
    refuseLarge(path, (await stat(path)).size, maximum);
    const bytes = await readFile(path);
    refuseLarge(path, bytes.length, maximum);
    return bytes;
  } catch (error) {
    throw fileError(path, "cannot be read", error);
  }
}

function refuseLarge(path: string, size: number, maximum: number): void {
  if (size > maximum)
    throw new Error(`${path}: is ${inMebibytes(size)}, expected at most ${inMebibytes(maximum)}; split it`);
}

function inMebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
