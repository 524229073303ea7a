/** Qwen3 (Yang et al. 2025): Qwen2 with norms of each head's query and key in place of their biases. */
import type { Architecture } from "./architecture.ts";
import { llamaModel } from "./llama.ts";
import { llamaConfig } from "./llama-config.ts";
import { slidingLayers } from "./qwen2.ts";

export const qwen3: Architecture = {
  configure(json, where) {
    const config = llamaConfig(json, where, { head_dim: 128, max_position_embeddings: 32_768 });
    const { attention_bias: attention } = config;
    const biases = { projections: attention, output: attention, feedForward: false };
    return llamaModel(config, { family: "Qwen3", biases, headNorms: true, ...slidingLayers(json, where) });
  },
};
