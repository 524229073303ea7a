import { expect, test } from "vitest";
import { fixtureModel } from "../../test/fixtures.ts";
import { specsOf } from "./config.cases.ts";
import { modelOf } from "./registry.ts";

const where = "model/config.json";
const { config } = fixtureModel("mistral-lm");

test("there are eight heads of keys unless config.json says otherwise", () => {
  const { num_key_value_heads: _, ...rest } = config;
  const model = modelOf({ ...rest, num_attention_heads: 16, head_dim: 2 }, where);
  const key = specsOf(model, "causal-language-model").find(({ name }) => name.endsWith("0.self_attn.k_proj.weight"));
  expect(key!.shape).toEqual([16, 16]);
});

test("no module has a bias", () => {
  const specs = specsOf(modelOf({ ...config, attention_bias: true, mlp_bias: true }, where), "causal-language-model");
  expect(specs.filter(({ role }) => role === "bias")).toEqual([]);
});

test.each([
  [0, "Too small: expected number to be >0"],
  ["all", "Invalid input: expected number, received string"],
])("sliding_window %j is an error in one line", (sliding_window, complaint) => {
  expect(() => modelOf({ ...config, sliding_window }, where)).toThrow(
    new Error(`${where}: sliding_window: ${complaint}`),
  );
});
