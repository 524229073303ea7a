import { describe, expect, test } from "vitest";
import { tinyAttachment } from "../../test/tiny-training.ts";
import { chooseModules, linearModules, modulesOfLayers } from "./targets.ts";

const { specs } = tinyAttachment("bert-classification");
const modules = linearModules(specs);
const layer = (n: number) => (end: string) => `bert.encoder.layer.${n}.${end}`;
const inBlocks = (...ends: string[]) => [0, 1].flatMap((n) => ends.map(layer(n)));

test("the modules are the matrices of the blocks, in order, with their biases; not embeddings, not the head", () => {
  const ends = ["query", "key", "value"].map((name) => `attention.self.${name}`);
  expect(modules.map(({ name }) => name)).toEqual(
    inBlocks(...ends, "attention.output.dense", "intermediate.dense", "output.dense"),
  );
  for (const { name, weight, bias } of modules)
    expect([weight.name, bias?.name, weight.shape[0]]).toEqual([`${name}.weight`, `${name}.bias`, bias?.shape[0]]);
});

test("a module need not have a bias", () => {
  const [module] = linearModules(specs.filter(({ role }) => role !== "bias"));
  expect(module!.bias).toBeNull();
});

describe("targets", () => {
  test.each<[string[] | null, string[]]>([
    [null, modules.map(({ name }) => name)],
    [["all-linear"], modules.map(({ name }) => name)],
    [["query", "all-linear"], modules.map(({ name }) => name)],
    [["value", "query"], inBlocks("attention.self.query", "attention.self.value")],
    [["output.dense"], inBlocks("attention.output.dense", "output.dense")],
    [["attention.output.dense", "dense"], inBlocks("attention.output.dense", "intermediate.dense", "output.dense")],
    [["0.output.dense"], [layer(0)("output.dense")]],
    [[layer(1)("attention.self.key")], [layer(1)("attention.self.key")]],
  ])("%j", (targets, expected) => {
    expect(chooseModules(modules, targets).map(({ name }) => name)).toEqual(expected);
  });

  test.each([
    ["uery", 'target_modules: no module is called "uery", nearest of 13: query, key, '],
    ["attention.output", 'target_modules: no module is called "attention.output", nearest of 13: '],
    ["pooler.dense", 'target_modules: no module is called "pooler.dense", nearest of 13: '],
    ["", 'target_modules: no module is called "", nearest of 13: key, '],
  ])("%j matches none", (entry, message) => {
    expect(() => chooseModules(modules, ["key", entry])).toThrow(message);
  });
});

describe("layers", () => {
  test.each<[number[] | null, number[]]>([
    [null, [0, 1]],
    [[1], [1]],
    [
      [1, 0],
      [0, 1],
    ],
  ])("%j", (layers, blocks) => {
    const expected = modules.filter(({ weight }) => blocks.includes(weight.block!));
    expect(modulesOfLayers(modules, layers)).toEqual(expected);
  });

  test.each<[number[], string]>([
    [[0, 2], "layers_to_transform: 2, expected numbers of the model's layers, 0 to 1"],
    [[], "layers_to_transform: names no layer; leave it out to train them all"],
  ])("%j is refused", (layers, message) => {
    expect(() => modulesOfLayers(modules, layers)).toThrow(new Error(message));
  });
});
