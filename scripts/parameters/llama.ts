/** The parameters of LLaMA-2 (Touvron et al. 2023) as a causal language model; no module has a bias. */
import { embeddingTable } from "../../src/nn/embedding.ts";
import { declareParameters, type ParameterSpec, type Scope } from "../../src/nn/parameters.ts";
import { matrix, rmsNorm } from "./layers.ts";

/** The sizes of config.json. */
export interface LlamaConfig {
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly intermediate_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  /** Of keys and values, which several heads of queries may share. */
  readonly num_key_value_heads: number;
}

export function llama(config: LlamaConfig): ParameterSpec[] {
  const { vocab_size: vocabulary, hidden_size: width } = config;
  return declareParameters((scope) => {
    const model = scope.in("model");
    embeddingTable(model.in("embed_tokens"), vocabulary, width);
    for (let block = 0; block < config.num_hidden_layers; block++)
      decoderBlock(model.in("layers").in(String(block), { block }), config);
    rmsNorm(model.in("norm"), width);
    matrix(scope.in("lm_head"), vocabulary, width);
  });
}

function decoderBlock(scope: Scope, config: LlamaConfig): void {
  const { hidden_size: width, intermediate_size: inner } = config;
  const shared = (width / config.num_attention_heads) * config.num_key_value_heads;
  const [attention, feedForward] = [scope.in("self_attn"), scope.in("mlp")];
  matrix(attention.in("q_proj"), width, width);
  matrix(attention.in("k_proj"), shared, width);
  matrix(attention.in("v_proj"), shared, width);
  matrix(attention.in("o_proj"), width, width);
  matrix(feedForward.in("gate_proj"), inner, width);
  matrix(feedForward.in("up_proj"), inner, width);
  matrix(feedForward.in("down_proj"), width, inner);
  rmsNorm(scope.in("input_layernorm"), width);
  rmsNorm(scope.in("post_attention_layernorm"), width);
}
