/** The parameters of BART (Lewis et al. 2020) as a sequence-to-sequence language model, whose head is the embedding table. */
import { embeddingTable } from "../../src/nn/embedding.ts";
import { declareParameters, type ParameterSpec, type Scope } from "../../src/nn/parameters.ts";
import { layerNorm, linear } from "./layers.ts";

/** The sizes of config.json. */
export interface BartConfig {
  readonly vocab_size: number;
  readonly d_model: number;
  readonly max_position_embeddings: number;
  readonly encoder_layers: number;
  readonly encoder_ffn_dim: number;
  readonly decoder_layers: number;
  readonly decoder_ffn_dim: number;
}

/** Rows in front of the position tables that no position uses. */
const POSITION_OFFSET = 2;

/** The decoder's blocks are numbered on from the encoder's. */
export function bart(config: BartConfig): ParameterSpec[] {
  const { d_model: width, encoder_layers: encoderLayers, decoder_layers: decoderLayers } = config;
  return declareParameters((scope) => {
    const model = scope.in("model");
    embeddingTable(model.in("shared"), config.vocab_size, width);

    const encoder = model.in("encoder");
    embeddings(encoder, config);
    for (let layer = 0; layer < encoderLayers; layer++) {
      const block = encoder.in("layers").in(String(layer), { block: layer });
      attention(block, "self_attn", width);
      feedForward(block, config.encoder_ffn_dim, width);
    }

    const decoder = model.in("decoder");
    embeddings(decoder, config);
    for (let layer = 0; layer < decoderLayers; layer++) {
      const block = decoder.in("layers").in(String(layer), { block: encoderLayers + layer });
      attention(block, "self_attn", width);
      attention(block, "encoder_attn", width);
      feedForward(block, config.decoder_ffn_dim, width);
    }
  });
}

/** What stands beside the words, which encoder and decoder share. */
function embeddings(scope: Scope, { d_model: width, max_position_embeddings: positions }: BartConfig): void {
  embeddingTable(scope.in("embed_positions"), POSITION_OFFSET + positions, width);
  layerNorm(scope.in("layernorm_embedding"), width);
}

function attention(scope: Scope, name: "self_attn" | "encoder_attn", width: number): void {
  for (const matrix of ["q_proj", "k_proj", "v_proj", "out_proj"]) linear(scope.in(name).in(matrix), width, width);
  layerNorm(scope.in(`${name}_layer_norm`), width);
}

function feedForward(scope: Scope, inner: number, width: number): void {
  linear(scope.in("fc1"), inner, width);
  linear(scope.in("fc2"), width, inner);
  layerNorm(scope.in("final_layer_norm"), width);
}
