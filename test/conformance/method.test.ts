/** Every method of the registry, under options that meet each of its ways, on every family. */
import { describe } from "vitest";
import { type MethodName, type MethodOptions, methods } from "../../src/peft/registry.ts";
import { nativeRuntime } from "../../src/runtime/native.ts";
import { methodSuite, type Promises } from "./method.cases.ts";

const runtime = await nativeRuntime({ threads: 1 });
const fixtures = [
  "bert-classification",
  "roberta-classification",
  "distilbert-classification",
  "deberta-v2-classification",
  "bart-classification",
  "gpt2-classification",
  "gptj-classification",
  "bloom-classification",
  "llama-classification",
  "mistral-classification",
  "qwen2-classification",
  "qwen3-classification",
  "gemma-classification",
];

const variants: { readonly [M in MethodName]: readonly Partial<MethodOptions[M]>[] } = {
  rocoft: [
    {},
    { update: "row", rank: 1, select: "last", train_bias: true },
    { update: "row", rank: 4, select: "random", target_modules: ["query", "output.dense"] },
    { update: "column", rank: 1, select: "uniform" },
    { update: "column", rank: 5, select: "random", train_bias: true },
    { update: "both", rank: 2, select: "first" },
    { update: "both", rank: 3, select: "random", target_modules: ["intermediate.dense"], train_bias: true },
    { update: "both", rank: 16, select: "last" },
    { update: "row", rank: 2, layers_to_transform: [1] },
    { update: "both", rank: 3, select: "mixed", calibration_samples: 5 },
    { update: "entries", rank: 2 },
    { update: "entries", density: 0.1, select: "largest", target_modules: ["query", "output.dense"] },
    { update: "column", rank: 4, select: "smallest", official_parameters: true },
    { update: "entries", rank: 1, official_parameters: true },
  ],
  lora: [
    {},
    { rank: 2, lora_alpha: 3, target_modules: ["all-linear"], use_rslora: true, loraplus_lr_ratio: 16 },
    { rank: 3, use_dora: true, target_modules: ["query", "output.dense"] },
    { rank: 4, init_lora_weights: "gaussian", lora_dropout: 0.2 },
    { rank: 2, use_dora: true, lora_dropout: 0.2, layers_to_transform: [0] },
    { rank: 4, init_lora_weights: "pissa" },
  ],
  adalora: [
    {},
    { init_r: 3, target_r: 1, tinit: 1, tfinal: 2, orth_reg_weight: 0.1, target_modules: ["query", "output.dense"] },
    { init_r: 2, target_r: 2, orth_reg_weight: 0, lora_dropout: 0.2, layers_to_transform: [1] },
  ],
  lora_xs: [
    {},
    { rank: 3, lora_alpha: 6, target_modules: ["all-linear"] },
    { rank: 5, lora_dropout: 0.2, layers_to_transform: [1] },
  ],
  vera: [{}, { rank: 3, d_initial: 1, target_modules: ["all-linear"] }, { rank: 20, vera_dropout: 0.2 }],
  ia3: [
    {},
    { target_modules: ["query", "intermediate.dense"] },
    { target_modules: ["value", "output.dense"], feedforward_modules: ["value"] },
    { feedforward_modules: [], layers_to_transform: [0] },
  ],
  shira: [
    { rank: 4 },
    { rank: 2, mask_type: "struct", target_modules: ["all-linear"] },
    { rank: 3, mask_type: "wm", layers_to_transform: [1] },
  ],
  fish_mask: [
    { density: 0.3, fisher_samples: 6 },
    { density: 0.05, head_in_budget: false, fisher_power: "absolute" },
    { density: 0.1, head_in_budget: false, mask: "random" },
  ],
  sft: [
    { selection_accumulation_steps: 3 },
    { density: 0.1, reselection_steps: 2, selection_accumulation_steps: 1, reselection_rate: 0.5 },
    {
      density: 0.03,
      reselection_steps: 3,
      selection_accumulation_steps: 1,
      reselection_rate_policy: "cosine",
      target_modules: ["query", "output.dense"],
    },
  ],
  diff_pruning: [{}, { density: 0.3 }, { density: 0.05, head_in_budget: false, sparsity_penalty: 0.01 }],
  prompt_tuning: [{ num_virtual_tokens: 3 }, { num_virtual_tokens: 1, prompt_tuning_init: "sample_vocab" }],
  p_tuning: [
    { num_virtual_tokens: 3 },
    { num_virtual_tokens: 2, encoder_reparameterization_type: "LSTM", encoder_hidden_size: 5 },
    { num_virtual_tokens: 3, encoder_reparameterization_type: "LSTM", encoder_num_layers: 1 },
  ],
  prefix_tuning: [
    { num_virtual_tokens: 3 },
    { shift_positions: false },
    { num_virtual_tokens: 1, prefix_projection: true, encoder_hidden_size: 6, init_weights: "zero" },
  ],
  houlsby: [{}, { bottleneck_size: 5, target_modules: ["attention.output.dense"] }],
  pfeiffer: [{}, { reduction_factor: 3, layers_to_transform: [1] }],
  parallel_adapter: [{}, { bottleneck_size: 5, scaling: 4, layers_to_transform: [0] }, { scaling: "learned" }],
  mam: [{}, { num_virtual_tokens: 2, prefix_projection: true, encoder_hidden_size: 7, scaling: "learned" }],
  bitfit: [{}],
  ln_tuning: [{}],
  full: [{}],
  head: [{}],
};

