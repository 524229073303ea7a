import { readdir, readFile, rm, stat, truncate, writeFile } from "node:fs/promises";
import { describe, expect, onTestFinished, test } from "vitest";
import { decoded } from "../quantization/over-stored.ts";
import { int4 } from "../quantization/int4.ts";
import { int8, int8Twice, int8WeightsOnly } from "../quantization/int8.ts";
import type { Scheme } from "../quantization/scheme.ts";
import { tensor } from "../tensor/tensor.ts";
import { complaint } from "./folders.cases.ts";
import { emptyHome, matrices, sha256, sourceOf } from "./quantized.cases.ts";
import { quantizedBase, quantizedPath } from "./quantized-base.ts";
import { examine, quantizedFile } from "./quantized-file.ts";
import { openSafetensors } from "./weights.ts";

const read = ({ matrices: found }: Awaited<ReturnType<typeof quantizedBase>>) =>
  Object.fromEntries(
    [...found].map(([name, { parts }]) => [
      name,
      Object.fromEntries(Object.entries(parts).map(([part, { read: readPart }]) => [part, readPart()])),
    ]),
  );
const expectedOf = (scheme: Scheme, of = matrices) =>
  Object.fromEntries(Object.entries(of).map(([name, matrix]) => [name, scheme.encode(matrix)]));

