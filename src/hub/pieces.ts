/** Reading and writing of many bytes in pieces, since one call of the system moves 2 GiB at most and may move less. */
import { createReadStream } from "node:fs";
import { fileError } from "./reasons.ts";

const largest = 2 ** 29;

/** What is needed of a FileHandle to read. */
export interface Source {
  read(bytes: Uint8Array, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
}

/** What is needed of a FileHandle to write. */
export interface Sink {
  write(bytes: Uint8Array, offset: number, length: number): Promise<{ readonly bytesWritten: number }>;
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

/** Writes all of `bytes` at the place which `handle` has come to; a system error comes through as it is. */
export async function writeFully(handle: Sink, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    done += (await handle.write(bytes, done, Math.min(bytes.length - done, largest))).bytesWritten;
  }
}

/**
 * The bytes of the file `path`, a mebibyte at a time.
 * @throws Error in one line when it cannot be read.
 */
export async function* bytesOf(path: string): AsyncGenerator<Uint8Array> {
  try {
    yield* createReadStream(path, { highWaterMark: 2 ** 20 }) as AsyncIterable<Uint8Array>;
  } catch (error) {
    throw fileError(path, "cannot be read", error);
  }
}
