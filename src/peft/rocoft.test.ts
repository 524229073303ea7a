import { describe, expect, test } from "vitest";
import { tinyAttachment } from "../../test/tiny-training.ts";
import type { ParameterSpec } from "../nn/parameters.ts";
import { random } from "../tensor/random.ts";
import { isEntries } from "../tensor/view.ts";
import type { Attachment } from "./method.ts";
import { methodOptions } from "./registry.ts";
import { countOf, robertaBase, robertaLarge } from "./roberta.cases.ts";
import { rocoft, type RocoftOptions } from "./rocoft.ts";
import { linearModules } from "./targets.ts";

function attach(specs: readonly ParameterSpec[], options: Partial<RocoftOptions>, seed = 0): Attachment {
  return rocoft.attach(specs, methodOptions(rocoft, { ...options }) as RocoftOptions, random(seed, "selection"));
}

describe("counts of the paper (Kowsher et al., Table 1)", () => {
  test.each<[string, readonly ParameterSpec[], Partial<RocoftOptions>, number]>([
    ["RoBERTa-base, one row", robertaBase, { rank: 1 }, 82_944],
    ["RoBERTa-base, one column", robertaBase, { rank: 1, update: "column" }, 82_944],
    ["RoBERTa-base, three rows", robertaBase, { rank: 3 }, 248_832],
    ["RoBERTa-base, three columns", robertaBase, { rank: 3, update: "column" }, 248_832],
    ["RoBERTa-base, three of both", robertaBase, { rank: 3, update: "both" }, 2 * 248_832 - 72 * 9],
    ["RoBERTa-base, one row and the biases", robertaBase, { rank: 1, train_bias: true }, 2 * 82_944],
    [
      "RoBERTa-base, three rows of the upper half",
      robertaBase,
      { rank: 3, layers_to_transform: [6, 7, 8, 9, 10, 11] },
      124_416,
    ],
    ["RoBERTa-large, one row", robertaLarge, { rank: 1 }, 221_184],
    ["RoBERTa-large, three rows", robertaLarge, { rank: 3 }, 663_552],
  ])("%s", (_, specs, options, expected) => expect(countOf(attach(specs, options))).toBe(expected));

  test("the head comes on top, whole", () => expect(countOf(attach(robertaBase, {}), true)).toBe(592_130));

  test("by default three rows, the first, of every matrix of the blocks, without biases", () => {
    const { trained, targets, untouched } = attach(robertaBase, {});
    expect([targets.length, untouched]).toEqual([72, []]);
    const sliced = trained.filter(({ selection }) => selection !== null);
    expect(sliced).toHaveLength(72);
    for (const { selection } of sliced) expect(selection).toEqual({ axis: 0, indices: [0, 1, 2] });
    expect(sliced[0]!.name).toBe("roberta.encoder.layer.0.attention.self.query.weight.rows");
    expect(trained.filter(({ parameter }) => parameter.role === "bias" && !parameter.head)).toEqual([]);
  });
});

const { specs } = tinyAttachment("bert-classification");
const modules = linearModules(specs);
const everyOption = (["row", "column", "both"] as const).flatMap((update) =>
  (["first", "last", "uniform", "random"] as const).flatMap((select) =>
    [1, 3, 16].flatMap((rank) =>
      [null, ["query", "attention.output.dense"]].flatMap((target_modules) =>
        [false, true].map((train_bias) => ({ update, select, rank, target_modules, train_bias })),
      ),
    ),
  ),
);

test.each(everyOption)("$update, $select, rank $rank, of $target_modules, biases $train_bias", (options) => {
  const { update, select, rank, target_modules, train_bias } = options;
  const attachment = attach(specs, options);
  const chosen = modules.filter(({ name }) => target_modules?.some((end) => name.endsWith(`.${end}`)) ?? true);
  expect(attachment.targets).toEqual(chosen.map(({ name }) => name));
  expect([...attachment.targets, ...attachment.untouched].toSorted()).toEqual(
    modules.map(({ name }) => name).toSorted(),
  );

  const expected = chosen.reduce((total, { weight: { shape } }) => {
    const [out, inner] = shape as [number, number];
    const slices = { row: rank * inner, column: rank * out, both: rank * (out + inner) - rank * rank };
    return total + slices[update] + (train_bias ? out : 0);
  }, 0);
  expect(countOf(attachment)).toBe(expected);

  for (const { name, parameter, shape, selection } of attachment.trained) {
    if (selection === null || isEntries(selection)) continue;
    const { axis, indices } = selection;
    expect(name).toBe(`${parameter.name}.${axis === 0 ? "rows" : "columns"}`);
    expect(shape).toEqual(parameter.shape.with(axis, rank));
    expect(indices).toHaveLength(rank);
    expect([...new Set(indices)].sort((a, b) => a - b)).toEqual(indices);
    expect(indices[0]! >= 0 && indices.at(-1)! < parameter.shape[axis]!).toBe(true);
  }
  const axes = new Set(
    attachment.trained.flatMap(({ selection }) => (selection && !isEntries(selection) ? selection.axis : [])),
  );
  expect([...axes].toSorted()).toEqual({ row: [0], column: [1], both: [0, 1] }[update]);

  const selections = (seed: number) => attach(specs, options, seed).trained.map(({ selection }) => selection);
  expect(selections(0)).toEqual(attachment.trained.map(({ selection }) => selection));
  if (rank < 16) expect(JSON.stringify(selections(1)) === JSON.stringify(selections(0))).toBe(select !== "random");
});

describe("refuses in one line", () => {
  test.each<[Partial<RocoftOptions>, string]>([
    [{ rank: 17 }, "rank: 17 is above the 16 rows of bert.encoder.layer.0.attention.self.query.weight [16, 16]"],
    [
      { rank: 17, update: "column", target_modules: ["output.dense"] },
      "rank: 17 is above the 16 columns of bert.encoder.layer.0.attention.output.dense.weight [16, 16]",
    ],
    [
      { rank: 20, update: "both", target_modules: ["intermediate.dense"] },
      "rank: 20 is above the 16 columns of bert.encoder.layer.0.intermediate.dense.weight [28, 16]",
    ],
    [
      { target_modules: ["query", "quary"] },
      'target_modules: no module is called "quary", nearest of 13: query, key, value, dense, self.query',
    ],
  ])("%j", (options, message) => expect(() => attach(specs, options)).toThrow(new Error(message)));
});
