import { describe, expect, test } from "vitest";
import { fixtureModel } from "../../test/fixtures.ts";
import { linearModules, placeOf } from "../peft/targets.ts";
import { alibiSlopes } from "./bloom.ts";
import { specsOf } from "./config.cases.ts";
import { modelOf } from "./registry.ts";

const { config } = fixtureModel("bloom-lm");
const configured = (changes: object) => modelOf({ ...config, ...changes }, "model/config.json");
const specs = (changes: object) => specsOf(configured(changes), "causal-language-model");
const model = configured({});

test("says what the model can take", () => {
  const { basePrefix, vocabularySize, maxPositions, segments, paddingIndex } = model;
  expect([basePrefix, vocabularySize, maxPositions, segments, paddingIndex]).toEqual([
    ...["transformer", 45, Infinity, 0],
    3,
  ]);
  expect(configured({ seq_length: 2048 }).maxPositions).toBe(2048);
  expect(Object.keys(model.heads)).toEqual(["causal-language-model", "sequence-classification"]);
});

test.each([
  [undefined, []],
  [true, []],
  [false, ["lm_head.weight"]],
])("tie_word_embeddings %j: the head's own are %j", (tie_word_embeddings, expected) => {
  const names = specs({ tie_word_embeddings }).map(({ name }) => name);
  expect(names.filter((name) => !name.startsWith("transformer."))).toEqual(expected);
});

test("each matrix of a block has its place", () => {
  const modules = linearModules(specs({})).filter(({ weight }) => weight.block === 1);
  expect(modules.map((module) => [module.name, module.weight.shape, placeOf(module)])).toEqual([
    ["transformer.h.1.self_attention.query_key_value", [48, 16], "fused"],
    ["transformer.h.1.self_attention.dense", [16, 16], "attention-output"],
    ["transformer.h.1.mlp.dense_h_to_4h", [64, 16], "feed-forward-in"],
    ["transformer.h.1.mlp.dense_4h_to_h", [16, 64], "feed-forward-out"],
  ]);
});

test("query_key_value gives queries, keys and values of the first head, then those of the second", () => {
  const { fused } = specs({ n_head: 2, hidden_size: 4 }).find(({ name }) => name.endsWith("query_key_value.weight"))!;
  expect(fused).toEqual({ query: [0, 1, 6, 7], key: [2, 3, 8, 9], value: [4, 5, 10, 11] });
});

// Press, Smith & Lewis 2022, §3: a geometric sequence that starts at 2^(−8/n) and has this as its ratio.
test.each<[number, readonly number[]]>([
  [1, [-8]],
  [2, [-4, -8]],
  [4, [-2, -4, -6, -8]],
  [8, [-1, -2, -3, -4, -5, -6, -7, -8]],
  // Of the authors' code for other numbers: those of the power of two below, and every other of the one above.
  [3, [-4, -8, -2]],
  [6, [-2, -4, -6, -8, -1, -3]],
  [7, [-2, -4, -6, -8, -1, -3, -5]],
])("the slopes of %i heads are 2 to the %j", (heads, exponents) => {
  expect(alibiSlopes(heads)).toEqual(exponents.map((exponent) => 2 ** exponent));
});

describe("config.json", () => {
  test.each([
    ["n_head", 3, "n_head: expected a divisor of hidden_size"],
    ["hidden_size", 12.5, "hidden_size: Invalid input: expected int, received number"],
    ["n_layer", -1, "n_layer: Too small: expected number to be >0"],
    ["hidden_dropout", 1, "hidden_dropout: Too big: expected number to be <1"],
    ["vocab_size", undefined, "vocab_size: Invalid input: expected number, received undefined"],
    [
      "apply_residual_connection_post_layernorm",
      "no",
      "apply_residual_connection_post_layernorm: Invalid input: expected boolean, received string",
    ],
  ])("%s: %j is an error in one line", (field, value, complaint) => {
    expect(() => configured({ [field]: value })).toThrow(`model/config.json: ${complaint}`);
  });

  test("sizes may be under the names that BigScience's checkpoints have", () => {
    const { model_type, vocab_size, hidden_size: n_embed, n_layer, n_head: num_attention_heads } = config;
    const named = { model_type, vocab_size, n_embed, n_layer, num_attention_heads, hidden_size: null };
    expect(specsOf(modelOf(named, "config.json"), "causal-language-model")).toEqual(specs({}));
  });
});
