import { chmod, truncate } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { readTextFile } from "./dataset.ts";
import { asNobody, complaint, folderOf } from "./folders.cases.ts";

test("a text file is read as it is, less its byte order mark", async () => {
  const folder = await folderOf({ "train.tsv": "\ufeffsentence\tlabel\r\nnaïve 文\t1\n" });
  expect(await readTextFile(join(folder, "train.tsv"))).toBe("sentence\tlabel\r\nnaïve 文\t1\n");
});

test.each([
  ["empty", "", ": is empty"],
  ["mark", "\ufeff", ": is empty"],
  ["latin1", Uint8Array.of(0x61, 0x0a, 0xef, 0x62), ":2: bytes that are not UTF-8, expected UTF-8 text"],
  ["long", "123456789", ": is 0.0 MiB, expected at most 0.0 MiB; split it"],
])("a file is refused: %s", async (name, data, expected) => {
  const path = join(await folderOf({ [name]: data }), name);
  expect(await complaint(readTextFile(path, 8))).toBe(`${path}${expected}`);
});

test("a file larger than a string is refused before it is read", async () => {
  const path = join(await folderOf({ large: "x" }), "large");
  await truncate(path, 3 * 2 ** 30);
  expect(await complaint(readTextFile(path))).toBe(`${path}: is 3072.0 MiB, expected at most 512.0 MiB; split it`);
});

test("a folder, a missing file and a file below a file are refused", async () => {
  const folder = await folderOf({ file: "x" });
  const [absent, below] = [join(folder, "absent"), join(folder, "file", "below")];
  expect(await complaint(readTextFile(folder))).toBe(`${folder}: cannot be read: it is a folder, expected a file`);
  expect(await complaint(readTextFile(absent))).toBe(`${absent}: cannot be read: no such file or folder`);
  expect(await complaint(readTextFile(below))).toBe(
    `${below}: cannot be read: a part of the path is a file, expected a folder`,
  );
});

test("a file without permission is refused", async () => {
  const path = join(await folderOf({ file: "x" }), "file");
  await chmod(path, 0o000);
  await chmod(dirname(path), 0o755);
  asNobody();
  expect(await complaint(readTextFile(path))).toBe(`${path}: cannot be read: permission denied`);
});
