/** The parameters of DeBERTaV3 (He, Gao & Chen 2023) as a classifier; its `model_type` is deberta-v2, whose form it has. */
import { embeddingTable } from "../../src/nn/embedding.ts";
import { declareParameters, type ParameterSpec, type Scope } from "../../src/nn/parameters.ts";
import { layerNorm, linear } from "./layers.ts";

/** The sizes of config.json, for a model without position and segment tables whose attention shares its key matrices. */
export interface DebertaV2Config {
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly intermediate_size: number;
  readonly position_buckets: number;
  readonly position_biased_input: false;
  readonly type_vocab_size: 0;
  readonly share_att_key: true;
}

/** The pooler counts as head: pretrained checkpoints do not hold it. */
export function debertaV2(config: DebertaV2Config, labels: number): ParameterSpec[] {
  const { hidden_size: width } = config;
  return declareParameters((scope) => {
    const [embeddings, encoder] = ["embeddings", "encoder"].map((name) => scope.in("deberta").in(name)) as [
      Scope,
      Scope,
    ];
    embeddingTable(embeddings.in("word_embeddings"), config.vocab_size, width);
    layerNorm(embeddings.in("LayerNorm"), width);
    for (let block = 0; block < config.num_hidden_layers; block++)
      encoderBlock(encoder.in("layer").in(String(block), { block }), config);
    // One row for each relative distance, to the left and to the right.
    embeddingTable(encoder.in("rel_embeddings"), 2 * config.position_buckets, width);
    layerNorm(encoder.in("LayerNorm"), width);
    linear(scope.in("pooler", { head: true }).in("dense"), width, width);
    linear(scope.in("classifier", { head: true }), labels, width);
  });
}

function encoderBlock(scope: Scope, { hidden_size: width, intermediate_size: inner }: DebertaV2Config): void {
  const attention = scope.in("attention");
  for (const name of ["query_proj", "key_proj", "value_proj"]) linear(attention.in("self").in(name), width, width);
  linear(attention.in("output").in("dense"), width, width);
  layerNorm(attention.in("output").in("LayerNorm"), width);
  linear(scope.in("intermediate").in("dense"), inner, width);
  linear(scope.in("output").in("dense"), width, inner);
  layerNorm(scope.in("output").in("LayerNorm"), width);
}
