import { readdirSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { decodeSafetensors } from "../formats/safetensors.ts";
import { checkpoint, complaint, filesUnder, folderOf, temporaryFolder, weights } from "./folders.cases.ts";
import { openModelFolder } from "./model-folder.ts";
import { type CheckpointContents, writeModelFolder } from "./save.ts";

async function contents(): Promise<CheckpointContents> {
  const source = await folderOf({ ...checkpoint, "vocab.txt": "[PAD]\n" });
  return {
    config: { model_type: "bert", id2label: { "0": "negative" } },
    files: ["tokenizer.json", "vocab.txt"].map((name) => join(source, name)),
    tensors: new Map(Object.entries(weights)),
  };
}

const written = ["config.json", "model.safetensors", "tokenizer.json", "vocab.txt"];

test("a new folder is written with its parents, and can be opened", async () => {
  const folder = join(await temporaryFolder(), "merged", "sst2");
  await writeModelFolder(folder, await contents());
  expect(await filesUnder(join(folder, ".."))).toEqual(written.map((name) => join("sst2", name)));
  expect(await readFile(join(folder, "tokenizer.json"), "utf8")).toBe(checkpoint["tokenizer.json"]);
  expect(await readFile(join(folder, "config.json"), "utf8")).toBe(
    '{\n  "model_type": "bert",\n  "id2label": {\n    "0": "negative"\n  }\n}\n',
  );
  const bytes = await readFile(join(folder, "model.safetensors"));
  expect(decodeSafetensors(bytes, "model")).toEqual(new Map(Object.entries(weights)));
  expect(bytes.subarray(8, 60).toString()).toContain('"__metadata__":{"format":"pt"}');
  const model = await openModelFolder(folder);
  expect(await model.read("encoder.weight")).toEqual(weights["encoder.weight"]);
  await model.close();
});

test("an empty folder is filled", async () => {
  const folder = await temporaryFolder();
  await writeModelFolder(folder, await contents());
  expect((await readdir(folder)).sort()).toEqual(written);
});

test("a folder that holds files is refused, or overwritten without losing what has another name", async () => {
  const folder = await folderOf({ "config.json": "old", "notes.txt": "mine" });
  expect(await complaint(writeModelFolder(folder, await contents()))).toMatch(/--overwrite_output_dir/);
  expect(await readFile(join(folder, "config.json"), "utf8")).toBe("old");
  await writeModelFolder(folder, await contents(), { overwrite: true });
  expect(await filesUnder(folder)).toEqual([...written, "notes.txt"].sort());
  expect(await readFile(join(folder, "notes.txt"), "utf8")).toBe("mine");
  expect(JSON.parse(await readFile(join(folder, "config.json"), "utf8"))).toHaveProperty("id2label");
});

test.each(["new", "existing"])("when a source is missing nothing is left behind: %s folder", async (kind) => {
  const parent = await temporaryFolder();
  const folder = join(parent, "merged");
  if (kind === "existing") {
    await mkdir(folder);
    await writeFile(join(folder, "config.json"), "old");
  }
  const broken = await contents();
  await rm(broken.files[1]!);
  expect(await complaint(writeModelFolder(folder, broken, { overwrite: true }))).toBe(
    `${broken.files[1]}: cannot be read: no such file or folder`,
  );
  expect(await filesUnder(parent)).toEqual(kind === "existing" ? ["merged/config.json"] : []);
  expect(await readdir(parent)).toEqual(kind === "existing" ? ["merged"] : []);
});

test("while it is written a new folder is not there, and an existing one has no new file", async () => {
  for (const existing of [false, true]) {
    const parent = await temporaryFolder();
    const folder = join(parent, "merged");
    if (existing) await mkdir(folder);
    const seen: string[][] = [];
    const watched = await contents();
    const config = {
      toJSON: () => {
        seen.push(readdirSync(parent, { recursive: true, encoding: "utf8" }));
        return { model_type: "bert" };
      },
    };
    await writeModelFolder(folder, { ...watched, config });
    expect(seen).toHaveLength(1);
    expect(seen[0]!.filter((name) => !name.includes(".tmp"))).toEqual(existing ? ["merged"] : []);
    expect(await filesUnder(folder)).toEqual(written);
  }
});

test("a folder of which a part cannot be replaced is not taken for a model", async () => {
  const folder = await folderOf({ "config.json": "old" });
  await mkdir(join(folder, "model.safetensors", "in the way"), { recursive: true });
  expect(await complaint(writeModelFolder(folder, await contents(), { overwrite: true }))).toBe(
    `${folder}: cannot be written: it is a folder, expected a file`,
  );
  expect(await readdir(folder)).not.toContain("config.json");
  expect((await readdir(folder)).filter((name) => name.includes(".tmp"))).toEqual([]);
});

test("a target that is a file, or lies below one, is refused", async () => {
  const file = join(await folderOf({ file: "" }), "file");
  expect(await complaint(writeModelFolder(file, await contents(), { overwrite: true }))).toMatch(
    /file: cannot be used for output: a part of the path is a file/,
  );
  expect(await complaint(writeModelFolder(join(file, "below"), await contents()))).toMatch(
    /below: cannot be used for output: a part of the path is a file/,
  );
});
