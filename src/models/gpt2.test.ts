import { describe, expect, test } from "vitest";
import { fixtureModel } from "../../test/fixtures.ts";
import { linearModules, placeOf } from "../peft/targets.ts";
import { specsOf } from "./config.cases.ts";
import { modelOf } from "./registry.ts";

const { config } = fixtureModel("gpt2-lm");
const configured = (changes: object) => modelOf({ ...config, ...changes }, "model/config.json");
const specs = (changes: object) => specsOf(configured(changes), "causal-language-model");
const model = configured({});

test("says what the model can take", () => {
  const { basePrefix, vocabularySize, maxPositions, segments, paddingIndex } = model;
  expect([basePrefix, vocabularySize, maxPositions, segments, paddingIndex]).toEqual(["transformer", 41, 12, 0, 3]);
  expect(Object.keys(model.heads)).toEqual(["causal-language-model", "sequence-classification"]);
  expect(configured({ pad_token_id: null }).paddingIndex).toBe(0);
});

test("the classifier is a matrix alone", () => {
  const head = specsOf(model, "sequence-classification", 5).filter((spec) => spec.head);
  expect(head.map(({ name, shape }) => [name, shape])).toEqual([["score.weight", [5, 16]]]);
});

test.each([
  [undefined, []],
  [true, []],
  [false, [["lm_head.weight", [41, 16]]]],
])("tie_word_embeddings %j: beside the body %j", (tie_word_embeddings, expected) => {
  const beside = specs({ tie_word_embeddings }).filter(({ name }) => !name.startsWith("transformer."));
  expect(beside.map(({ name, shape }) => [name, shape])).toEqual(expected);
});

test("the matrices of the blocks, each in its place, are [in, out] in checkpoints, and no other parameter is", () => {
  const modules = linearModules(specs({ n_inner: 20 })).filter(({ weight }) => weight.block === 1);
  expect(modules.map((module) => [module.name, module.weight.shape, placeOf(module)])).toEqual([
    ["transformer.h.1.attn.c_attn", [48, 16], "fused"],
    ["transformer.h.1.attn.c_proj", [16, 16], "attention-output"],
    ["transformer.h.1.mlp.c_fc", [20, 16], "feed-forward-in"],
    ["transformer.h.1.mlp.c_proj", [16, 20], "feed-forward-out"],
  ]);
  const turned = specs({ tie_word_embeddings: false }).filter(({ storedTransposed }) => storedTransposed);
  expect(turned).toEqual(linearModules(specs({})).map(({ weight }) => weight));
});

test("c_attn gives queries, then keys, then values", () => {
  const { fused } = specs({}).find(({ name }) => name === "transformer.h.0.attn.c_attn.weight")!;
  const ends = Object.entries(fused!).map(([part, rows]) => [part, rows.length, rows[0], rows.at(-1)]);
  expect(ends).toEqual([
    ["query", 16, 0, 15],
    ["key", 16, 16, 31],
    ["value", 16, 32, 47],
  ]);
});

describe("config.json", () => {
  test.each([
    ["activation_function", "swiglu", "activation_function: unknown activation"],
    ["n_head", 3, "n_head: expected a divisor of n_embd"],
    ["n_embd", "768", "n_embd: Invalid input: expected number, received string"],
    ["n_layer", 0, "n_layer: Too small: expected number to be >0"],
    ["n_positions", undefined, "n_positions: Invalid input: expected number, received undefined"],
    ["attn_pdrop", 1, "attn_pdrop: Too big: expected number to be <1"],
    ["add_cross_attention", true, "add_cross_attention: Invalid input: expected false"],
  ])("%s: %j is an error in one line", (field, value, complaint) => {
    expect(() => configured({ [field]: value })).toThrow(`model/config.json: ${complaint}`);
  });

  test("sizes may be under their common names, and what has a default may be left out", () => {
    const { n_positions, n_embd, n_layer, n_head, vocab_size, model_type } = config;
    const common = {
      ...{ model_type, vocab_size, hidden_size: n_embd, num_hidden_layers: n_layer },
      ...{ num_attention_heads: n_head, max_position_embeddings: n_positions },
    };
    expect(specsOf(modelOf(common, "config.json"), "causal-language-model")).toEqual(specs({}));
    expect(configured({ max_position_embeddings: 99 }).maxPositions).toBe(12);
  });
});
