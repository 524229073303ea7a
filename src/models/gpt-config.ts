/** The fields of config.json that GPT-2 and GPT-J share, with the names that transformers takes for others of them. */
import * as z from "zod";
import { activationName } from "./config.ts";

export interface GptSizes {
  readonly vocab_size: number;
  readonly n_positions: number;
  readonly n_embd: number;
  readonly n_layer: number;
  readonly n_head: number;
  /** Width inside the feed-forward network; null for four times `n_embd`. */
  readonly n_inner: number | null;
  readonly activation_function: string;
  readonly layer_norm_epsilon: number;
  readonly pad_token_id?: number | null | undefined;
}

/** How they are checked, with transformers' defaults. */
export const gptFields: { readonly [K in keyof GptSizes]-?: z.ZodType<GptSizes[K]> } = {
  vocab_size: z.int().positive(),
  n_positions: z.int().positive(),
  n_embd: z.int().positive(),
  n_layer: z.int().positive(),
  n_head: z.int().positive(),
  n_inner: z.int().positive().nullable().default(null),
  activation_function: activationName.default("gelu_new"),
  layer_norm_epsilon: z.number().positive().default(1e-5),
  pad_token_id: z.int().nonnegative().nullish(),
};

/** A check across fields, for the schemas made of {@link gptFields}. */
export const headsDivideWidth: { check(config: GptSizes): boolean; params: { path: string[]; error: string } } = {
  check: ({ n_embd: width, n_head: heads }) => width % heads === 0,
  params: { path: ["n_head"], error: "expected a divisor of n_embd" },
};

export const gptSpellings: Readonly<Record<string, readonly string[]>> = {
  n_positions: ["max_position_embeddings"],
  n_embd: ["hidden_size"],
  n_layer: ["num_hidden_layers"],
  n_head: ["num_attention_heads"],
};
