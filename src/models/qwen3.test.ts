import { expect, test } from "vitest";
import { fixtureModel } from "../../test/fixtures.ts";
import { specsOf } from "./config.cases.ts";
import { modelOf } from "./registry.ts";

const where = "model/config.json";
const { config } = fixtureModel("qwen3-classification");
const attention = (changes: object) =>
  specsOf(modelOf({ ...config, ...changes }, where), "causal-language-model")
    .filter(({ name }) => name.startsWith("model.layers.1.self_attn."))
    .map(({ name, shape }) => [name.slice("model.layers.1.self_attn.".length), shape]);

test("query and key are normed head by head", () => {
  const shapes = Object.fromEntries(attention({})) as Record<string, readonly number[]>;
  expect([shapes["q_norm.weight"], shapes["k_norm.weight"]]).toEqual([[8], [8]]);
});

test("heads are 128 wide unless config.json says otherwise, and all four modules have biases or none", () => {
  const names = attention({}).map(([name]) => name);
  expect(names.filter((name) => String(name).endsWith("bias"))).toEqual([]);
  const { head_dim: _, ...rest } = config;
  const specs = specsOf(modelOf({ ...rest, attention_bias: true }, where), "causal-language-model");
  const biases = specs.filter(({ name }) => name.startsWith("model.layers.1.") && name.endsWith("bias"));
  expect(biases.map(({ shape }) => shape)).toEqual([[512], [256], [256], [16]]);
});

test("windows are read as Qwen2's", () => {
  expect(() => modelOf({ ...config, layer_types: ["full_attention"] }, where)).toThrow(
    new Error(`${where}: layer_types: expected one for each of num_hidden_layers`),
  );
});
