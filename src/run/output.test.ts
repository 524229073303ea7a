import { chmod, symlink } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { asNobody, complaint, filesUnder, folderOf, temporaryFolder } from "../hub/folders.cases.ts";
import { checkOutput, refuseSameFolder } from "./output.ts";

test.each(["", "new", "new/deeper/still"])("an empty or absent folder will do, and is not made: %j", async (path) => {
  const folder = await temporaryFolder();
  await checkOutput(join(folder, path), { overwrite: false });
  expect(await filesUnder(folder)).toEqual([]);
});

test("a folder that holds files will do only where it may be written over", async () => {
  const folder = await folderOf({ "notes.txt": "mine" });
  expect(await complaint(checkOutput(folder, { overwrite: false }))).toMatch(
    /: holds files already; give another folder/,
  );
  await checkOutput(folder, { overwrite: true });
});

test.each(["notes.txt", "notes.txt/run"])("a file, or a path under one, will not do: %s", async (path) => {
  const folder = await folderOf({ "notes.txt": "mine" });
  const output = join(folder, path);
  const expected = `${output}: cannot be used for output: a part of the path is a file, expected a folder`;
  expect(await complaint(checkOutput(output, { overwrite: true }))).toBe(expected);
});

test.each(["", "new/run"])("a folder that cannot be written will not do: %j", async (path) => {
  const folder = await temporaryFolder();
  await chmod(folder, 0o555);
  asNobody();
  const output = join(folder, path);
  const expected = `${output}: cannot be used for output: permission denied`;
  expect(await complaint(checkOutput(output, { overwrite: false }))).toBe(expected);
});

test("the same folder under another name is refused, another one is not", async () => {
  const folder = await temporaryFolder();
  const link = join(await temporaryFolder(), "link");
  await symlink(folder, link);
  const expected = `${link}: is read by this command, expected another folder to write`;
  expect(await complaint(refuseSameFolder(link, folder))).toBe(expected);
  await refuseSameFolder(await temporaryFolder(), folder);
  await refuseSameFolder(join(folder, "absent"), join(folder, "absent"));
});
