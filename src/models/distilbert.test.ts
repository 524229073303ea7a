import { describe, expect, test } from "vitest";
import { fixtureModel } from "../../test/fixtures.ts";
import { specsOf } from "./config.cases.ts";
import { modelOf } from "./registry.ts";

const { config } = fixtureModel("distilbert-classification");
const model = modelOf(config, "config.json");

test("says what the model can take", () => {
  const { basePrefix, vocabularySize, maxPositions, segments, paddingIndex } = model;
  expect([basePrefix, vocabularySize, maxPositions, segments, paddingIndex]).toEqual(["distilbert", 45, 12, 0, 0]);
});

test("both layers of the classifier count as head, the body does not", () => {
  const head = specsOf(model, "sequence-classification", 5).filter((spec) => spec.head);
  expect(head.map(({ name, shape }) => [name, shape])).toEqual([
    ["pre_classifier.weight", [16, 16]],
    ["pre_classifier.bias", [16]],
    ["classifier.weight", [5, 16]],
    ["classifier.bias", [5]],
  ]);
});

test("the language model's decoder is the table of words", () => {
  const names = specsOf(model, "masked-language-model").map(({ name }) => name);
  expect(names.filter((name) => name.startsWith("vocab_"))).toEqual([
    "vocab_transform.weight",
    "vocab_transform.bias",
    "vocab_layer_norm.weight",
    "vocab_layer_norm.bias",
    "vocab_projector.bias",
  ]);
});

describe("config.json", () => {
  test.each([
    ["activation", "swiglu", "activation: unknown activation"],
    ["n_heads", 3, "n_heads: expected a divisor of dim"],
    ["dim", "768", "dim: Invalid input: expected number, received string"],
    ["n_layers", 0, "n_layers: Too small: expected number to be >0"],
    ["dropout", 1, "dropout: Too big: expected number to be <1"],
  ])("%s: %j is an error in one line", (field, value, complaint) => {
    expect(() => modelOf({ ...config, [field]: value }, "model/config.json")).toThrow(
      `model/config.json: ${complaint}`,
    );
  });

  test("leaves out what has a default", () => {
    const { activation: _, dropout: __, seq_classif_dropout: ___, ...rest } = config;
    expect(specsOf(modelOf(rest, "config.json"), "sequence-classification")).toEqual(
      specsOf(model, "sequence-classification"),
    );
  });
});
