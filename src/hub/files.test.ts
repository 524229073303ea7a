import { chmod, mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import * as z from "zod";
import { createOutputFolder, readJson, sha256File, sha256Files, writeAtomically } from "./files.ts";
import { asNobody, complaint, folderOf, temporaryFolder } from "./folders.cases.ts";

function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: as the system says it, write`), { code, syscall: "write" });
}

async function* arriving(): AsyncGenerator<Uint8Array> {
  for (const piece of ["se", "", "cond"]) yield Buffer.from(piece);
}

function* wrong(): Generator<Uint8Array> {
  yield Buffer.from("new");
  throw new Error("the contents are wrong");
}

test("a file is written from text, from pieces and from pieces that arrive one by one", async () => {
  const path = join(await temporaryFolder(), "file");
  await writeAtomically(path, "erst");
  expect(await readFile(path, "utf8")).toBe("erst");
  await writeAtomically(path, arriving());
  expect(await readFile(path, "utf8")).toBe("second");
  await writeAtomically(path, [Uint8Array.of(0, 255), Uint8Array.of(7)]);
  expect([...(await readFile(path))]).toEqual([0, 255, 7]);
});

test("while a file is written, and when writing fails, its name keeps the old contents and no temporary file stays", async () => {
  const folder = await folderOf({ file: "old" });
  const path = join(folder, "file");
  async function* failing() {
    yield Buffer.from("new");
    expect(await readFile(path, "utf8")).toBe("old");
    expect(await readdir(folder)).toHaveLength(2);
    throw systemError("ENOSPC");
  }
  expect(await complaint(writeAtomically(path, failing()))).toBe(
    `${path}: cannot be written: no space left on the disk`,
  );
  expect(await readdir(folder)).toEqual(["file"]);
  expect(await readFile(path, "utf8")).toBe("old");
});

test.each([
  ["EROFS", "the file system is read-only"],
  ["EDQUOT", "the disk quota is used up"],
  ["EWHATEVER", "EWHATEVER: as the system says it, write"],
])("the system error %s is put as: %s", async (code, reason) => {
  const path = join(await temporaryFolder(), "file");
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield Buffer.from("new");
    throw systemError(code);
  }
  expect(await complaint(writeAtomically(path, failing()))).toBe(`${path}: cannot be written: ${reason}`);
});

test("an error of the contents comes through as it is", async () => {
  const folder = await temporaryFolder();
  expect(await complaint(writeAtomically(join(folder, "file"), wrong()))).toBe("the contents are wrong");
  expect(await readdir(folder)).toEqual([]);
});

test("a file that cannot be written says why", async () => {
  const folder = await folderOf({ file: "" });
  await mkdir(join(folder, "taken", "inside"), { recursive: true });
  const under = join(folder, "file", "deeper");
  const absent = join(folder, "absent", "file");
  const taken = join(folder, "taken");
  expect(await complaint(writeAtomically(under, "x"))).toBe(
    `${under}: cannot be written: a part of the path is a file, expected a folder`,
  );
  expect(await complaint(writeAtomically(absent, "x"))).toBe(`${absent}: cannot be written: no such file or folder`);
  expect(await complaint(writeAtomically(taken, "x"))).toBe(
    `${taken}: cannot be written: it is a folder, expected a file`,
  );
  expect(await complaint(writeAtomically(join(folder, "nul\0"), "x"))).toMatch(/cannot be written: .*null bytes/);
  expect((await readdir(folder)).sort()).toEqual(["file", "taken"]);
});

test("a file in a folder without permission is refused", async () => {
  const path = join(await temporaryFolder(), "file");
  await chmod(dirname(path), 0o555);
  asNobody();
  expect(await complaint(writeAtomically(path, "x"))).toBe(`${path}: cannot be written: permission denied`);
});

test("an output folder is made with its parents, and an empty one is taken", async () => {
  const path = join(await temporaryFolder(), "runs", "one");
  expect(await createOutputFolder(path, { overwrite: false })).toBe(path);
  expect(await createOutputFolder(path, { overwrite: false })).toBe(path);
  expect((await stat(path)).isDirectory()).toBe(true);
  expect(await readdir(path)).toEqual([]);
});

test("an output folder that holds files is refused unless it may be overwritten, and then keeps them", async () => {
  const folder = await folderOf({ "events.jsonl": "{}" });
  expect(await complaint(createOutputFolder(folder, { overwrite: false }))).toBe(
    `${folder}: holds files already; give another folder, or --overwrite_output_dir to write into it`,
  );
  await createOutputFolder(folder, { overwrite: true });
  expect(await readdir(folder)).toEqual(["events.jsonl"]);
});

test("an output folder that is a file, or lies below one, is refused", async () => {
  const file = join(await folderOf({ file: "" }), "file");
  expect(await complaint(createOutputFolder(file, { overwrite: true }))).toBe(
    `${file}: cannot be used for output: a file of that name is in the way`,
  );
  const below = join(file, "runs");
  expect(await complaint(createOutputFolder(below, { overwrite: true }))).toBe(
    `${below}: cannot be used for output: a part of the path is a file, expected a folder`,
  );
});

test("an output folder that cannot be written, or made, is refused", async () => {
  const folder = await temporaryFolder();
  await chmod(folder, 0o555);
  asNobody();
  expect(await complaint(createOutputFolder(folder, { overwrite: false }))).toBe(
    `${folder}: cannot be used for output: permission denied`,
  );
  const inside = join(folder, "runs");
  expect(await complaint(createOutputFolder(inside, { overwrite: false }))).toBe(
    `${inside}: cannot be used for output: permission denied`,
  );
});

const Config = z.object({ hidden_size: z.int(), layers: z.array(z.object({ name: z.string() })).optional() });

test("JSON is read and checked", async () => {
  const folder = await folderOf({ "config.json": '\ufeff{"hidden_size": 3, "other": null}' });
  expect(await readJson(join(folder, "config.json"), Config)).toEqual({ hidden_size: 3 });
});

test.each([
  ["{", /: is not valid JSON: /],
  ['{\n"hidden_size": oops\n}', /: is not valid JSON: /],
  ["", /: is empty$/],
  ["[]", /config\.json: Invalid input: expected object, received array$/],
  ['{"hidden_size": 1.5}', /config\.json: hidden_size: Invalid input: expected int, received number$/],
  ['{"hidden_size": 1, "layers": [{"name": 2}]}', /config\.json: layers\.0\.name: Invalid input: expected string/],
  ['{"layers": 1}', /config\.json: hidden_size: .* \(and 1 more\)$/],
])("the JSON %j is refused", async (text, expected) => {
  const path = join(await folderOf({ "config.json": text }), "config.json");
  const message = await complaint(readJson(path, Config));
  expect(message).toMatch(expected);
  expect(message.startsWith(`${path}: `)).toBe(true);
});

test("a missing JSON file is named", async () => {
  const path = join(await temporaryFolder(), "config.json");
  expect(await complaint(readJson(path, Config))).toBe(`${path}: cannot be read: no such file or folder`);
});

test("SHA-256 of one file and of several", async () => {
  const folder = await folderOf({ a: "ab", b: "c" });
  const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"; // FIPS 180-2, appendix B.1
  await writeFile(join(folder, "abc"), "abc");
  expect(await sha256File(join(folder, "abc"))).toBe(abc);
  expect(await sha256Files([join(folder, "a"), join(folder, "b")])).toBe(abc);
  expect(await complaint(sha256File(folder))).toBe(`${folder}: cannot be read: it is a folder, expected a file`);
});
