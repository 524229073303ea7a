/** The sizes of RoBERTa-base, as its config.json has them. */
export const robertaBase = {
  model_type: "roberta",
  vocab_size: 50265,
  hidden_size: 768,
  num_hidden_layers: 12,
  num_attention_heads: 12,
  intermediate_size: 3072,
  max_position_embeddings: 514,
  type_vocab_size: 1,
  pad_token_id: 1,
} as const;
