/**
 * LLaMA (Touvron et al. 2023a, b; Grattafiori et al. 2024): pre-norm blocks with RMS norms, rotary positions, key heads shared by
 * groups of query heads, and gated feed-forward networks. Its relatives differ from it in what {@link LlamaDesign} names.
 */
import { cast, count, mul, splitHeads, sum, unsqueeze } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import { activations } from "../nn/activation.ts";
import { causalBias } from "../nn/attention.ts";
import { embedding } from "../nn/embedding.ts";
import { linear } from "../nn/linear.ts";
import * as norm from "../nn/norm.ts";
import type { Scope } from "../nn/parameters.ts";
import { rotated, type Rotation, rotation } from "../nn/rotary.ts";
import { attend } from "../nn/attend.ts";
import type { Architecture, Model, ModelInputs } from "./architecture.ts";
import { addSublayer, decoderBlocks, tokenPositions } from "./decoder.ts";
import { type LlamaConfig, llamaConfig } from "./llama-config.ts";
import { languageModelHead, lastTokenClassifier } from "./heads.ts";

/** What the relatives settle each for itself. */
export interface LlamaDesign {
  /** How the names begin that transformers gives body and head together. */
  readonly family: string;
  /** Which linear modules have a bias: those of query, key and value, the attention's output, those of the feed-forward network. */
  readonly biases: Readonly<Record<"projections" | "output" | "feedForward", boolean>>;
  /** Whether query and key are normed, head by head, before they are turned; not unless given. */
  readonly headNorms?: boolean;
  /** How many positions a token sees, its own among them, in layers that do not see all. */
  readonly sliding?: { readonly window: number; readonly inLayer: (layer: number) => boolean };
  /** What embedded words are multiplied with; 1 unless given. */
  readonly wordScale?: number;
  /** What norms add to their weights; 0 unless given. */
  readonly normOffset?: number;
}

type Settings = LlamaConfig & LlamaDesign;

export const noBiases: LlamaDesign["biases"] = { projections: false, output: false, feedForward: false };

export const llama: Architecture = {
  configure(json, where) {
    const config = llamaConfig(json, where);
    const { attention_bias: attention, mlp_bias: feedForward } = config;
    return llamaModel(config, { family: "Llama", biases: { projections: attention, output: attention, feedForward } });
  },
};

export function llamaModel(config: LlamaConfig, design: LlamaDesign): Model {
  const settings = { ...config, ...design };
  return {
    basePrefix: "model",
    vocabularySize: config.vocab_size,
    maxPositions: Math.floor(config.max_position_embeddings * (config.frequencies.slowing?.factor ?? 1)),
    ...(config.frequencies.slowing && { lengthDependentBeyond: config.frequencies.slowing.trained }),
    paddingIndex: config.pad_token_id ?? 0,
    segments: 0,
    body: (scope, inputs) => body(scope.in("model"), settings, inputs),
    heads: {
      "causal-language-model": languageModelHead(`${design.family}ForCausalLM`, "model.embed_tokens", config),
      "sequence-classification": lastTokenClassifier(`${design.family}ForSequenceClassification`),
    },
  };
}

function body(scope: Scope, settings: Settings, inputs: ModelInputs): Value {
  const { attention_mask: mask, input_ids: queries, segment_ids: segments } = inputs;
  const { sliding } = settings;
  const wide = causalBias({ queries, mask, segments });
  const narrow = causalBias({ queries, mask, segments, window: sliding?.window });
  const turn = rotation(tokenPositions(scope, inputs), settings.frequencies, lengthOf(inputs));
  const words = scope.sites.words(embedded(scope.in("embed_tokens"), settings, queries));
  const hidden = decoderBlocks(scope.in("layers"), settings.num_hidden_layers, words, (block, states, layer) =>
    decoderBlock(block, settings, states, sliding?.inLayer(layer) ? narrow : wide, turn),
  );
  return rmsNorm(scope.in("norm"), settings, hidden);
}

/**
 * How long texts are, where frequencies depend on it: as long as the longest of the batch or, where positions are given and the mask has
 * room for tokens to come, each as long as it is; a number or [batch, 1, 1].
 */
function lengthOf({ attention_mask: mask, position_ids: positions }: ModelInputs): Value {
  return positions ? unsqueeze(cast(sum(mask, [1], true), "float32"), 1) : count(mask, [1]);
}

function embedded(scope: Scope, settings: Settings, ids: Value): Value {
  const { vocab_size: vocabulary, hidden_size: width, pad_token_id: padding, wordScale = 1 } = settings;
  const words = embedding(scope, ids, vocabulary, width, padding ?? undefined);
  return wordScale === 1 ? words : mul(words, wordScale);
}

/** hidden [batch, sequence, width] → the same, with attention and then the feed-forward network added, each of what a norm gives. */
function decoderBlock(scope: Scope, settings: Settings, hidden: Value, bias: Value, turn: Rotation): Value {
  const attention = scope.in("self_attn");
  const normed = rmsNorm(scope.in("input_layernorm"), settings, hidden);
  const mixed = addSublayer(attention.in("o_proj"), {
    kind: "attention",
    input: normed,
    output: selfAttention(attention, settings, normed, bias, turn),
    residual: hidden,
  });
  const network = scope.in("mlp");
  const mixedNormed = rmsNorm(scope.in("post_attention_layernorm"), settings, mixed);
  return addSublayer(network.in("down_proj"), {
    kind: "feed-forward",
    input: mixedNormed,
    output: feedForward(network, settings, mixedNormed),
    residual: mixed,
  });
}

function selfAttention(scope: Scope, settings: Settings, x: Value, bias: Value, turn: Rotation): Value {
  const { num_attention_heads: heads, num_key_value_heads: keyHeads, head_dim: d, biases } = settings;
  const project = (name: string, n: number) =>
    splitHeads(linear(scope.in(name), x, n * d, { bias: biases.projections }), n);
  const normed = (name: string, head: Value) => (settings.headNorms ? rmsNorm(scope.in(name), settings, head) : head);
  const query = rotated(normed("q_norm", project("q_proj", heads)), turn);
  const key = rotated(normed("k_norm", project("k_proj", keyHeads)), turn);
  const value = project("v_proj", keyHeads);
  const gathered = attend(scope, { query, key, value }, bias, { dropout: settings.attention_dropout });
  return linear(scope.in("o_proj"), gathered, settings.hidden_size, { bias: biases.output });
}

/** down(act(gate(x)) ∘ up(x)) (Shazeer 2020) */
function feedForward(scope: Scope, settings: Settings, x: Value): Value {
  const { hidden_act: activation, hidden_size: width, intermediate_size: inner } = settings;
  const bias = settings.biases.feedForward;
  const gate = activations[activation]!(linear(scope.in("gate_proj"), x, inner, { bias }));
  const up = linear(scope.in("up_proj"), x, inner, { bias });
  return linear(scope.in("down_proj"), mul(gate, up), width, { bias });
}

function rmsNorm(scope: Scope, { rms_norm_eps: epsilon, normOffset }: Settings, x: Value): Value {
  return norm.rmsNorm(scope, x, epsilon, normOffset);
}
