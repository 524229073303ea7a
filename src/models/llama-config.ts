/** The fields of config.json that LLaMA and its relatives share. */
import * as z from "zod";
import type { RotaryFrequencies } from "../nn/rotary.ts";
import { activationName, parseConfig, probability } from "./config.ts";

import { rotaryFrequencies } from "./rope.ts";

/** The fields under their names, those that may be left out filled in. */
export interface LlamaConfig {
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly num_key_value_heads: number;
  readonly head_dim: number;
  readonly intermediate_size: number;
  readonly hidden_act: string;
  readonly max_position_embeddings: number;
  readonly rms_norm_eps: number;
  readonly tie_word_embeddings: boolean;
  readonly attention_bias: boolean;
  readonly mlp_bias: boolean;
  readonly attention_dropout: number;
  readonly pad_token_id: number | null;
  readonly frequencies: RotaryFrequencies;
}

const schema = z
  .object({
    vocab_size: z.int().positive(),
    hidden_size: z.int().positive(),
    num_hidden_layers: z.int().positive(),
    num_attention_heads: z.int().positive(),
    num_key_value_heads: z.int().positive().nullish(),
    head_dim: z.int().positive().nullish(),
    intermediate_size: z.int().positive(),
    hidden_act: activationName.default("silu"),
    max_position_embeddings: z.int().positive(),
    rms_norm_eps: z.number().positive().default(1e-6),
    tie_word_embeddings: z.boolean().default(false),
    attention_bias: z.boolean().default(false),
    mlp_bias: z.boolean().default(false),
    attention_dropout: probability.default(0),
    // Files without a padding token say −1 or nothing.
    pad_token_id: z
      .int()
      .nullish()
      .transform((id) => (id === undefined || id === null || id < 0 ? null : id)),
  })
  .refine((config) => config.num_attention_heads % (config.num_key_value_heads ?? 1) === 0, {
    path: ["num_key_value_heads"],
    error: "expected a divisor of num_attention_heads",
  })
  .refine((config) => config.head_dim || config.hidden_size % config.num_attention_heads === 0, {
    path: ["num_attention_heads"],
    error: "expected a divisor of hidden_size",
  })
  .transform((config) => ({
    ...config,
    num_key_value_heads: config.num_key_value_heads ?? config.num_attention_heads,
    head_dim: config.head_dim ?? config.hidden_size / config.num_attention_heads,
  }))
  .refine((config) => config.head_dim % 2 === 0, { path: ["head_dim"], error: "expected an even number" });

/**
 * The fields of a parsed config.json.
 * @param defaults of a relative, where they differ from LLaMA's
 * @throws Error in one line that names the field and `where`.
 */
export function llamaConfig(json: unknown, where: string, defaults: object = {}): LlamaConfig {
  const complete = typeof json === "object" ? { ...defaults, ...json } : json;
  const config = parseConfig(schema, complete, where);
  return { ...config, frequencies: rotaryFrequencies(complete, where, config.head_dim) };
}
