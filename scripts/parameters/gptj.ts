/** The parameters of GPT-J (Wang & Komatsuzaki 2021) as a causal language model. */
import { embeddingTable } from "../../src/nn/embedding.ts";
import { declareParameters, type ParameterSpec, type Scope } from "../../src/nn/parameters.ts";
import { layerNorm, linear, matrix } from "./layers.ts";

/** The sizes of config.json. */
export interface GptjConfig {
  readonly vocab_size: number;
  readonly n_embd: number;
  readonly n_layer: number;
  /** Width of the feed-forward; null for four times the model's. */
  readonly n_inner: number | null;
}

export function gptj(config: GptjConfig): ParameterSpec[] {
  const { vocab_size: vocabulary, n_embd: width } = config;
  return declareParameters((scope) => {
    const transformer = scope.in("transformer");
    embeddingTable(transformer.in("wte"), vocabulary, width);
    for (let block = 0; block < config.n_layer; block++)
      decoderBlock(transformer.in("h").in(String(block), { block }), width, config.n_inner ?? 4 * width);
    layerNorm(transformer.in("ln_f"), width);
    linear(scope.in("lm_head"), vocabulary, width);
  });
}

/** Attention and feed-forward read the same norm. */
function decoderBlock(scope: Scope, width: number, inner: number): void {
  layerNorm(scope.in("ln_1"), width);
  for (const name of ["q_proj", "k_proj", "v_proj", "out_proj"]) matrix(scope.in("attn").in(name), width, width);
  linear(scope.in("mlp").in("fc_in"), inner, width);
  linear(scope.in("mlp").in("fc_out"), width, inner);
}
