/** The parameters of real models, from the sizes in their config.json, for counts that are published. */
import { modelOf } from "../models/registry.ts";
import type { ParameterSpec } from "../nn/parameters.ts";
import { parametersOf } from "../train/load.ts";
import type { Attachment } from "./method.ts";

function roberta(hidden_size: number, num_hidden_layers: number, num_attention_heads: number): ParameterSpec[] {
  const config = {
    model_type: "roberta",
    vocab_size: 50_265,
    hidden_size,
    num_hidden_layers,
    num_attention_heads,
    intermediate_size: 4 * hidden_size,
    max_position_embeddings: 514,
    type_vocab_size: 1,
    layer_norm_eps: 1e-5,
    pad_token_id: 1,
  };
  const model = modelOf(config, "config.json");
  return parametersOf(model, model.heads["sequence-classification"], 2);
}

export const robertaBase: readonly ParameterSpec[] = roberta(768, 12, 12);
export const robertaLarge: readonly ParameterSpec[] = roberta(1024, 24, 16);

/** How many numbers of the body are trained, or of the head. */
export function countOf({ trained }: Attachment, head = false): number {
  return trained.filter(({ parameter }) => parameter.head === head).reduce((total, { count }) => total + count, 0);
}
