/** Reading and writing of many bytes in pieces, since one call of the system moves 2 GiB at most and may move less. */
import { closeSync, createReadStream, openSync, readSync } from "node:fs";
import { fileError } from "./reasons.ts";

const largest = 2 ** 29;

/** What is needed of a FileHandle to read. */
export interface Source {
  read(bytes: Uint8Array, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
}

/** What is needed of a FileHandle to write. */
export interface Sink {
  write(
    bytes: Uint8Array,
    offset: number,
    length: number,
    position?: number | null,
  ): Promise<{ readonly bytesWritten: number }>;
}

/**
 * Fills `bytes` from byte `position` of the file `path`, which is open as `handle`.
 * @throws Error in one line when it cannot be read or ends before `bytes` is full.
 */
export async function readFully(handle: Source, bytes: Uint8Array, position: number, path: string): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const { bytesRead } = await handle
      .read(bytes, done, Math.min(bytes.length - done, largest), position + done)
      .catch((error: unknown) => Promise.reject(fileError(path, "cannot be read", error)));
    if (bytesRead === 0) throw new Error(`${path}: ends at byte ${position + done}, it has become shorter`);
    done += bytesRead;
  }
}

/**
 * Fills `bytes` from byte `position` of the file `path` before it returns.
 * @throws Error in one line when it cannot be read or ends before `bytes` is full.
 */
export function readFullySync(bytes: Uint8Array, position: number, path: string): void {
  let file: number | null = null;
  try {
    file = openSync(path, "r");
    for (let done = 0; done < bytes.length;) {
      const count = readSync(file, bytes, done, Math.min(bytes.length - done, largest), position + done);
      if (count === 0) throw new Error(`${path}: ends at byte ${position + done}, it has become shorter`);
      done += count;
    }
  } catch (error) {
    throw fileError(path, "cannot be read", error);
  } finally {
    if (file !== null) closeSync(file);
  }
}

/**
 * Writes all of `bytes`; a system error comes through as it is.
 * @param position the byte of the file to begin at; the place which `handle` has come to unless given
 */
export async function writeFully(handle: Sink, bytes: Uint8Array, position?: number): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const at = position === undefined ? null : position + done;
    done += (await handle.write(bytes, done, Math.min(bytes.length - done, largest), at)).bytesWritten;
  }
}

/**
 * The bytes of the file `path` from `start` on, a mebibyte at a time.
 * @throws Error in one line when it cannot be read.
 */
export async function* bytesOf(path: string, start = 0): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path, { start, highWaterMark: 2 ** 20 }) as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw fileError(path, "cannot be read", error);
  }
}
