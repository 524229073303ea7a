import { describe, expect, test } from "vitest";
import { tinyAttachment } from "../../test/tiny-training.ts";
import type { ParameterSpec } from "../nn/parameters.ts";
import { loraPlaces } from "./low-rank.ts";
import {
  chooseModules,
  linearModules,
  modulesOfLayers,
  type Place,
  placeOf,
  targetedMatrices,
  targetsOf,
} from "./targets.ts";

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

describe("matrices of fused modules", () => {
  const block = (n: number): ParameterSpec[] =>
    ["c_attn", "c_proj"].map((name) => ({
      name: `h.${n}.attn.${name}.weight`,
      shape: name === "c_attn" ? [6, 2] : [2, 2],
      role: "linear",
      initializer: "zeros",
      block: n,
      head: false,
      ...(name === "c_attn" && { fused: { query: [0, 3], key: [1, 4], value: [2, 5] } }),
    }));
  const fusedSpecs = [...block(0), ...block(1)];
  const parts = ["query", "key", "value"];
  const named = (...ends: string[]) => [0, 1].flatMap((n) => ends.map((end) => `h.${n}.attn.${end}`));
  const each = (target_modules: string[] | null, layers_to_transform: number[] | null = null) =>
    targetedMatrices(fusedSpecs, { target_modules, layers_to_transform });

  test.each<[string[] | null, string[], string[]]>([
    [null, [...parts.map((part) => `c_attn.${part}`), "c_proj"], ["c_attn", "c_proj"]],
    [["c_attn"], parts.map((part) => `c_attn.${part}`), ["c_attn"]],
    [["query"], ["c_attn.query"], ["c_attn.query"]],
    [
      ["c_attn.value", "key"],
      ["c_attn.key", "c_attn.value"],
      ["c_attn.key", "c_attn.value"],
    ],
  ])("%j", (entries, matrices, targets) => {
    const { matrices: found, choice } = each(entries);
    expect(found.map(({ name }) => name)).toEqual(named(...matrices));
    expect(choice.targets).toEqual(named(...targets));
  });

  test("know their rows, and what of their module is left alone", () => {
    const { matrices, choice } = each(["query", "c_proj"], [1]);
    expect(matrices.map(({ name, rows }) => [name, rows])).toEqual([
      ["h.1.attn.c_attn.query", [0, 3]],
      ["h.1.attn.c_proj", null],
    ]);
    expect(choice.untouched).toEqual([
      "h.0.attn.c_attn",
      "h.0.attn.c_proj",
      "h.1.attn.c_attn.key",
      "h.1.attn.c_attn.value",
    ]);
  });

  test("a part that is none's is refused with the names there are", () =>
    expect(() => each(["qery"])).toThrow('target_modules: no module is called "qery", nearest of '));
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

interface Family {
  readonly name: string;
  /** What stands in front of a block's number in its checkpoints. */
  readonly blocks: string;
  /** The linear modules of a block. */
  readonly places: Readonly<Record<string, Place>>;
  /** Those that LoRA works on in peft unless told otherwise. */
  readonly lora: readonly string[];
}

const families: readonly Family[] = [
  {
    name: "bert, roberta",
    blocks: "encoder.layer",
    places: {
      "attention.self.query": "query",
      "attention.self.key": "key",
      "attention.self.value": "value",
      "attention.output.dense": "attention-output",
      "intermediate.dense": "feed-forward-in",
      "output.dense": "feed-forward-out",
    },
    lora: ["attention.self.query", "attention.self.value"],
  },
  {
    name: "deberta-v2",
    blocks: "encoder.layer",
    places: {
      "attention.self.query_proj": "query",
      "attention.self.key_proj": "key",
      "attention.self.value_proj": "value",
      "attention.output.dense": "attention-output",
      "intermediate.dense": "feed-forward-in",
      "output.dense": "feed-forward-out",
    },
    lora: ["attention.self.query_proj", "attention.self.value_proj"],
  },
  {
    name: "bart",
    blocks: "decoder.layers",
    places: {
      "self_attn.k_proj": "key",
      "self_attn.v_proj": "value",
      "self_attn.q_proj": "query",
      "self_attn.out_proj": "attention-output",
      "encoder_attn.k_proj": "key",
      "encoder_attn.v_proj": "value",
      "encoder_attn.q_proj": "query",
      "encoder_attn.out_proj": "attention-output",
      fc1: "feed-forward-in",
      fc2: "feed-forward-out",
    },
    lora: ["self_attn.v_proj", "self_attn.q_proj", "encoder_attn.v_proj", "encoder_attn.q_proj"],
  },
  {
    name: "t5",
    blocks: "decoder.block",
    places: {
      "layer.0.SelfAttention.q": "query",
      "layer.0.SelfAttention.k": "key",
      "layer.0.SelfAttention.v": "value",
      "layer.0.SelfAttention.o": "attention-output",
      "layer.1.EncDecAttention.q": "query",
      "layer.1.EncDecAttention.k": "key",
      "layer.1.EncDecAttention.v": "value",
      "layer.1.EncDecAttention.o": "attention-output",
      "layer.2.DenseReluDense.wi": "feed-forward-in",
      "layer.2.DenseReluDense.wi_0": "feed-forward-in",
      "layer.2.DenseReluDense.wi_1": "feed-forward-in",
      "layer.2.DenseReluDense.wo": "feed-forward-out",
    },
    lora: [
      "layer.0.SelfAttention.q",
      "layer.0.SelfAttention.v",
      "layer.1.EncDecAttention.q",
      "layer.1.EncDecAttention.v",
    ],
  },
  {
    name: "bloom",
    blocks: "transformer.h",
    places: {
      "self_attention.query_key_value": "fused",
      "self_attention.dense": "attention-output",
      "mlp.dense_h_to_4h": "feed-forward-in",
      "mlp.dense_4h_to_h": "feed-forward-out",
    },
    lora: ["self_attention.query_key_value"],
  },
  {
    name: "gptj",
    blocks: "transformer.h",
    places: {
      "attn.k_proj": "key",
      "attn.v_proj": "value",
      "attn.q_proj": "query",
      "attn.out_proj": "attention-output",
      "mlp.fc_in": "feed-forward-in",
      "mlp.fc_out": "feed-forward-out",
    },
    lora: ["attn.v_proj", "attn.q_proj"],
  },
  {
    name: "llama",
    blocks: "model.layers",
    places: {
      "self_attn.q_proj": "query",
      "self_attn.k_proj": "key",
      "self_attn.v_proj": "value",
      "self_attn.o_proj": "attention-output",
      "mlp.gate_proj": "feed-forward-in",
      "mlp.up_proj": "feed-forward-in",
      "mlp.down_proj": "feed-forward-out",
    },
    lora: ["self_attn.q_proj", "self_attn.v_proj"],
  },
];

const linearOf = (module: string, block: number): ParameterSpec => ({
  name: `${module}.weight`,
  shape: [4, 4],
  role: "linear",
  initializer: "zeros",
  block,
  head: false,
});

describe.each(families)("a block of $name", ({ blocks, places, lora }) => {
  const specs = Object.keys(places).map((end) => linearOf(`${blocks}.0.${end}`, 0));
  const modules = linearModules(specs);

  test("every module has its place", () => {
    expect(modules.map(placeOf)).toEqual(Object.values(places));
  });

  test("LoRA works on query and value", () => {
    const { modules: chosen } = targetsOf(specs, { target_modules: null, layers_to_transform: null }, loraPlaces);
    expect(chosen.map(({ name }) => name)).toEqual(lora.map((end) => `${blocks}.0.${end}`));
  });
});

test("a module is called by what its name ends in below the number there, which need not be its block's", () => {
  const specs = ["fc1", "fc2"].map((end) => linearOf(`model.decoder.layers.0.${end}`, 12));
  expect(() => chooseModules(linearModules(specs), ["fc3"])).toThrow(
    new Error('target_modules: no module is called "fc3", expected one of fc1, fc2'),
  );
});
