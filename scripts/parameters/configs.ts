/** The models whose parameters are counted, each from the sizes that its config.json states. */
import type { HeadName } from "../../src/models/architecture.ts";
import { modelOf } from "../../src/models/registry.ts";
import type { ParameterSpec } from "../../src/nn/parameters.ts";
import { parametersOf } from "../../src/train/load.ts";
import { robertaBase } from "./roberta-base.ts";

/** Each model's parameters by its name. */
export type Models = Readonly<Record<string, readonly ParameterSpec[]>>;

const LABELS = 2;

export const classifiers: Models = {
  "RoBERTa-base": parametersUnder("sequence-classification", robertaBase),
  "RoBERTa-large": parametersUnder("sequence-classification", {
    ...robertaBase,
    hidden_size: 1024,
    num_hidden_layers: 24,
    num_attention_heads: 16,
    intermediate_size: 4096,
  }),
  "DeBERTaV3-base": parametersUnder("sequence-classification", {
    model_type: "deberta-v2",
    vocab_size: 128_100,
    hidden_size: 768,
    num_hidden_layers: 12,
    num_attention_heads: 12,
    intermediate_size: 3072,
    max_position_embeddings: 512,
    relative_attention: true,
    position_buckets: 256,
    norm_rel_ebd: "layer_norm",
    share_att_key: true,
    pos_att_type: "p2c|c2p",
    position_biased_input: false,
    type_vocab_size: 0,
  }),
};

export const languageModels: Models = {
  "BART-large": parametersUnder("sequence-to-sequence", {
    model_type: "bart",
    vocab_size: 50_265,
    d_model: 1024,
    max_position_embeddings: 1024,
    encoder_layers: 12,
    encoder_attention_heads: 16,
    encoder_ffn_dim: 4096,
    decoder_layers: 12,
    decoder_attention_heads: 16,
    decoder_ffn_dim: 4096,
  }),
  "BLOOM-7b1": parametersUnder("causal-language-model", {
    model_type: "bloom",
    vocab_size: 250_880,
    n_embed: 4096,
    n_layer: 30,
    num_attention_heads: 32,
  }),
  "GPT-J-6B": parametersUnder("causal-language-model", {
    model_type: "gptj",
    vocab_size: 50_400,
    n_positions: 2048,
    n_embd: 4096,
    n_layer: 28,
    n_head: 16,
    rotary_dim: 64,
    n_inner: null,
  }),
  "LLaMA-2-7B": parametersUnder("causal-language-model", {
    model_type: "llama",
    vocab_size: 32_000,
    hidden_size: 4096,
    intermediate_size: 11_008,
    num_hidden_layers: 32,
    num_attention_heads: 32,
    num_key_value_heads: 32,
    max_position_embeddings: 4096,
  }),
  "LLaMA-2-13B": parametersUnder("causal-language-model", {
    model_type: "llama",
    vocab_size: 32_000,
    hidden_size: 5120,
    intermediate_size: 13_824,
    num_hidden_layers: 40,
    num_attention_heads: 40,
    num_key_value_heads: 40,
    max_position_embeddings: 4096,
  }),
};

function parametersUnder(head: HeadName, config: object): readonly ParameterSpec[] {
  const model = modelOf(config, "config.json");
  return parametersOf(model, model.heads[head]!, LABELS);
}
