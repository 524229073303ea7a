import { describe, expect, test } from "vitest";
import type { ParameterSpec } from "../nn/parameters.ts";
import { planWeights } from "./weights.ts";

const spec = (name: string, shape: number[], head = false): ParameterSpec => ({
  name,
  shape,
  role: "linear",
  initializer: "zeros",
  block: null,
  head,
});
const specs = [
  spec("bert.embeddings.LayerNorm.weight", [4]),
  spec("bert.embeddings.LayerNorm.bias", [4]),
  spec("bert.dense.weight", [3, 4]),
  spec("bert.pooler.weight", [4, 4], true),
  spec("classifier.weight", [2, 4], true),
];
const [scale, shift, dense, pooler, classifier] = specs.map(({ name }) => name) as [
  string,
  string,
  string,
  string,
  string,
];

const complete = Object.fromEntries(specs.map(({ name, shape }) => [name, shape]));
const renamed = (names: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(complete).map(([name, shape]) => [names[name] ?? name, shape]));
const without = (...names: string[]) =>
  Object.fromEntries(Object.entries(complete).filter(([name]) => !names.includes(name)));

function plan(shapes: Readonly<Record<string, readonly number[]>>, ignoreMismatchedSizes?: boolean) {
  const tensors = new Map(Object.entries(shapes).map(([name, shape]) => [name, { shape }]));
  const { found, initialized, unused } = planWeights(
    specs,
    tensors,
    "bert",
    "model/x.safetensors",
    ignoreMismatchedSizes,
  );
  return { found: Object.fromEntries(found), initialized: initialized.map(({ name }) => name), unused };
}
const asThey = Object.fromEntries(specs.map(({ name }) => [name, name]));

describe("finds", () => {
  test("each parameter under its own name", () => {
    expect(plan(complete)).toEqual({ found: asThey, initialized: [], unused: [] });
  });

  test.each<[string, Record<string, string>]>([
    [
      "without the base model's prefix",
      { [dense]: "dense.weight", [pooler]: "pooler.weight", [shift]: "embeddings.LayerNorm.bias" },
    ],
    [
      "under TensorFlow's names",
      { [scale]: "bert.embeddings.LayerNorm.gamma", [shift]: "bert.embeddings.LayerNorm.beta" },
    ],
    ["under both", { [scale]: "embeddings.LayerNorm.gamma", [shift]: "embeddings.LayerNorm.beta" }],
  ])("what stands %s", (_, names) => {
    expect(plan(renamed(names))).toEqual({ found: { ...asThey, ...names }, initialized: [], unused: [] });
  });

  test("its own name before another spelling, which is then of no use", () => {
    const others = ["dense.weight", "bert.embeddings.LayerNorm.gamma", "cls.seq_relationship.weight"];
    const extra = Object.fromEntries(others.map((name) => [name, [9, 9]]));
    expect(plan({ ...extra, ...complete })).toEqual({ found: asThey, initialized: [], unused: others });
  });

  test.each([
    ["model.shared.weight", "shared.weight"],
    ["model.shared.weight", "model.encoder.embed_tokens.weight"],
    ["model.shared.weight", "decoder.embed_tokens.weight"],
    ["model.shared.weight", "lm_head.weight"],
    ["shared.weight", "encoder.embed_tokens.weight"],
    ["shared.weight", "lm_head.weight"],
    ["lm_head.weight", "shared.weight"],
  ])("%s, the table that encoder and decoder share, as %s", (name, written) => {
    const tensors = new Map([[written, { shape: [5, 2] }]]);
    const { found } = planWeights([spec(name, [5, 2])], tensors, "model", "model/x.safetensors");
    expect(found.get(name)).toBe(written);
  });

  test("no legacy name of what is no norm, and no prefix that is none", () => {
    expect(() => plan(renamed({ [dense]: "bert.dense.gamma" }))).toThrow("no tensor named bert.dense.weight");
    expect(() => plan(renamed({ [dense]: "bertdense.weight" }))).toThrow("no tensor named bert.dense.weight");
  });
});

describe("begins anew", () => {
  test("what a head lacks", () => {
    const { initialized, found, unused } = plan(without(pooler, classifier));
    expect([initialized, unused]).toEqual([[pooler, classifier], []]);
    expect(Object.keys(found)).toEqual([scale, shift, dense]);
  });

  test("a head of another shape, if that is asked for; the old one is of no use", () => {
    const shapes = { ...complete, [classifier]: [3, 4] };
    expect(plan(shapes, true)).toEqual({
      found: Object.fromEntries(Object.entries(asThey).filter(([name]) => name !== classifier)),
      initialized: [classifier],
      unused: [classifier],
    });
  });
});

describe("refuses in one line", () => {
  test.each<[string, Record<string, readonly number[]>, boolean | undefined, string]>([
    [
      "a body without a tensor",
      without(dense),
      true,
      "model/x.safetensors: no tensor named bert.dense.weight (found 4 others)",
    ],
    [
      "an empty checkpoint",
      {},
      false,
      `model/x.safetensors: no tensor named ${scale}, ${shift}, ${dense} (found 0 others)`,
    ],
    [
      "a body of another shape, even if other sizes are to be ignored",
      { ...complete, [dense]: [4, 3] },
      true,
      "model/x.safetensors: tensor bert.dense.weight has shape [4, 3], config.json makes it [3, 4]",
    ],
    [
      "the shape of a tensor without a prefix, under the name it has in the file",
      { ...without(dense), "dense.weight": [3] },
      false,
      "model/x.safetensors: tensor dense.weight has shape [3], config.json makes it [3, 4]",
    ],
    [
      "a head of another shape",
      { ...complete, [classifier]: [3, 4] },
      undefined,
      "model/x.safetensors: tensor classifier.weight has shape [3, 4], config.json makes it [2, 4]; --ignore_mismatched_sizes begins the head anew",
    ],
  ])("%s", (_, shapes, ignore, message) => {
    expect(() => plan(shapes, ignore)).toThrow(new Error(message));
  });
});

test("every tensor that is missing or has another shape is named at once, a few of many", () => {
  const wrong = { ...without(scale, shift), [dense]: [4, 3] };
  expect(() => plan(wrong)).toThrow(
    new Error(
      `model/x.safetensors: no tensor named ${scale}, ${shift} (found 3 others); ` +
        `tensor ${dense} has shape [4, 3], config.json makes it [3, 4]`,
    ),
  );
  const many = Array.from({ length: 7 }, (_, i) => spec(`w${i}`, [2]));
  expect(() => planWeights(many, new Map(), "", "x")).toThrow(
    new Error("x: no tensor named w0, w1, w2, w3, w4, and 2 more (found 0 others)"),
  );
});

test("what is no parameter of any model is not counted as unused", () => {
  const buffers = { "bert.embeddings.position_ids": [1, 4], "h.0.attn.bias": [1, 1, 4, 4], "h.0.attn.masked_bias": [] };
  const { unused } = plan({
    ...complete,
    ...buffers,
    "model.layers.0.self_attn.rotary_emb.inv_freq": [2],
    "cls.bias": [2],
  });
  expect(unused).toEqual(["cls.bias"]);
});
