import { describe, expect, test } from "vitest";
import { fixtureModel } from "../../test/fixtures.ts";
import { specsOf } from "./config.cases.ts";
import { modelOf } from "./registry.ts";

const where = "model/config.json";
const { config } = fixtureModel("llama-headless");
const configured = (changes: object) => modelOf({ ...config, ...changes }, where);
const namesOf = (changes: object) => specsOf(configured(changes), "causal-language-model").map(({ name }) => name);
const shapeOf = (changes: object, name: string) =>
  specsOf(configured(changes), "causal-language-model").find((spec) => spec.name === name)?.shape;

test("says what the model can take", () => {
  const { vocabularySize, maxPositions, segments, paddingIndex } = configured({});
  expect([vocabularySize, maxPositions, segments, paddingIndex]).toEqual([41, 16, 0, 3]);
});

test("scaling that depends on the text makes it for longer ones", () => {
  expect(configured({ rope_scaling: { type: "dynamic", factor: 2.5 } }).maxPositions).toBe(40);
  expect(configured({ rope_scaling: { type: "linear", factor: 2.5 } }).maxPositions).toBe(16);
});

test("the classifier is the head, and is drawn anew for other labels", () => {
  const head = specsOf(configured({}), "sequence-classification", 5).filter((spec) => spec.head);
  expect(head.map(({ name, shape }) => [name, shape])).toEqual([["score.weight", [5, 16]]]);
});

describe("config.json", () => {
  test.each([
    [{ tie_word_embeddings: false }, true],
    [{ tie_word_embeddings: true }, false],
    [{ tie_word_embeddings: undefined }, true],
  ])("%j: scores of their own %j", (changes, own) => {
    expect(namesOf(changes).includes("lm_head.weight")).toBe(own);
  });

  test.each<[object, readonly string[]]>([
    [{}, []],
    [{ attention_bias: true }, ["q_proj", "k_proj", "v_proj", "o_proj"]],
    [{ mlp_bias: true }, ["gate_proj", "up_proj", "down_proj"]],
  ])("%j: biases of %j", (changes, modules) => {
    const biases = namesOf(changes).filter((name) => name.startsWith("model.layers.1.") && name.endsWith(".bias"));
    expect(biases.map((name) => name.split(".").at(-2))).toEqual(modules);
  });

  test.each<[object, readonly [query: number, key: number, width: number]]>([
    [{}, [16, 8, 16]],
    [{ num_key_value_heads: null }, [16, 16, 16]],
    [{ num_key_value_heads: undefined }, [16, 16, 16]],
    [{ head_dim: 6 }, [24, 12, 24]],
    [{ head_dim: null }, [16, 8, 16]],
  ])("%j: query, key and gathered values are %j wide", (changes, [query, key, width]) => {
    expect(shapeOf(changes, "model.layers.0.self_attn.q_proj.weight")).toEqual([query, 16]);
    expect(shapeOf(changes, "model.layers.0.self_attn.k_proj.weight")).toEqual([key, 16]);
    expect(shapeOf(changes, "model.layers.0.self_attn.o_proj.weight")).toEqual([16, width]);
  });

  test.each([-1, null, undefined])("pad_token_id %j stands for none", (pad_token_id) => {
    expect(configured({ pad_token_id }).paddingIndex).toBe(0);
  });

  test.each<[field: string, value: unknown, complaint: string]>([
    ["vocab_size", undefined, "Invalid input: expected number, received undefined"],
    ["hidden_size", "16", "Invalid input: expected number, received string"],
    ["num_hidden_layers", 0, "Too small: expected number to be >0"],
    ["intermediate_size", 2.5, "Invalid input: expected int, received number"],
    ["num_key_value_heads", 3, "expected a divisor of num_attention_heads"],
    ["num_key_value_heads", 0, "Too small: expected number to be >0"],
    ["head_dim", 5, "expected an even number"],
    ["max_position_embeddings", null, "Invalid input: expected number, received null"],
    ["rms_norm_eps", 0, "Too small: expected number to be >0"],
    ["attention_dropout", 1, "Too big: expected number to be <1"],
    ["tie_word_embeddings", "yes", "Invalid input: expected boolean, received string"],
  ])("%s: %j is an error in one line", (field, value, complaint) => {
    expect(() => configured({ [field]: value })).toThrow(new Error(`${where}: ${field}: ${complaint}`));
  });

  test("an unknown activation is an error in one line", () => {
    expect(() => configured({ hidden_act: "toString" })).toThrow(
      /^model\/config.json: hidden_act: unknown activation "toString"/,
    );
  });

  test("heads that do not divide the model need a width of their own", () => {
    const changes = { num_attention_heads: 6, head_dim: null };
    expect(() => configured(changes)).toThrow(
      new Error(`${where}: num_attention_heads: expected a divisor of hidden_size`),
    );
    expect(shapeOf({ ...changes, head_dim: 4 }, "model.layers.0.self_attn.q_proj.weight")).toEqual([24, 16]);
  });
});
