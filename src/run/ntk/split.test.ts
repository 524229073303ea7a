import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { scratchFolder, write } from "../../../test/tiny-model.ts";
import type { Dataset } from "../../data/examples.ts";
import { tasks } from "../../tasks/registry.ts";
import { parseNtkConfig } from "./config.ts";
import { drawn, splitsOf, testExamples } from "./split.ts";

const cwd = scratchFolder();
const path = (...parts: readonly string[]) => join(cwd, ...parts);
const config = (more: Readonly<Record<string, unknown>> = {}) =>
  parseNtkConfig({ model: "m", data: cwd, output_dir: "o", task: "sst2", ...more });
const task = tasks.sst2.resolve({ columns: [], rows: [] }, "", {});

const dataset = (where: string, count: number): Dataset => ({
  where,
  examples: Array.from({ length: count }, (_, i) => ({ texts: [`${where} ${i}`], label: i % 2, line: i + 2 })),
});
const textsOf = ({ examples }: Dataset) => examples.map(({ texts }) => texts[0]);
const rows = (texts: readonly string[], label: (i: number) => number) =>
  `sentence\tlabel\n${texts.map((text, i) => `${text}\t${label(i)}\n`).join("")}`;

describe("which splits", () => {
  test("the data as it is, by the seed of training", async () => {
    const all = { name: "seed 42", folder: "seed-42", data: cwd, seed: 42, shots: null };
    expect(await splitsOf(config())).toEqual([all]);
    expect(await splitsOf(config({ seed: 7 }))).toEqual([{ ...all, name: "seed 7", folder: "seed-7", seed: 7 }]);
    expect(await splitsOf(config({ seeds: [3] }))).toEqual([{ ...all, name: "seed 3", folder: "seed-3", seed: 3 }]);
  });

  test("one for each seed, from a folder of the data where there is one", async () => {
    mkdirSync(path("4-13"));
    write(path("4-42"), "a file is no split");
    expect(await splitsOf(config({ shots: 4, seeds: [13, 21, 42] }))).toEqual([
      { name: "seed 13", folder: "4-13", data: path("4-13"), seed: 13, shots: null },
      { name: "seed 21", folder: "4-21", data: cwd, seed: 21, shots: 4 },
      { name: "seed 42", folder: "4-42", data: cwd, seed: 42, shots: 4 },
    ]);
    expect(await splitsOf(config({ shots: 5, seeds: [13] }))).toMatchObject([{ data: cwd, shots: 5 }]);
  });

  test("a file as it is named", async () => {
    expect(await splitsOf(config({ data: "a.csv", shots: 4 }))).toMatchObject([{ data: "a.csv", shots: 4 }]);
  });
});

describe("training examples", () => {
  const data = { train: dataset("train", 20), validation: dataset("dev", 6) };
  const split = { name: "", folder: "", data: "", seed: 13 };

  test("drawn, they are of the training data alone, apart from each other, class by class", () => {
    const { train, validation } = drawn({ ...split, shots: 3 }, task, data);
    const all = [...textsOf(train), ...textsOf(validation)];
    expect(new Set(all).size).toBe(12);
    expect(all.every((text) => text!.startsWith("train"))).toBe(true);
    for (const part of [train, validation]) expect(part.examples.map(({ label }) => label)).toEqual([0, 0, 0, 1, 1, 1]);
    expect(drawn({ ...split, shots: 3 }, task, data)).toEqual({ train, validation });
    expect(drawn({ ...split, seed: 14, shots: 3 }, task, data).train).not.toEqual(train);
  });

  test("a split that is given stays as it is", () => {
    expect(drawn({ ...split, shots: null }, task, data)).toBe(data);
  });

  test("a class of too few is refused", () => {
    expect(() => drawn({ ...split, shots: 6 }, task, data)).toThrow(
      /^train: 10 examples of negative, expected at least 12, 6 to learn from and 6 to validate on$/,
    );
  });
});

describe("test examples", () => {
  const validation = dataset("dev", 6);
  const split = (data: string) => ({ name: "", folder: "", data, seed: 13, shots: null });
  const folder = (name: string, test: string) => {
    write(path(name, "test.tsv"), test);
    return path(name);
  };

  test.each<[string, () => string, readonly string[]]>([
    [
      "a test file with labels",
      () =>
        folder(
          "labelled",
          rows(["a", "b", "c"], (i) => i % 2),
        ),
      ["a", "b", "c"],
    ],
    [
      "a test file whose labels are withheld",
      () =>
        folder(
          "hidden",
          rows(["a"], () => -1),
        ),
      textsOf(validation) as string[],
    ],
    ["a test file without labels", () => folder("bare", "index\tsentence\n0\ta\n"), textsOf(validation) as string[]],
    ["a folder without a test file", () => cwd, textsOf(validation) as string[]],
    [
      "a file",
      () =>
        write(
          path("one.tsv"),
          rows(["a"], () => 1),
        ),
      textsOf(validation) as string[],
    ],
  ])("of %s", async (_, make, expected) => {
    expect(textsOf(await testExamples(task, split(make()), config(), validation))).toEqual(expected);
  });

  test("the file that is named goes before", async () => {
    const test_file = write(
      path("named.tsv"),
      rows(["x"], () => 0),
    );
    const found = await testExamples(task, split(path("labelled")), config({ test_file }), validation);
    expect(textsOf(found)).toEqual(["x"]);
  });

  test("as many as are wanted, the same whatever the split, in their order", async () => {
    const few = config({ max_test_samples: 4 });
    const found = textsOf(await testExamples(task, split(cwd), few, dataset("dev", 30)));
    expect(found).toHaveLength(4);
    expect(found).toEqual(textsOf(dataset("dev", 30)).filter((text) => found.includes(text)));
    const other = await testExamples(task, { ...split(cwd), seed: 99 }, few, dataset("dev", 30));
    expect(textsOf(other)).toEqual(found);
  });

  test("a file that is named and has no labels is refused", async () => {
    const test_file = write(path("unlabelled.tsv"), "sentence\nso good\n");
    await expect(testExamples(task, split(cwd), config({ test_file }), validation)).rejects.toThrow(
      `${test_file}: no label column label, found sentence`,
    );
  });
});