describe.each([
  ["int8", int8],
  ["int4", int4],
])("a base model as %s", (form, scheme) => {
  test("is made once, one matrix after the other, and then found", async () => {
    const { environment, pathOf } = await emptyHome();
    const [first, second] = [sourceOf(scheme), sourceOf(scheme)];
    const base = await quantizedBase(first.source, { environment });
    expect(first.made).toEqual(Object.keys(matrices));
    expect(base.warnings).toEqual([]);
    expect(read(base)).toEqual(expectedOf(scheme));
    expect(await readdir(environment.madeFolder)).toEqual([`${sha256}-${form}.safetensors`]);

    const before = await stat(pathOf(scheme));
    const found = await quantizedBase(second.source, { environment });
    expect(second.made).toEqual([]);
    expect(found.warnings).toEqual([]);
    expect(read(found)).toEqual(expectedOf(scheme));
    expect((await stat(pathOf(scheme))).ino).toBe(before.ino);
  });

  test("lies in a safetensors file, its parts where it says", async () => {
    const { environment, pathOf } = await emptyHome();
    const base = await quantizedBase(sourceOf(scheme).source, { environment });
    const path = pathOf(scheme);
    const file = await openSafetensors(path);
    onTestFinished(() => file.close());
    expect(file.metadata).toEqual({
      form,
      version: "2",
      source_sha256: sha256,
      data_sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    const bytes = await readFile(path);
    expect(file.tensors.size).toBe(2 * Object.keys(matrices).length);
    for (const [name, parts] of Object.entries(expectedOf(scheme)))
      for (const [part, { dtype, shape, data }] of Object.entries(parts)) {
        expect(await file.read(`${name}.${part}`)).toEqual(tensor(dtype, shape, data));
        const { region, ...spec } = base.matrices.get(name)!.parts[part]!;
        expect(spec).toMatchObject({ dtype, shape });
        expect(region!.path).toBe(path);
        const inFile = bytes.subarray(region!.offset, region!.offset + region!.length);
        expect(inFile.equals(Buffer.from(data.buffer))).toBe(true);
        expect(region!.offset % data.BYTES_PER_ELEMENT).toBe(0);
      }
  });

  test("decodes to what it decodes to in memory", async () => {
    const { environment } = await emptyHome();
    const base = await quantizedBase(sourceOf(scheme).source, { environment });
    for (const [name, matrix] of Object.entries(matrices))
      expect(decoded(base.matrices.get(name)!)).toEqual(scheme.decode(scheme.encode(matrix)));
  });
});

test("schemes of one form share a file", async () => {
  const { environment, pathOf } = await emptyHome();
  await quantizedBase(sourceOf(int8).source, { environment });
  for (const scheme of [int8Twice, int8WeightsOnly]) {
    const { made, source } = sourceOf(scheme);
    const base = await quantizedBase(source, { environment });
    expect(made).toEqual([]);
    expect(base.matrices.get("words.weight")!.scheme).toBe(scheme);
  }
  expect(pathOf(int4)).not.toBe(pathOf(int8));
});

test("progress is told after each matrix, and the end is the file's size", async () => {
  const { environment, pathOf } = await emptyHome();
  const told: number[] = [];
  await quantizedBase(sourceOf(int8).source, {
    environment,
    onProgress: ({ work, file, received, total }) => {
      expect({ work, file }).toEqual({ work: "storing the base model as", file: "int8" });
      told.push(received, total);
    },
  });
  const { size } = await stat(pathOf(int8));
  expect(told).toHaveLength(2 * Object.keys(matrices).length);
  expect(told.filter((_, i) => i % 2 === 1)).toEqual([size, size, size]);
  expect(told.at(-2)).toBe(size);
});

test("nothing is kept where there is nothing to keep", async () => {
  const { environment } = await emptyHome();
  const base = await quantizedBase(sourceOf(int8, {}).source, { environment });
  expect(base).toEqual({ matrices: new Map(), warnings: [] });
  await expect(stat(environment.madeFolder)).rejects.toThrow("ENOENT");
});

describe("a file that is not what it should be is told of and made anew", () => {
  /** Makes a file, has `damage` done to it, and looks at what comes of that. */
  async function after(damage: (path: string) => Promise<void>): Promise<string> {
    const { environment, pathOf } = await emptyHome();
    const path = pathOf(int8);
    await quantizedBase(sourceOf(int8).source, { environment });
    await damage(path);
    const { made, source } = sourceOf(int8);
    const base = await quantizedBase(source, { environment });
    expect(made).toEqual(Object.keys(matrices));
    expect(read(base)).toEqual(expectedOf(int8));
    expect(await readdir(environment.madeFolder)).toHaveLength(1);
    expect((await quantizedBase(source, { environment })).warnings).toEqual([]);
    expect(made).toHaveLength(3);
    const [warning, ...others] = base.warnings;
    expect(others).toEqual([]);
    expect(warning).not.toMatch(/[\r\n]/);
    return warning!.replace(path, "PATH");
  }
  const changed = (change: (bytes: Buffer) => Uint8Array) => async (path: string) =>
    writeFile(path, change(await readFile(path)));
  const replaced = (old: string | RegExp, by: string) =>
    changed((bytes) => Buffer.from(bytes.toString("latin1").replace(old, by), "latin1"));
  /** The file of other contents, under this path. */
  const made = (contents: Partial<ReturnType<typeof sourceOf>["source"]>) => async (path: string) => {
    const { environment, pathOf } = await emptyHome();
    await quantizedBase({ ...sourceOf(int8).source, ...contents }, { environment });
    const other = contents.sha256
      ? quantizedPath(environment, { ...sourceOf(int8).source, ...contents })
      : pathOf(int8);
    await writeFile(path, await readFile(other));
  };
  const { shapes } = sourceOf(int8).source;
  const header = "PATH: its header is not that of these weights as int8, version 2; it is made anew";
  const damaged = "PATH: damaged, its numbers have another SHA-256 than its header says; it is made anew";

  test.each([
    ["a flipped bit of the last number", changed((bytes) => bytes.fill(bytes.at(-1)! ^ 1, bytes.length - 1)), damaged],
    ["another hash of its numbers", replaced(/(?<=data_sha256":")./, "z"), damaged],
    ["another version", replaced('"version":"2"', '"version":"1"'), header],
    ["another form", replaced('"form":"int8"', '"form":"int4"'), header],
    ["weights of another source", made({ sha256: "b2".repeat(32) }), header],
    ["a matrix less", made({ shapes: new Map([...shapes].slice(1)) }), header],
    ["nothing in it", (path: string) => truncate(path, 0), header],
    ["text in place of it", (path: string) => writeFile(path, "x".repeat(5000)), header],
  ])("%s", async (_, damage, warning) => {
    expect(await after(damage)).toBe(warning);
  });

  test("its end is missing, or something stands behind it", async () => {
    expect(await after(async (path) => truncate(path, (await stat(path)).size - 1))).toMatch(
      /^PATH: \d+ bytes, expected \d+; it is made anew$/,
    );
    expect(await after(changed((bytes) => Buffer.concat([bytes, Buffer.alloc(1)])))).toMatch(
      /^PATH: \d+ bytes, expected \d+; it is made anew$/,
    );
  });

  test("no flipped bit of any byte goes unnoticed, nor a missing end of any length", async () => {
    const { environment, pathOf } = await emptyHome();
    const { source } = sourceOf(int8);
    await quantizedBase(source, { environment });
    const file = quantizedFile(pathOf(int8), source);
    const sound = await readFile(file.path);
    for (let at = 0; at < sound.length; at++) {
      const bytes = Buffer.from(sound);
      bytes[at]! ^= 1 << (at % 8);
      await writeFile(file.path, bytes);
      expect(await examine(file), `byte ${at}`).toHaveProperty("flaw");
    }
    for (let length = 0; length < sound.length; length += 7) {
      await writeFile(file.path, sound.subarray(0, length));
      expect(await examine(file), `${length} bytes`).toHaveProperty("flaw");
    }
    await writeFile(file.path, sound);
    expect(await examine(file)).toBe("sound");
  });
});

test("an error of the source comes through, and nothing stays behind", async () => {
  const { environment } = await emptyHome();
  const { source } = sourceOf(int8);
  const encode = async (name: string) => {
    if (name === "words.weight") throw new Error("model.safetensors: cannot be read");
    return source.encode(name);
  };
  expect(await complaint(quantizedBase({ ...source, encode }, { environment }))).toBe(
    "model.safetensors: cannot be read",
  );
  expect(await readdir(environment.madeFolder)).toEqual([]);
});

test("several at once make the same file and do each other no harm", async () => {
  const { environment, pathOf } = await emptyHome();
  const sources = [1, 2, 3, 4].map(() => sourceOf(int8));
  const bases = await Promise.all(sources.map(({ source }) => quantizedBase(source, { environment })));
  for (const base of bases) {
    expect(base.warnings).toEqual([]);
    expect(read(base)).toEqual(expectedOf(int8));
  }
  expect(await readdir(environment.madeFolder)).toHaveLength(1);
  expect(await examine(quantizedFile(pathOf(int8), sources[0]!.source))).toBe("sound");
});

test("a part whose file is gone says so in one line", async () => {
  const { environment, pathOf } = await emptyHome();
  const base = await quantizedBase(sourceOf(int8).source, { environment });
  await rm(pathOf(int8));
  expect(() => read(base)).toThrow(new Error(`${pathOf(int8)}: cannot be read: no such file or folder`));
});
