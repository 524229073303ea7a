/** The architectures of GGUF files in the words of transformers: configurations, names of tensors, and what llama.cpp's converter did to them. */
import type { JsonObject } from "./model-folder.ts";
import type { Metadata } from "./gguf-metadata.ts";
import { ropeScaling } from "./gguf-rope.ts";

/** How the numbers of a tensor in the file lie in the checkpoint; what is not said is as it is. */
export interface Layout {
  /** The row of the checkpoint that a row of the file is. */
  readonly rowOf?: (row: number) => number;
  readonly transposed?: true;
  /** Added to every number. */
  readonly shift?: number;
}

/** What a configuration is made from besides the metadata. */
export interface GgufFacts {
  readonly metadata: Metadata;
  /** Whether the file has a tensor of this name. */
  readonly has: (name: string) => boolean;
  /** The divisors of the rotary frequencies, where the file has a tensor of them. */
  readonly rotaryFactors: Float32Array | null;
}

export interface GgufArchitecture {
  /** config.json, without what every model has. */
  readonly config: (facts: GgufFacts) => JsonObject;
  /** The checkpoint's prefix of each layer. */
  readonly layers: string;
  /** The checkpoint's name of each part, inside and outside of the layers. */
  readonly names: Readonly<Record<string, string>>;
  /** What has been done to a part, `attn_q.weight`, by `config`. */
  readonly layout?: (part: string, config: JsonObject) => Layout;
  /** Whether the file may hold the output projection although it is the token embedding. */
  readonly alwaysTied?: boolean;
}

const decoder = {
  token_embd: "model.embed_tokens",
  output_norm: "model.norm",
  output: "lm_head",
  attn_norm: "input_layernorm",
  attn_q: "self_attn.q_proj",
  attn_k: "self_attn.k_proj",
  attn_v: "self_attn.v_proj",
  attn_output: "self_attn.o_proj",
  attn_q_norm: "self_attn.q_norm",
  attn_k_norm: "self_attn.k_norm",
  ffn_norm: "post_attention_layernorm",
  ffn_gate: "mlp.gate_proj",
  ffn_up: "mlp.up_proj",
  ffn_down: "mlp.down_proj",
};

/** What llama and its relatives have in common. */
function decoderConfig(architecture: string, { metadata, rotaryFactors }: GgufFacts): JsonObject {
  const key = (name: string): string => `${architecture}.${name}`;
  const hidden = metadata.integer(key("embedding_length"));
  const heads = metadata.integer(key("attention.head_count"));
  const rotary = metadata.integer(key("rope.dimension_count"), hidden / heads);
  const theta = metadata.real(key("rope.freq_base"), 10_000);
  return {
    model_type: architecture,
    hidden_size: hidden,
    intermediate_size: metadata.integer(key("feed_forward_length")),
    num_hidden_layers: metadata.integer(key("block_count")),
    num_attention_heads: heads,
    num_key_value_heads: metadata.integer(key("attention.head_count_kv"), heads),
    head_dim: metadata.integer(key("attention.key_length"), rotary),
    max_position_embeddings: metadata.integer(key("context_length")),
    rms_norm_eps: metadata.real(key("attention.layer_norm_rms_epsilon")),
    rope_theta: theta,
    rope_scaling: ropeScaling({ metadata, architecture, rotaryFactors, rotary, theta }),
    hidden_act: "silu",
  };
}

