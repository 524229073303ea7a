import { describe, expect, test } from "vitest";
import { fixtureModel } from "../../test/fixtures.ts";
import type { Value } from "../graph/value.ts";
import { topological } from "../graph/walk.ts";
import { declareParameters } from "../nn/parameters.ts";
import { modelInputs } from "../train/forward.ts";
import { specsOf } from "./config.cases.ts";
import { modelOf } from "./registry.ts";
import { planWeights } from "./weights.ts";

const where = "model/config.json";
const { config } = fixtureModel("deberta-v2-classification");
const model = modelOf(config, where);
const shapesOf = (fields: object) => {
  const specs = specsOf(modelOf({ ...config, ...fields }, where), "sequence-classification");
  return Object.fromEntries(specs.map(({ name, shape }) => [name, shape]));
};

test("says what the model can take", () => {
  const { basePrefix, vocabularySize, maxPositions, segments, paddingIndex } = model;
  expect([basePrefix, vocabularySize, maxPositions, segments, paddingIndex]).toEqual(["deberta", 49, 16, 0, 0]);
});

test("the pooler counts as head, the embeddings of distances do not", () => {
  const specs = specsOf(model, "sequence-classification", 5);
  expect(specs.filter(({ head }) => head).map(({ name, shape }) => [name, shape])).toEqual([
    ["pooler.dense.weight", [16, 16]],
    ["pooler.dense.bias", [16]],
    ["classifier.weight", [5, 16]],
    ["classifier.bias", [5]],
  ]);
  const distances = specs.filter(({ name }) => /^deberta\.encoder\.(rel|Layer)/.test(name));
  expect(distances.map(({ name, shape, head, block }) => [name, shape, head, block])).toEqual([
    ["deberta.encoder.rel_embeddings.weight", [8, 16], false, null],
    ["deberta.encoder.LayerNorm.weight", [16], false, null],
    ["deberta.encoder.LayerNorm.bias", [16], false, null],
  ]);
});

describe("what config.json leaves in or out", () => {
  const relative = "deberta.encoder.rel_embeddings.weight";
  const self = "deberta.encoder.layer.1.attention.self";

  test.each<[object, readonly number[] | undefined]>([
    [{}, [8, 16]],
    [{ position_buckets: 0 }, [32, 16]],
    [{ position_buckets: -1, max_relative_positions: 5 }, [10, 16]],
    [{ max_relative_positions: 5 }, [8, 16]],
    [{ relative_attention: false }, undefined],
    [{ pos_att_type: null }, undefined],
    [{ pos_att_type: [] }, undefined],
  ])("%j: embeddings of distances %j", (fields, shape) => {
    expect(shapesOf(fields)[relative]).toEqual(shape);
  });

  test.each<[string | readonly string[], readonly string[]]>([
    ["c2p|p2c", ["pos_key_proj", "pos_query_proj"]],
    [" P2C | c2p", ["pos_key_proj", "pos_query_proj"]],
    [["p2c"], ["pos_query_proj"]],
    ["c2p", ["pos_key_proj"]],
  ])("%j with projections of their own: %j", (terms, names) => {
    const shapes = shapesOf({ pos_att_type: terms, share_att_key: false });
    const own = Object.keys(shapes).filter((name) => name.startsWith(`${self}.pos_`) && name.endsWith(".weight"));
    expect(own).toEqual(names.map((name) => `${self}.${name}.weight`));
    expect(Object.keys(shapesOf({ pos_att_type: terms })).some((name) => name.includes(".pos_"))).toBe(false);
  });

  test("positions, segments, the norm of distances", () => {
    const shapes = shapesOf({ position_biased_input: true, type_vocab_size: 3, norm_rel_ebd: "none" });
    expect(shapes["deberta.embeddings.position_embeddings.weight"]).toEqual([16, 16]);
    expect(shapes["deberta.embeddings.token_type_embeddings.weight"]).toEqual([3, 16]);
    expect(shapes["deberta.encoder.LayerNorm.weight"]).toBeUndefined();
    expect(shapesOf({ position_biased_input: undefined })).toHaveProperty([
      "deberta.embeddings.position_embeddings.weight",
    ]);
  });

  test("segments are read where there are several kinds", () => {
    for (const kinds of [0, 1, 2]) {
      const inputs = modelInputs();
      let hidden: Value | null = null;
      const of = modelOf({ ...config, type_vocab_size: kinds }, where);
      declareParameters((scope) => (hidden = of.body(scope, inputs)));
      expect(topological([hidden!]).includes(inputs.token_type_ids)).toBe(kinds > 1);
    }
  });
});

test.each([
  ["conv_kernel_size", 3, "a convolution beside the first block is not implemented, expected 0"],
  ["position_buckets", 1, "expected two or more, or -1 for none"],
  ["embedding_size", 8, "expected hidden_size"],
  ["pooler_hidden_size", 8, "expected hidden_size"],
  ["attention_head_size", 4, "expected hidden_size / num_attention_heads"],
  ["num_attention_heads", 3, "expected a divisor of hidden_size"],
  ["pos_att_type.0", ["p2p"], 'Invalid option: expected one of "c2p"|"p2c"'],
  ["norm_rel_ebd", "rms", 'Invalid option: expected one of "none"|"layer_norm"'],
  ["pooler_hidden_act", "swiglu", 'unknown activation "swiglu", expected one of gelu'],
  ["cls_dropout", 1, "Too big: expected number to be <1"],
])("%s: %j is an error in one line", (path, value, complaint) => {
  const field = path.split(".")[0]!;
  let message = "";
  try {
    modelOf({ ...config, [field]: value }, where);
  } catch (error) {
    ({ message } = error as Error);
  }
  expect(message.startsWith(`${where}: ${path}: ${complaint}`), message).toBe(true);
  expect(message).not.toContain("\n");
});

