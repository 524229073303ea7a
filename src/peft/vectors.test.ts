/** BitFit and LayerNorm tuning at the sizes of real models. */
import { expect, test } from "vitest";
import { modelOf } from "../models/registry.ts";
import type { ParameterSpec } from "../nn/parameters.ts";
import { random } from "../tensor/random.ts";
import { parametersOf } from "../train/load.ts";
import { bitfit } from "./bitfit.ts";
import { lnTuning } from "./ln-tuning.ts";
import type { Method } from "./method.ts";

/** The parameters of roberta-base or roberta-large, by their width, blocks and heads. */
const roberta = (hidden_size: number, num_hidden_layers: number, num_attention_heads: number): ParameterSpec[] => {
  const sizes = { hidden_size, num_hidden_layers, num_attention_heads, intermediate_size: 4 * hidden_size };
  const rest = { vocab_size: 50_265, max_position_embeddings: 514, type_vocab_size: 1, pad_token_id: 1 };
  const model = modelOf({ model_type: "roberta", ...sizes, ...rest }, "config.json");
  return parametersOf(model, model.heads["sequence-classification"], 2);
};

// BitFit: biases of linears 9d + of norms 2d a block, and the embedding's norm; norms: 2 · 2d a block, and 2d.
test.each<[Method, string, ParameterSpec[], number]>([
  [bitfit, "RoBERTa-base", roberta(768, 12, 12), 102_144],
  [bitfit, "RoBERTa-large", roberta(1024, 24, 16), 271_360],
  [lnTuning, "RoBERTa-base", roberta(768, 12, 12), 38_400],
  [lnTuning, "RoBERTa-large", roberta(1024, 24, 16), 100_352],
])("$name trains so many numbers of %s, beside the head", (method, _, specs, expected) => {
  const { trained } = method.attach(specs, {}, random(0));
  const body = trained.filter(({ parameter }) => !parameter.head);
  expect(body.reduce((total, { count }) => total + count, 0)).toBe(expected);
  expect(trained.filter(({ parameter }) => parameter.head)).toHaveLength(4);
});