/** The architectures by the word that `general.architecture` has for them; Mistral calls itself llama. */
const architectures: Readonly<Record<string, GgufArchitecture>> = {
  llama: {
    config: (facts) => ({
      architectures: ["LlamaForCausalLM"],
      ...decoderConfig("llama", facts),
      attention_bias: facts.has("blk.0.attn_q.bias"),
      mlp_bias: facts.has("blk.0.ffn_up.bias"),
    }),
    layers: "model.layers",
    names: decoder,
    layout: rotaryPairsApart,
  },
  qwen2: {
    config: (facts) => ({ architectures: ["Qwen2ForCausalLM"], ...decoderConfig("qwen2", facts) }),
    layers: "model.layers",
    names: decoder,
  },
  qwen3: {
    config: (facts) => ({
      architectures: ["Qwen3ForCausalLM"],
      ...decoderConfig("qwen3", facts),
      attention_bias: facts.has("blk.0.attn_q.bias"),
    }),
    layers: "model.layers",
    names: decoder,
  },
  gemma: {
    config: (facts) => ({
      architectures: ["GemmaForCausalLM"],
      ...decoderConfig("gemma", facts),
      hidden_act: "gelu_pytorch_tanh",
      hidden_activation: "gelu_pytorch_tanh",
    }),
    layers: "model.layers",
    names: decoder,
    layout: (part) => (part.endsWith("_norm.weight") ? { shift: -1 } : {}),
  },
  gpt2: {
    config: ({ metadata }) => ({
      architectures: ["GPT2LMHeadModel"],
      model_type: "gpt2",
      n_embd: metadata.integer("gpt2.embedding_length"),
      n_layer: metadata.integer("gpt2.block_count"),
      n_head: metadata.integer("gpt2.attention.head_count"),
      n_positions: metadata.integer("gpt2.context_length"),
      n_inner: metadata.integer("gpt2.feed_forward_length", null),
      layer_norm_epsilon: metadata.real("gpt2.attention.layer_norm_epsilon"),
      activation_function: "gelu_new",
    }),
    layers: "transformer.h",
    names: {
      token_embd: "transformer.wte",
      position_embd: "transformer.wpe",
      output_norm: "transformer.ln_f",
      output: "lm_head",
      attn_norm: "ln_1",
      attn_qkv: "attn.c_attn",
      attn_output: "attn.c_proj",
      ffn_norm: "ln_2",
      ffn_up: "mlp.c_fc",
      ffn_down: "mlp.c_proj",
    },
    layout: (part) => (/^(attn_qkv|attn_output|ffn_up|ffn_down)\.weight$/.test(part) ? { transposed: true } : {}),
  },
  bloom: {
    config: ({ metadata }) => ({
      architectures: ["BloomForCausalLM"],
      model_type: "bloom",
      hidden_size: metadata.integer("bloom.embedding_length"),
      n_layer: metadata.integer("bloom.block_count"),
      n_head: metadata.integer("bloom.attention.head_count"),
      layer_norm_epsilon: metadata.real("bloom.attention.layer_norm_epsilon"),
    }),
    layers: "transformer.h",
    names: {
      token_embd: "transformer.word_embeddings",
      token_embd_norm: "transformer.word_embeddings_layernorm",
      output_norm: "transformer.ln_f",
      output: "lm_head",
      attn_norm: "input_layernorm",
      attn_qkv: "self_attention.query_key_value",
      attn_output: "self_attention.dense",
      ffn_norm: "post_attention_layernorm",
      ffn_up: "mlp.dense_h_to_4h",
      ffn_down: "mlp.dense_4h_to_h",
    },
    layout: headsTogether,
    alwaysTied: true,
  },
};

/** @throws Error beginning with `where` for an architecture that cannot be read, with those that can. */
export function architectureOf(name: string, where: string): GgufArchitecture {
  const architecture = Object.hasOwn(architectures, name) ? architectures[name] : undefined;
  if (architecture !== undefined) return architecture;
  const known = Object.keys(architectures).join(", ");
  throw new Error(`${where}: "general.architecture" is ${JSON.stringify(name)}, expected one of ${known}`);
}

/**
 * The converter puts the two numbers that are rotated together side by side; transformers has them half a head apart. Rows
 * of queries and keys, [heads, head_dim / 2, 2] in the file, are [heads, 2, head_dim / 2] in the checkpoint.
 */
function rotaryPairsApart(part: string, { head_dim }: JsonObject): Layout {
  if (!/^attn_[qk]\.(weight|bias)$/.test(part)) return {};
  const size = Number(head_dim);
  const rowOf = (row: number): number => {
    const within = row % size;
    return row - within + (within % 2) * (size / 2) + Math.floor(within / 2);
  };
  return { rowOf };
}

/** The converter puts all queries before all keys before all values: [3, heads, head_dim] for BLOOM's [heads, 3, head_dim]. */
function headsTogether(part: string, { hidden_size, n_head }: JsonObject): Layout {
  if (!/^attn_qkv\.(weight|bias)$/.test(part)) return {};
  const size = Number(hidden_size) / Number(n_head);
  const rowOf = (row: number): number => {
    const kind = Math.floor(row / Number(hidden_size));
    const head = Math.floor((row % Number(hidden_size)) / size);
    return (head * 3 + kind) * size + (row % size);
  };
  return { rowOf };
}
