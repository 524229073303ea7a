import { type FileHandle, open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { complaint, folderOf, temporaryFolder } from "./folders.cases.ts";
import { bytesOf, readFully, readFullySync, writeFully } from "./pieces.ts";

const digits = Buffer.from("0123456789");

async function opened(path: string, flags: string): Promise<FileHandle> {
  const handle = await open(path, flags);
  onTestFinished(() => handle.close());
  return handle;
}

test("a system that reads and writes three bytes at a time still moves all of them", async () => {
  const path = join(await temporaryFolder(), "file");
  const handle = await opened(path, "w+");
  const slow = {
    read: (bytes: Uint8Array, offset: number, length: number, position: number) =>
      handle.read(bytes, offset, Math.min(length, 3), position),
    write: (bytes: Uint8Array, offset: number, length: number, position?: number | null) =>
      handle.write(bytes, offset, Math.min(length, 3), position),
  };
  await writeFully(slow, digits);
  const bytes = new Uint8Array(8);
  await readFully(slow, bytes, 2, path);
  expect(Buffer.from(bytes).toString()).toBe("23456789");
  await writeFully(slow, Buffer.from("abcde"), 4);
  await readFully(slow, bytes, 2, path);
  expect(Buffer.from(bytes).toString()).toBe("23abcde9");
});

test("a file that ends too early is named with the byte it ends at", async () => {
  const path = join(await folderOf({ file: digits }), "file");
  expect(await complaint(readFully(await opened(path, "r"), new Uint8Array(8), 4, path))).toBe(
    `${path}: ends at byte 10, it has become shorter`,
  );
});

test("a part of a file is read at once", async () => {
  const path = join(await folderOf({ file: digits }), "file");
  const bytes = new Uint8Array(4);
  readFullySync(bytes, 3, path);
  expect(Buffer.from(bytes).toString()).toBe("3456");
  expect(() => readFullySync(bytes, 8, path)).toThrow(new Error(`${path}: ends at byte 10, it has become shorter`));
  const absent = `${path}.absent`;
  expect(() => readFullySync(bytes, 0, absent)).toThrow(new Error(`${absent}: cannot be read: no such file or folder`));
});

test("a file is read a mebibyte at a time", async () => {
  const path = join(await temporaryFolder(), "file");
  await writeFile(path, new Uint8Array(2 ** 20 + 5).fill(1));
  const lengths: number[] = [];
  for await (const piece of bytesOf(path)) lengths.push(piece.length);
  expect(lengths).toEqual([2 ** 20, 5]);
  for await (const piece of bytesOf(path, 2 ** 20 + 2)) lengths.push(piece.length);
  expect(lengths).toEqual([2 ** 20, 5, 3]);
});
