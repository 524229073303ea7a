import { expect, test } from "vitest";
import { fixtureModel } from "../../test/fixtures.ts";
import { configSuite, specsOf } from "./config.cases.ts";
import { modelOf } from "./registry.ts";

const { config } = fixtureModel("bert-classification");
configSuite(config);
const model = modelOf(config, "config.json");

test("says what the model can take", () => {
  expect([model.basePrefix, model.vocabularySize, model.maxPositions, model.segments]).toEqual(["bert", 41, 11, 2]);
});

test("the pooler counts as head, the body does not", () => {
  const head = specsOf(model, "sequence-classification", 5).filter((spec) => spec.head);
  expect(head.map(({ name, shape }) => [name, shape])).toEqual([
    ["bert.pooler.dense.weight", [16, 16]],
    ["bert.pooler.dense.bias", [16]],
    ["classifier.weight", [5, 16]],
    ["classifier.bias", [5]],
  ]);
});

test("the language model's decoder is the table of words", () => {
  const names = specsOf(model, "masked-language-model").map(({ name }) => name);
  expect(names.filter((name) => name.startsWith("cls."))).toEqual([
    "cls.predictions.transform.dense.weight",
    "cls.predictions.transform.dense.bias",
    "cls.predictions.transform.LayerNorm.weight",
    "cls.predictions.transform.LayerNorm.bias",
    "cls.predictions.bias",
  ]);
});
