import { expect, test } from "vitest";
import { fixtureModel } from "../../test/fixtures.ts";
import { isOp, type Value } from "../graph/value.ts";
import { topological } from "../graph/walk.ts";
import { array64 } from "../interpret/array.ts";
import { interpret } from "../interpret/interpret.ts";
import { declareParameters } from "../nn/parameters.ts";
import { modelInputs } from "../train/forward.ts";
import { configSuite, specsOf } from "./config.cases.ts";
import { modelOf } from "./registry.ts";

const { config } = fixtureModel("roberta-classification");
configSuite(config);
const model = modelOf(config, "config.json");

test("positions begin behind the padding index, so that fewer tokens fit than there are rows", () => {
  expect([model.basePrefix, model.vocabularySize, model.maxPositions, model.segments]).toEqual(["roberta", 43, 10, 1]);
  const { pad_token_id: _, ...withoutPadding } = config;
  expect(modelOf(withoutPadding, "config.json").maxPositions).toBe(10);
  expect(modelOf({ ...config, pad_token_id: 5, max_position_embeddings: 13 }, "config.json").maxPositions).toBe(7);
});

test.each([
  [
    1,
    [
      [4, 9, 1, 1],
      [8, 8, 8, 8],
    ],
    [
      [2, 3, 1, 1],
      [2, 3, 4, 5],
    ],
  ],
  [
    5,
    [
      [4, 1, 5, 9],
      [5, 5, 1, 1],
    ],
    [
      [6, 7, 5, 8],
      [5, 5, 6, 7],
    ],
  ],
])("padding index %i: padding stands there, the n-th other token n behind it", (padding, ids, expected) => {
  const inputs = modelInputs();
  let hidden: Value | null = null;
  const padded = modelOf({ ...config, pad_token_id: padding, max_position_embeddings: 20 }, "config.json");
  declareParameters((scope) => (hidden = padded.body(scope, inputs)));
  const table = (x: Value) => isOp(x, "input") && x.attrs.name.includes("position_embeddings");
  const lookup = topological([hidden!]).find((x) => isOp(x, "gather") && table(x.operands[0])) as Value<"gather">;
  const [positions] = interpret([lookup.operands[1]], { input_ids: array64([2, 4], ids.flat()) });
  expect([...positions!.data]).toEqual(expected.flat());
  expect(lookup.operands[1].type).toBe("int64");
});

test("the head has a layer of its own", () => {
  const head = specsOf(model, "sequence-classification", 5).filter((spec) => spec.head);
  expect(head.map(({ name, shape }) => [name, shape])).toEqual([
    ["classifier.dense.weight", [16, 16]],
    ["classifier.dense.bias", [16]],
    ["classifier.out_proj.weight", [5, 16]],
    ["classifier.out_proj.bias", [5]],
  ]);
});

test("the language model's decoder is the table of words", () => {
  const names = specsOf(model, "masked-language-model").map(({ name }) => name);
  expect(names.filter((name) => name.startsWith("lm_head."))).toEqual([
    "lm_head.dense.weight",
    "lm_head.dense.bias",
    "lm_head.layer_norm.weight",
    "lm_head.layer_norm.bias",
    "lm_head.bias",
  ]);
});

test.each([
  ["roberta", "Roberta"],
  ["xlm-roberta", "XLMRoberta"],
  ["camembert", "Camembert"],
])("%s: body and head together are called %sFor…", (type, family) => {
  const { heads, ...same } = modelOf({ ...config, model_type: type }, "config.json");
  expect(Object.values(heads).map(({ architecture }) => architecture)).toEqual([
    `${family}ForSequenceClassification`,
    `${family}ForQuestionAnswering`,
    `${family}ForMaskedLM`,
  ]);
  expect(same.maxPositions).toBe(model.maxPositions);
});
