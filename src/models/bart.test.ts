import { describe, expect, test } from "vitest";
import { fixtureModel } from "../../test/fixtures.ts";
import { input } from "../graph/ops.ts";
import { array64 } from "../interpret/array.ts";
import { interpret } from "../interpret/interpret.ts";
import { modelInputs } from "../train/forward.ts";
import { specsOf } from "./config.cases.ts";
import { decoderIds, lastEnd } from "./encoder-decoder.ts";
import { modelOf } from "./registry.ts";

const { config } = fixtureModel("bart-classification");
const model = modelOf(config, "config.json");

test("says what the model can take", () => {
  const { basePrefix, vocabularySize, maxPositions, segments, paddingIndex, decoderStartTokenId } = model;
  expect([basePrefix, vocabularySize, maxPositions, segments, paddingIndex, decoderStartTokenId]).toEqual([
    ...["model", 37, 11, 0, 1],
    2,
  ]);
  expect(Object.keys(model.heads)).toEqual(["sequence-classification", "question-answering", "sequence-to-sequence"]);
});

test("both layers of the classifier count as head, the body does not", () => {
  const head = specsOf(model, "sequence-classification", 5).filter((spec) => spec.head);
  expect(head.map(({ name, shape }) => [name, shape])).toEqual([
    ["classification_head.dense.weight", [16, 16]],
    ["classification_head.dense.bias", [16]],
    ["classification_head.out_proj.weight", [5, 16]],
    ["classification_head.out_proj.bias", [5]],
  ]);
});

test("the language model's head is the table of words, which encoder and decoder read", () => {
  const tables = specsOf(model, "sequence-to-sequence").filter(({ role }) => role === "embedding");
  expect(tables.map(({ name, shape }) => [name, shape])).toEqual([
    ["model.shared.weight", [37, 16]],
    ["model.encoder.embed_positions.weight", [13, 16]],
    ["model.decoder.embed_positions.weight", [13, 16]],
  ]);
});

const ids = [
  [7, 2, 8, 2],
  [2, 9, 1, 1],
  [5, 5, 5, 5],
];
const feeds = { input_ids: array64([3, 4], ids.flat()) };

test("without a target the decoder reads the text, moved to the right", () => {
  const inputs = modelInputs();
  const [shifted] = interpret([decoderIds(inputs, 3)], feeds);
  expect([...shifted!.data]).toEqual([3, 7, 2, 8, 3, 2, 9, 1, 3, 5, 5, 5]);
  const given = modelInputs(["decoder_input_ids"]);
  expect(decoderIds(given, 3)).toBe(given.decoder_input_ids);
});

test.each([0, 2])("a text is its last end token, with %i tokens in front of it that the decoder does not read", (n) => {
  const inputs = {
    ...modelInputs(),
    input_ids: input("input_ids", ["batch", n === 0 ? "sequence" : `sequence+${n}`], "int64"),
  };
  const hidden = input("hidden", ["batch", "sequence", 1]);
  const inFront = array64(
    [3, 4 + n],
    ids.flatMap((row) => [...Array<number>(n).fill(2), ...row]),
  );
  const states = array64(
    [3, 4, 1],
    Array.from({ length: 12 }, (_, i) => 10 + i),
  );
  const [last] = interpret([lastEnd(hidden, inputs, 2)], { input_ids: inFront, hidden: states });
  expect([...last!.data]).toEqual([13, 14, 0]);
});

describe("config.json", () => {
  test.each([
    ["activation_function", "swiglu", "activation_function: unknown activation"],
    ["encoder_attention_heads", 3, "encoder_attention_heads: expected a divisor of d_model"],
    ["decoder_attention_heads", 3, "decoder_attention_heads: expected a divisor of d_model"],
    ["d_model", "768", "d_model: Invalid input: expected number, received string"],
    ["decoder_layers", 0, "decoder_layers: Too small: expected number to be >0"],
    ["dropout", 1, "dropout: Too big: expected number to be <1"],
    ["is_encoder_decoder", false, "is_encoder_decoder: Invalid input: expected true"],
    ["tie_word_embeddings", false, "tie_word_embeddings: Invalid input: expected true"],
  ])("%s: %j is an error in one line", (field, value, complaint) => {
    expect(() => modelOf({ ...config, [field]: value }, "model/config.json")).toThrow(
      `model/config.json: ${complaint}`,
    );
  });

  test("leaves out what has a default", () => {
    const { activation_function: _, dropout: __, scale_embedding: ___, decoder_start_token_id: ____, ...rest } = config;
    expect(specsOf(modelOf(rest, "config.json"), "sequence-to-sequence")).toEqual(
      specsOf(model, "sequence-to-sequence"),
    );
  });
});
