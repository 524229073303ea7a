/** Models and vocabularies in llama2.c's first format, as a LLaMA checkpoint of transformers and as the pieces of its tokens. */
import { type Tensor, tensor } from "../src/tensor/tensor.ts";

export interface Llama2c {
  /** As config.json would say it. */
  readonly config: Readonly<Record<string, unknown>>;
  readonly tensors: ReadonlyMap<string, Tensor<"float32">>;
}

/** A checkpoint whose head is its table of embeddings. */
export function readLlama2c(bytes: Buffer): Llama2c {
  const header = Array.from({ length: 7 }, (_, i) => bytes.readInt32LE(4 * i));
  const [width, inner, layers, heads, keyHeads, vocabulary, positions] = header as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const numbers = new Float32Array(bytes.buffer.slice(bytes.byteOffset + 4 * header.length));
  const headWidth = width / heads;
  const keyWidth = keyHeads * headWidth;
  const tensors = new Map<string, Tensor<"float32">>();
  let at = 0;
  const read = (shape: readonly number[]) => {
    const size = shape.reduce((a, b) => a * b);
    return tensor("float32", shape, numbers.slice(at, (at += size)));
  };
  const readLayers = (name: string, shape: readonly number[], made = (x: Tensor<"float32">) => x) => {
    for (let layer = 0; layer < layers; layer++) tensors.set(`model.layers.${layer}.${name}.weight`, made(read(shape)));
  };
  const byHalves = (matrix: Tensor<"float32">) => halvesOfPairs(matrix, headWidth);

  tensors.set("model.embed_tokens.weight", read([vocabulary, width]));
  readLayers("input_layernorm", [width]);
  readLayers("self_attn.q_proj", [width, width], byHalves);
  readLayers("self_attn.k_proj", [keyWidth, width], byHalves);
  readLayers("self_attn.v_proj", [keyWidth, width]);
  readLayers("self_attn.o_proj", [width, width]);
  readLayers("post_attention_layernorm", [width]);
  readLayers("mlp.gate_proj", [inner, width]);
  readLayers("mlp.down_proj", [width, inner]);
  readLayers("mlp.up_proj", [inner, width]);
  tensors.set("model.norm.weight", read([width]));
  const config = {
    model_type: "llama",
    vocab_size: vocabulary,
    hidden_size: width,
    intermediate_size: inner,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    num_key_value_heads: keyHeads,
    max_position_embeddings: positions,
    rms_norm_eps: 1e-5,
    tie_word_embeddings: true,
  };
  return { config, tensors };
}

/** llama2.c turns neighbouring rows of each head together, transformers those of its two halves. */
function halvesOfPairs({ shape, data }: Tensor<"float32">, headWidth: number): Tensor<"float32"> {
  const width = shape[1]!;
  const result = new Float32Array(data.length);
  for (let row = 0; row < shape[0]!; row++) {
    const inHead = row % headWidth;
    const from = row - inHead + (inHead < headWidth / 2 ? 2 * inHead : 2 * inHead - headWidth + 1);
    result.set(data.subarray(from * width, (from + 1) * width), row * width);
  }
  return tensor("float32", shape, result);
}

/** The bytes of each token; those written `<0x0A>` are one. */
export function readPieces(bytes: Buffer): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 4; at < bytes.length;) {
    const begin = at + 8;
    const end = begin + bytes.readInt32LE(at + 4);
    const piece = bytes.subarray(begin, end);
    const [, byte] = /^<0x([0-9A-F]{2})>$/.exec(piece.toString("latin1")) ?? [];
    pieces.push(byte === undefined ? piece : Buffer.from([Number.parseInt(byte, 16)]));
    at = end;
  }
  return pieces;
}
