import { execFileSync, spawn } from "node:child_process";
import { chmod, readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { readTableFile } from "../formats/table.ts";
import { asNobody, complaint, folderOf } from "./folders.cases.ts";
import { withTableFile } from "./table-file.ts";

const read = (path: string) => withTableFile(path, (file) => readTableFile(file, {}, 5));

test("any part of a file is read, and the file is closed", async () => {
  const path = join(await folderOf({ "a.tsv": "\ufefftext\tlabel\nnaïve 文\t1\n" }), "a.tsv");
  const [whole, part, file] = await withTableFile(path, async (open) => {
    return [await open.slice(0), await open.slice(3, 7), open] as const;
  });
  expect(Buffer.from(whole)).toEqual(await readFile(path));
  expect(Buffer.from(part).toString()).toBe("text");
  expect(file.byteLength).toBe(whole.byteLength);
  await expect(file.slice(0, 1)).rejects.toThrow(/cannot be read: .+$/);
  expect((await read(path)).rows).toEqual([{ line: 2, values: { text: "naïve 文", label: "1" } }]);
});

test("what is no regular file is read as a whole", async () => {
  const path = join(await folderOf({ "a.tsv": "text\tlabel\nfine\t1\n" }), "b.tsv");
  execFileSync("mkfifo", [path]);
  spawn("sh", ["-c", `cat "${join(dirname(path), "a.tsv")}" > "${path}"`], { stdio: "ignore" });
  expect((await read(path)).rows).toEqual([{ line: 2, values: { text: "fine", label: "1" } }]);
});

test("a file that ends sooner than it did is refused", async () => {
  const path = join(await folderOf({ "a.tsv": "text\n" }), "a.tsv");
  expect(await complaint(withTableFile(path, (file) => file.slice(2, 9)))).toBe(
    `${path}: ends at byte 5, expected 9 bytes`,
  );
});

test("an empty file, a folder, a missing file and one without permission are refused", async () => {
  const folder = await folderOf({ "empty.tsv": "", "closed.tsv": "text\n" });
  const path = (name: string) => join(folder, name);
  expect(await complaint(read(path("empty.tsv")))).toBe(`${path("empty.tsv")}: is empty`);
  expect(await complaint(read(folder))).toBe(`${folder}: cannot be read: it is a folder, expected a file`);
  expect(await complaint(read(path("absent.tsv")))).toBe(
    `${path("absent.tsv")}: cannot be read: no such file or folder`,
  );
  await chmod(path("closed.tsv"), 0o000);
  await chmod(folder, 0o755);
  asNobody();
  expect(await complaint(read(path("closed.tsv")))).toBe(`${path("closed.tsv")}: cannot be read: permission denied`);
});
