/** The parameters of BLOOM (BigScience 2022) as a causal language model, whose head is the embedding table. */
import { embeddingTable } from "../../src/nn/embedding.ts";
import { declareParameters, type ParameterSpec, type Scope } from "../../src/nn/parameters.ts";
import { layerNorm, linear } from "./layers.ts";

/** The sizes of config.json. */
export interface BloomConfig {
  readonly vocab_size: number;
  readonly n_embed: number;
  readonly n_layer: number;
}

export function bloom({ vocab_size: vocabulary, n_embed: width, n_layer: layers }: BloomConfig): ParameterSpec[] {
  return declareParameters((scope) => {
    const transformer = scope.in("transformer");
    embeddingTable(transformer.in("word_embeddings"), vocabulary, width);
    layerNorm(transformer.in("word_embeddings_layernorm"), width);
    for (let block = 0; block < layers; block++) decoderBlock(transformer.in("h").in(String(block), { block }), width);
    layerNorm(transformer.in("ln_f"), width);
  });
}

/** Queries, keys and values come out of one matrix, head by head. */
function decoderBlock(scope: Scope, width: number): void {
  layerNorm(scope.in("input_layernorm"), width);
  linear(scope.in("self_attention").in("query_key_value"), 3 * width, width);
  linear(scope.in("self_attention").in("dense"), width, width);
  layerNorm(scope.in("post_attention_layernorm"), width);
  linear(scope.in("mlp").in("dense_h_to_4h"), 4 * width, width);
  linear(scope.in("mlp").in("dense_4h_to_h"), width, 4 * width);
}
