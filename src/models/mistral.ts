/** Mistral (Jiang et al. 2023): LLaMA's decoder, in every layer of which a token sees only the positions of a window. */
import * as z from "zod";
import type { Architecture } from "./architecture.ts";
import { parseConfig } from "./config.ts";
import { llamaModel, noBiases } from "./llama.ts";
import { llamaConfig } from "./llama-config.ts";

const schema = z.object({ sliding_window: z.int().positive().nullable().default(4096) });

export const mistral: Architecture = {
  configure(json, where) {
    const config = llamaConfig(json, where, { num_key_value_heads: 8, max_position_embeddings: 131_072 });
    const { sliding_window: window } = parseConfig(schema, json, where);
    const sliding = window === null ? {} : { sliding: { window, inLayer: () => true } };
    return llamaModel(config, { family: "Mistral", biases: noBiases, ...sliding });
  },
};