const inPlace: Promises = { start: 0, movesAll: true, merged: 0 };
const elsewhere: Promises = { start: null, movesAll: true, merged: 0 };
const promises: { readonly [M in MethodName]: Promises } = {
  rocoft: inPlace,
  lora: { start: 0, movesAll: true, merged: 1e-5 },
  // A matrix may lose all its ranks.
  adalora: { start: 0, movesAll: false, merged: 1e-5 },
  lora_xs: { start: 1e-4, movesAll: true, merged: 1e-5 },
  vera: { start: 0, movesAll: true, merged: 1e-5 },
  ia3: { start: 0, movesAll: true, merged: 1e-5 },
  shira: inPlace,
  fish_mask: inPlace,
  sft: inPlace,
  // Of some parameters no change is left.
  diff_pruning: { start: 0, movesAll: false, merged: 0 },
  prompt_tuning: elsewhere,
  p_tuning: elsewhere,
  prefix_tuning: elsewhere,
  houlsby: { ...elsewhere, start: 1e-4 },
  pfeiffer: { ...elsewhere, start: 1e-2 },
  parallel_adapter: { ...elsewhere, start: 0 },
  mam: elsewhere,
  bitfit: inPlace,
  ln_tuning: inPlace,
  full: inPlace,
  head: inPlace,
};

const inLlama = {
  query: "q_proj",
  key: "k_proj",
  value: "v_proj",
  "intermediate.dense": "up_proj",
  "output.dense": "down_proj",
  "attention.output.dense": "o_proj",
};

/** What the modules that variants name are called in a family that calls them otherwise. */
const moduleNames: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  "distilbert-classification": {
    query: "q_lin",
    key: "k_lin",
    value: "v_lin",
    "intermediate.dense": "lin1",
    "output.dense": "lin2",
    "attention.output.dense": "out_lin",
  },
  "gpt2-classification": {
    query: "c_attn",
    value: "c_attn",
    "intermediate.dense": "c_fc",
    "output.dense": "c_proj",
    "attention.output.dense": "attn.c_proj",
  },
  "gptj-classification": {
    query: "q_proj",
    value: "v_proj",
    "intermediate.dense": "fc_in",
    "output.dense": "fc_out",
    "attention.output.dense": "out_proj",
  },
  "bloom-classification": {
    query: "query_key_value",
    value: "query_key_value",
    "intermediate.dense": "dense_h_to_4h",
    "output.dense": "dense_4h_to_h",
    "attention.output.dense": "self_attention.dense",
  },
  "llama-classification": inLlama,
  "mistral-classification": inLlama,
  "qwen2-classification": inLlama,
  "qwen3-classification": inLlama,
  "gemma-classification": inLlama,
  "deberta-v2-classification": { query: "query_proj", key: "key_proj", value: "value_proj" },
  "bart-classification": {
    query: "q_proj",
    key: "k_proj",
    value: "v_proj",
    "intermediate.dense": "fc1",
    "output.dense": "fc2",
    "attention.output.dense": "out_proj",
  },
};

function inFamily(options: object, fixture: string): Record<string, unknown> {
  const names = moduleNames[fixture] ?? {};
  return Object.fromEntries(
    Object.entries(options).map(([option, value]: [string, unknown]) => [
      option,
      option.endsWith("_modules") ? (value as readonly string[]).map((name) => names[name] ?? name) : value,
    ]),
  );
}

describe.each(Object.keys(methods) as MethodName[])("%s", (method) => {
  for (const fixture of fixtures)
    for (const options of variants[method])
      methodSuite(runtime, fixture, { method, options: inFamily(options, fixture) }, promises[method]);
});
