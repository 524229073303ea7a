import { describe, expect, test } from "vitest";
import { fixtureModel } from "../../test/fixtures.ts";
import { linearModules, placeOf } from "../peft/targets.ts";
import { specsOf } from "./config.cases.ts";
import { modelOf } from "./registry.ts";

const { config } = fixtureModel("gptj-lm");
const configured = (changes: object) => modelOf({ ...config, ...changes }, "model/config.json");
const specs = (changes: object) => specsOf(configured(changes), "causal-language-model");
const model = configured({});

test("says what the model can take", () => {
  const { basePrefix, vocabularySize, maxPositions, segments, paddingIndex } = model;
  expect([basePrefix, vocabularySize, maxPositions, segments, paddingIndex]).toEqual(["transformer", 43, 12, 0, 2]);
  expect(Object.keys(model.heads)).toEqual(["causal-language-model", "sequence-classification"]);
});

test.each([
  [undefined, ["lm_head.weight", "lm_head.bias"]],
  [false, ["lm_head.weight", "lm_head.bias"]],
  [true, ["lm_head.bias"]],
])("tie_word_embeddings %j: the head's own are %j", (tie_word_embeddings, expected) => {
  const names = specs({ tie_word_embeddings }).map(({ name }) => name);
  expect(names.filter((name) => !name.startsWith("transformer."))).toEqual(expected);
});

test("a block has one norm, and each of its matrices a place", () => {
  const block = specs({ n_inner: 20 }).filter((spec) => spec.block === 1);
  expect(block.filter(({ role }) => role === "norm").map(({ name }) => name)).toEqual(["transformer.h.1.ln_1.weight"]);
  expect(linearModules(block).map((module) => [module.name, module.bias !== null, placeOf(module)])).toEqual([
    ["transformer.h.1.attn.q_proj", false, "query"],
    ["transformer.h.1.attn.k_proj", false, "key"],
    ["transformer.h.1.attn.v_proj", false, "value"],
    ["transformer.h.1.attn.out_proj", false, "attention-output"],
    ["transformer.h.1.mlp.fc_in", true, "feed-forward-in"],
    ["transformer.h.1.mlp.fc_out", true, "feed-forward-out"],
  ]);
});

describe("config.json", () => {
  test.each([
    ["rotary_dim", 3, "rotary_dim: Invalid number: must be a multiple of 2"],
    ["rotary_dim", 10, "rotary_dim: expected at most n_embd / n_head"],
    ["rotary_dim", undefined, "rotary_dim: expected at most n_embd / n_head"],
    ["rotary_dim", null, "rotary_dim: Invalid input: expected number, received null"],
    ["n_head", 3, "n_head: expected a divisor of n_embd"],
    ["activation_function", "swiglu", "activation_function: unknown activation"],
    ["n_inner", 0, "n_inner: Too small: expected number to be >0"],
    ["n_positions", undefined, "n_positions: Invalid input: expected number, received undefined"],
  ])("%s: %j is an error in one line", (field, value, complaint) => {
    expect(() => configured({ [field]: value })).toThrow(`model/config.json: ${complaint}`);
  });
});
