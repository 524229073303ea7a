import { describe, expect, test } from "vitest";
import { fixtureModel } from "../../test/fixtures.ts";
import { specsOf } from "./config.cases.ts";
import { modelOf } from "./registry.ts";

const { config } = fixtureModel("t5-generation");
const model = modelOf(config, "config.json");
const namesOf = (changes: object) =>
  specsOf(modelOf({ ...config, ...changes }, "config.json"), "sequence-to-sequence").map(({ name }) => name);

test("says what the model can take", () => {
  const { vocabularySize, maxPositions, segments, paddingIndex, decoderStartTokenId } = model;
  expect([vocabularySize, maxPositions, segments, paddingIndex, decoderStartTokenId]).toEqual([40, Infinity, 0, 0, 0]);
});

test("the token that targets begin with is padding, unless another is named", () => {
  const { decoder_start_token_id: _, ...rest } = config;
  expect(modelOf({ ...rest, pad_token_id: 3 }, "config.json").decoderStartTokenId).toBe(3);
  expect(modelOf({ ...config, decoder_start_token_id: 5 }, "config.json").decoderStartTokenId).toBe(5);
});

test("biases of positions stand in the first block of encoder and decoder", () => {
  const tables = specsOf(model, "sequence-to-sequence").filter(({ name }) => name.includes("relative_attention_bias"));
  expect(tables.map(({ name, shape, block }) => [name, shape, block])).toEqual([
    ["encoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight", [8, 3], 0],
    ["decoder.block.0.layer.0.SelfAttention.relative_attention_bias.weight", [8, 3], 2],
  ]);
});

describe("the head", () => {
  test.each<[object, boolean]>([
    [{}, false],
    [{ tie_word_embeddings: false }, true],
    // As transformers 5 writes a head of its own.
    [{ tie_word_embeddings: true, scale_decoder_outputs: false }, true],
    [{ tie_word_embeddings: true, scale_decoder_outputs: true }, false],
  ])("%j: a matrix of its own %j", (changes, own) => {
    const { scale_decoder_outputs: _, ...rest } = config;
    const names = specsOf(modelOf({ ...rest, ...changes }, "config.json"), "sequence-to-sequence").map(
      ({ name }) => name,
    );
    expect(names.includes("lm_head.weight")).toBe(own);
  });
});

describe("config.json", () => {
  test.each([
    ["relu", ["wi"]],
    ["gelu", ["wi"]],
    ["gated-gelu", ["wi_0", "wi_1"]],
    ["gated-silu", ["wi_0", "wi_1"]],
  ])("feed_forward_proj %s: %j", (feed_forward_proj, matrices) => {
    const prefix = "encoder.block.0.layer.1.DenseReluDense.";
    const names = namesOf({ feed_forward_proj }).filter((name) => name.startsWith(prefix));
    expect(names).toEqual([...matrices, "wo"].map((name) => `${prefix}${name}.weight`));
  });

  test.each([
    [
      "feed_forward_proj",
      "gated-swiglu",
      'feed_forward_proj: unknown "gated-swiglu", expected an activation or gated- and one: ',
    ],
    ["relative_attention_num_buckets", 2, "relative_attention_num_buckets: Too small: expected number to be >=4"],
    [
      "relative_attention_max_distance",
      4,
      "relative_attention_max_distance: expected more than half of relative_attention_num_buckets",
    ],
    ["d_kv", null, "d_kv: Invalid input: expected number, received null"],
    ["num_layers", 0, "num_layers: Too small: expected number to be >0"],
    ["is_encoder_decoder", false, "is_encoder_decoder: Invalid input: expected true"],
  ])("%s: %j is an error in one line", (field, value, complaint) => {
    expect(() => modelOf({ ...config, [field]: value }, "model/config.json")).toThrow(
      `model/config.json: ${complaint}`,
    );
  });

  test("num_decoder_layers is num_layers unless given", () => {
    const blocks = (changes: object) =>
      namesOf(changes).filter((name) => /^decoder\..*SelfAttention\.q/.test(name)).length;
    const { num_layers: layers } = config;
    expect([blocks({ num_decoder_layers: null }), blocks({ num_decoder_layers: 5 })]).toEqual([layers, 5]);
  });
});
