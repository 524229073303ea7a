/** Qwen2 (Yang et al. 2024): LLaMA's decoder, with biases of query, key and value, and windows in some layers. */
import * as z from "zod";
import type { Architecture } from "./architecture.ts";
import { parseConfig } from "./config.ts";
import { type LlamaDesign, llamaModel } from "./llama.ts";
import { llamaConfig } from "./llama-config.ts";

const schema = z
  .object({
    num_hidden_layers: z.int().positive(),
    use_sliding_window: z.boolean().default(false),
    sliding_window: z.int().positive().nullable().default(4096),
    max_window_layers: z.int().nonnegative().default(28),
    layer_types: z.array(z.enum(["full_attention", "sliding_attention"])).nullish(),
  })
  .refine(({ layer_types: types, num_hidden_layers: layers }) => (types?.length ?? layers) === layers, {
    path: ["layer_types"],
    error: "expected one for each of num_hidden_layers",
  });

export const qwen2: Architecture = {
  configure(json, where) {
    const config = llamaConfig(json, where, { max_position_embeddings: 32_768 });
    const biases = { projections: true, output: false, feedForward: false };
    return llamaModel(config, { family: "Qwen2", biases, ...slidingLayers(json, where) });
  },
};

/** The windows of Qwen's second and third version: in the layers that `layer_types` names, else from `max_window_layers` on. */
export function slidingLayers(json: unknown, where: string): Pick<LlamaDesign, "sliding"> {
  const config = parseConfig(schema, json, where);
  const { layer_types: types, sliding_window: window } = config;
  if (config.use_sliding_window && window !== null) {
    const inLayer = (layer: number) =>
      types ? types[layer] === "sliding_attention" : layer >= config.max_window_layers;
    return { sliding: { window, inLayer } };
  }
  if (types?.includes("sliding_attention"))
    throw new Error(`${where}: layer_types: sliding_attention, expected use_sliding_window and sliding_window with it`);
  return {};
}
