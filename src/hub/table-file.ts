/** Files of tables on this machine. */
import { type FileHandle, open } from "node:fs/promises";
import type { TableFile } from "../formats/table.ts";
import { fileError } from "./reasons.ts";

/**
 * Gives the file at `path` to `use`, and closes it behind that.
 * @throws Error in one line when the file is missing, unreadable, a folder or empty.
 */
export async function withTableFile<T>(path: string, use: (file: TableFile) => Promise<T>): Promise<T> {
  const handle = await open(path).catch((error: unknown) => {
    throw fileError(path, "cannot be read", error);
  });
  try {
    return await use(await tableFile(handle, path));
  } finally {
    await handle.close();
  }
}

async function tableFile(handle: FileHandle, where: string): Promise<TableFile> {
  const information = await handle.stat();
  if (information.isDirectory()) throw new Error(`${where}: cannot be read: it is a folder, expected a file`);
  if (!information.isFile()) return wholeFile(await handle.readFile(), where);
  const { size: byteLength } = information;
  if (byteLength === 0) throw new Error(`${where}: is empty`);
  const slice = async (begin: number, end: number = byteLength): Promise<ArrayBuffer> => {
    const bytes = new Uint8Array(end - begin);
    for (let at = 0; at < bytes.length;) {
      const { bytesRead } = await handle.read(bytes, at, bytes.length - at, begin + at).catch((error: unknown) => {
        throw fileError(where, "cannot be read", error);
      });
      if (bytesRead === 0) throw new Error(`${where}: ends at byte ${begin + at}, expected ${end} bytes`);
      at += bytesRead;
    }
    return bytes.buffer;
  };
  return { where, byteLength, slice };
}

/** What cannot be read twice, as a pipe, is read at once. */
function wholeFile(bytes: Uint8Array, where: string): TableFile {
  if (bytes.length === 0) throw new Error(`${where}: is empty`);
  const copy = new Uint8Array(bytes);
  const slice = async (begin: number, end?: number) => copy.slice(begin, end).buffer;
  return { where, byteLength: copy.length, slice };
}