/** The tensors of microsoft/deberta-v3-base by name and shape, with blocks left out but the first. */
const published: Readonly<Record<string, readonly number[]>> = {
  "deberta.embeddings.word_embeddings.weight": [128_100, 768],
  "deberta.embeddings.LayerNorm.weight": [768],
  "deberta.embeddings.LayerNorm.bias": [768],
  "deberta.encoder.layer.0.attention.self.query_proj.weight": [768, 768],
  "deberta.encoder.layer.0.attention.self.query_proj.bias": [768],
  "deberta.encoder.layer.0.attention.self.key_proj.weight": [768, 768],
  "deberta.encoder.layer.0.attention.self.key_proj.bias": [768],
  "deberta.encoder.layer.0.attention.self.value_proj.weight": [768, 768],
  "deberta.encoder.layer.0.attention.self.value_proj.bias": [768],
  "deberta.encoder.layer.0.attention.output.dense.weight": [768, 768],
  "deberta.encoder.layer.0.attention.output.dense.bias": [768],
  "deberta.encoder.layer.0.attention.output.LayerNorm.weight": [768],
  "deberta.encoder.layer.0.attention.output.LayerNorm.bias": [768],
  "deberta.encoder.layer.0.intermediate.dense.weight": [3072, 768],
  "deberta.encoder.layer.0.intermediate.dense.bias": [3072],
  "deberta.encoder.layer.0.output.dense.weight": [768, 3072],
  "deberta.encoder.layer.0.output.dense.bias": [768],
  "deberta.encoder.layer.0.output.LayerNorm.weight": [768],
  "deberta.encoder.layer.0.output.LayerNorm.bias": [768],
  "deberta.encoder.rel_embeddings.weight": [512, 768],
  "deberta.encoder.LayerNorm.weight": [768],
  "deberta.encoder.LayerNorm.bias": [768],
};
const pretraining: Readonly<Record<string, readonly number[]>> = {
  "lm_predictions.lm_head.bias": [128_100],
  "lm_predictions.lm_head.dense.weight": [768, 768],
  "lm_predictions.lm_head.dense.bias": [768],
  "lm_predictions.lm_head.LayerNorm.weight": [768],
  "lm_predictions.lm_head.LayerNorm.bias": [768],
  "mask_predictions.dense.weight": [768, 768],
  "mask_predictions.dense.bias": [768],
  "mask_predictions.LayerNorm.weight": [768],
  "mask_predictions.LayerNorm.bias": [768],
  "mask_predictions.classifier.weight": [1, 768],
  "mask_predictions.classifier.bias": [1],
};
/** Its config.json, but for the number of blocks. */
const publishedConfig = {
  model_type: "deberta-v2",
  attention_probs_dropout_prob: 0.1,
  hidden_act: "gelu",
  hidden_dropout_prob: 0.1,
  hidden_size: 768,
  initializer_range: 0.02,
  intermediate_size: 3072,
  max_position_embeddings: 512,
  relative_attention: true,
  position_buckets: 256,
  norm_rel_ebd: "layer_norm",
  share_att_key: true,
  pos_att_type: "p2c|c2p",
  layer_norm_eps: 1e-7,
  max_relative_positions: -1,
  position_biased_input: false,
  num_attention_heads: 12,
  num_hidden_layers: 1,
  type_vocab_size: 0,
  vocab_size: 128_100,
};

test("reads DeBERTa-v3's published checkpoint, and begins the classifier anew", () => {
  const tensors = new Map(Object.entries({ ...published, ...pretraining }).map(([name, shape]) => [name, { shape }]));
  const specs = specsOf(modelOf(publishedConfig, where), "sequence-classification");
  const { found, initialized, unused } = planWeights(specs, tensors, "deberta", "deberta-v3-base");
  expect(new Set(found.keys())).toEqual(new Set(Object.keys(published)));
  expect(initialized.map(({ name }) => name)).toEqual([
    "pooler.dense.weight",
    "pooler.dense.bias",
    "classifier.weight",
    "classifier.bias",
  ]);
  expect(unused).toEqual(Object.keys(pretraining));
});

test("reads the language model that it was pretrained with where config.json says that it is no legacy", () => {
  const tensors = new Map(Object.entries({ ...published, ...pretraining }).map(([name, shape]) => [name, { shape }]));
  const specsUnder = (legacy: boolean) =>
    specsOf(modelOf({ ...publishedConfig, legacy }, where), "masked-language-model");
  const { found, initialized } = planWeights(specsUnder(false), tensors, "deberta", "deberta-v3-base");
  expect([...found.keys()].filter((name) => name.startsWith("lm_predictions."))).toHaveLength(5);
  expect(initialized).toEqual([]);
  expect(() => planWeights(specsUnder(true), tensors, "deberta", "deberta-v3-base")).toThrow(
    "deberta-v3-base: no tensor named cls.predictions.transform.dense.weight",
  );
});
