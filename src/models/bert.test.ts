import { expect, test } from "vitest";
import { fixtureModel } from "../../test/fixtures.ts";
import { configSuite, parameterShapes } from "./config.cases.ts";
import { modelOf } from "./registry.ts";

const { config } = fixtureModel("bert-classification");
configSuite(config);
const model = modelOf(config, "config.json");

test("says what the model can take", () => {
  expect([model.basePrefix, model.vocabularySize, model.maxPositions, model.segments]).toEqual(["bert", 41, 11, 2]);
});

test("the pooler counts as head, the body does not", () => {
  const shapes = parameterShapes(model, "sequence-classification", 5);
  expect(Object.entries(shapes).slice(-4)).toEqual([
    ["bert.pooler.dense.weight", [16, 16]],
    ["bert.pooler.dense.bias", [16]],
    ["classifier.weight", [5, 16]],
    ["classifier.bias", [5]],
  ]);
});

test("the language model's decoder is the table of words", () => {
  const names = Object.keys(parameterShapes(model, "masked-language-model"));
  expect(names.filter((name) => name.startsWith("cls."))).toEqual([
    "cls.predictions.transform.dense.weight",
    "cls.predictions.transform.dense.bias",
    "cls.predictions.transform.LayerNorm.weight",
    "cls.predictions.transform.LayerNorm.bias",
    "cls.predictions.bias",
  ]);
});
