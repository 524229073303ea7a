import { expect, test } from "vitest";
import { fixtureModel } from "../../test/fixtures.ts";
import { print } from "../graph/print.ts";
import type { Value } from "../graph/value.ts";
import { declareParameters } from "../nn/parameters.ts";
import { modelInputs } from "../train/forward.ts";
import { specsOf } from "./config.cases.ts";
import { modelOf } from "./registry.ts";

const where = "model/config.json";
const { config } = fixtureModel("gemma-classification");

function graphOf(fields: object): string {
  const model = modelOf(fields, where);
  let hidden: Value | null = null;
  declareParameters((scope) => (hidden = model.body(scope, modelInputs())));
  return print([hidden!]);
}

test("heads are 256 wide, and scores the embeddings', unless config.json says otherwise", () => {
  const { head_dim: _, tie_word_embeddings: __, ...rest } = config;
  const specs = specsOf(modelOf(rest, where), "causal-language-model");
  expect(specs.find(({ name }) => name.endsWith("layers.0.self_attn.q_proj.weight"))!.shape).toEqual([1024, 16]);
  expect(specs.map(({ name }) => name)).not.toContain("lm_head.weight");
  const untied = specsOf(modelOf({ ...rest, tie_word_embeddings: false }, where), "causal-language-model");
  expect(untied.map(({ name }) => name)).toContain("lm_head.weight");
});

test("gelu in config.json means its approximation, as it does where there is nothing", () => {
  const { hidden_act: _, ...rest } = config;
  const approximated = graphOf({ ...rest, hidden_act: "gelu_pytorch_tanh" });
  expect(graphOf({ ...rest, hidden_act: "gelu" })).toBe(approximated);
  expect(graphOf(rest)).toBe(approximated);
  expect(graphOf({ ...rest, hidden_act: "relu" })).not.toBe(approximated);
});

test("attention both ways is an error in one line", () => {
  expect(() => modelOf({ ...config, use_bidirectional_attention: true }, where)).toThrow(
    new Error(`${where}: use_bidirectional_attention: attention both ways is not implemented, expected false`),
  );
});
