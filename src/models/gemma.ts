/** Gemma (Gemma Team 2024): LLaMA's decoder with wide heads, scaled words, GELU gates, and norms whose weights count from 1. */
import * as z from "zod";
import type { Architecture } from "./architecture.ts";
import { parseConfig } from "./config.ts";
import { llamaModel } from "./llama.ts";
import { llamaConfig } from "./llama-config.ts";

const defaults = {
  head_dim: 256,
  hidden_act: "gelu_pytorch_tanh",
  max_position_embeddings: 8192,
  pad_token_id: 0,
  tie_word_embeddings: true,
};

const schema = z.object({
  use_bidirectional_attention: z.literal(false, "attention both ways is not implemented, expected false").nullish(),
});

export const gemma: Architecture = {
  configure(json, where) {
    const config = llamaConfig(json, where, defaults);
    parseConfig(schema, json, where);
    const { attention_bias: attention, hidden_act: activation } = config;
    return llamaModel(
      // The files first released say gelu, and mean its approximation.
      { ...config, hidden_act: activation === "gelu" ? "gelu_pytorch_tanh" : activation },
      {
        family: "Gemma",
        biases: { projections: attention, output: attention, feedForward: false },
        wordScale: Math.sqrt(config.hidden_size),
        normOffset: 1,
      },
    );
  },
};
