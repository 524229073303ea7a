import { type FileHandle, open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { complaint, folderOf, temporaryFolder } from "./folders.cases.ts";
import { bytesOf, readFully, writeFully } from "./pieces.ts";

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
    write: (bytes: Uint8Array, offset: number, length: number) => handle.write(bytes, offset, Math.min(length, 3)),
  };
  await writeFully(slow, digits);
  const bytes = new Uint8Array(8);
  await readFully(slow, bytes, 2, path);
  expect(Buffer.from(bytes).toString()).toBe("23456789");
});

test("a file that ends too early is named with the byte it ends at", async () => {
  const path = join(await folderOf({ file: digits }), "file");
  expect(await complaint(readFully(await opened(path, "r"), new Uint8Array(8), 4, path))).toBe(
    `${path}: ends at byte 10, it has become shorter`,
  );
});

test("a file is read a mebibyte at a time", async () => {
  const path = join(await temporaryFolder(), "file");
  await writeFile(path, new Uint8Array(2 ** 20 + 5).fill(1));
  const lengths: number[] = [];
  for await (const piece of bytesOf(path)) lengths.push(piece.length);
  expect(lengths).toEqual([2 ** 20, 5]);
});
