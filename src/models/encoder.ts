/** The transformer encoder that BERT and RoBERTa share (Devlin et al. 2019): post-norm blocks under learned positions and segments. */
import * as z from "zod";
import * as graph from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import { activations } from "../nn/activation.ts";
import { attentionBias } from "../nn/attention.ts";
import { embedding, embeddingTable } from "../nn/embedding.ts";
import { linear } from "../nn/linear.ts";
import { layerNorm } from "../nn/norm.ts";
import type { Scope } from "../nn/parameters.ts";
import { selfAttention } from "../nn/self-attention.ts";
import type { SublayerSite } from "../nn/sites.ts";
import type { BodyOptions, ModelInputs } from "./architecture.ts";
import { activationName, probability } from "./config.ts";

/** The encoder's fields of config.json, under its names. */
export interface EncoderConfig {
  readonly vocab_size: number;
  readonly hidden_size: number;
  readonly num_hidden_layers: number;
  readonly num_attention_heads: number;
  readonly intermediate_size: number;
  readonly hidden_act: string;
  readonly max_position_embeddings: number;
  readonly type_vocab_size: number;
  readonly pad_token_id: number;
  readonly layer_norm_eps: number;
  readonly hidden_dropout_prob: number;
  readonly attention_probs_dropout_prob: number;
  readonly classifier_dropout: number | null;
}

/** How those fields are checked, with transformers' defaults. */
export const encoderFields: { readonly [K in keyof EncoderConfig]: z.ZodType<EncoderConfig[K]> } & Readonly<
  Record<"position_embedding_type" | "is_decoder", z.ZodType>
> = {
  vocab_size: z.int().positive(),
  hidden_size: z.int().positive(),
  num_hidden_layers: z.int().positive(),
  num_attention_heads: z.int().positive(),
  intermediate_size: z.int().positive(),
  hidden_act: activationName.default("gelu"),
  max_position_embeddings: z.int().positive(),
  type_vocab_size: z.int().nonnegative().default(2),
  pad_token_id: z.int().nonnegative().default(0),
  layer_norm_eps: z.number().positive().default(1e-12),
  hidden_dropout_prob: probability.default(0.1),
  attention_probs_dropout_prob: probability.default(0.1),
  classifier_dropout: probability.nullable().default(null),
  position_embedding_type: z.literal("absolute").default("absolute"),
  is_decoder: z.literal(false).default(false),
};

/** A check across fields, for the schemas made of {@link encoderFields}. */
export const headsDivideWidth: { check(config: EncoderConfig): boolean; params: { path: string[]; error: string } } = {
  check: ({ hidden_size: width, num_attention_heads: heads }) => width % heads === 0,
  params: { path: ["num_attention_heads"], error: "expected a divisor of hidden_size" },
};

/** Where tokens stand. */
export interface Positions {
  /** [sequence] or [batch, sequence], whole numbers: which row of the position table each token has. */
  readonly rows: Value;
  /** The row of padding, which is not learned. */
  readonly padding?: number;
}

/** Last hidden states [batch, sequence, width]. */
export function encoder(
  scope: Scope,
  config: EncoderConfig,
  inputs: ModelInputs,
  positions: Positions,
  options?: BodyOptions,
): Value {
  const bias = attentionBias(inputs.attention_mask, options);
  const self = {
    names: { query: "query", key: "key", value: "value" },
    heads: config.num_attention_heads,
    dropout: config.attention_probs_dropout_prob,
  };
  const attend = (attention: Scope, x: Value) => selfAttention(attention, self, x, bias);
  const layers = scope.in("encoder").in("layer");
  let hidden = embeddings(scope.in("embeddings"), config, inputs, positions);
  for (let block = 0; block < config.num_hidden_layers; block++)
    hidden = encoderBlock(layers.in(String(block), { block }), config, scope.sites.block(hidden), attend);
  return hidden;
}

/** LayerNorm(words + positions + segments) */
function embeddings(scope: Scope, config: EncoderConfig, inputs: ModelInputs, positions: Positions): Value {
  const { hidden_size: width, pad_token_id: padding } = config;
  const { sites } = scope;
  const words = sites.words(
    embedding(scope.in("word_embeddings"), inputs.input_ids, config.vocab_size, width, padding),
  );
  const placed = graph.add(
    words,
    embedding(
      scope.in("position_embeddings"),
      sites.positions(positions.rows),
      config.max_position_embeddings,
      width,
      positions.padding,
    ),
  );
  const segments = segmentEmbeddings(scope.in("token_type_embeddings"), config, inputs.token_type_ids);
  const sum = segments ? graph.add(placed, segments) : placed;
  return hiddenDropout(scope, config, layerNorm(scope.in("LayerNorm"), sum, config.layer_norm_eps));
}

/** One embedding for each kind of segment; null where there are none. */
export function segmentEmbeddings(
  scope: Scope,
  { type_vocab_size: segments, hidden_size: width }: EncoderConfig,
  ids: Value,
): Value | null {
  if (segments === 0) return null;
  return segments === 1 ? graph.squeeze(embeddingTable(scope, 1, width), 0) : embedding(scope, ids, segments, width);
}

/**
 * hidden [batch, sequence, width] → the same, through attention and feed-forward, each added to its input and then normalised.
 * @param attend what each position gathers of hidden states, [batch, sequence, width], with the parameters of a scope
 */
export function encoderBlock(
  scope: Scope,
  config: EncoderConfig,
  hidden: Value,
  attend: (scope: Scope, hidden: Value) => Value,
): Value {
  const attended = attend(scope.in("attention").in("self"), hidden);
  const mixed = addAndNorm(scope.in("attention").in("output"), config, "attention", attended, hidden);
  const expanded = activations[config.hidden_act]!(
    linear(scope.in("intermediate").in("dense"), mixed, config.intermediate_size),
  );
  return addAndNorm(scope.in("output"), config, "feed-forward", expanded, mixed);
}

/** LayerNorm(dense(x) + residual); the sublayer reads the residual. */
function addAndNorm(scope: Scope, config: EncoderConfig, kind: SublayerSite["kind"], x: Value, residual: Value): Value {
  const module = scope.in("dense");
  const output = hiddenDropout(scope, config, linear(module, x, config.hidden_size));
  const norm = (sum: Value) => layerNorm(scope.in("LayerNorm"), sum, config.layer_norm_eps);
  const site = { module: module.name, kind, input: residual, output, residual, norm };
  return norm(graph.add(scope.sites.sublayer(site), residual));
}

export function hiddenDropout({ name, sites }: Scope, { hidden_dropout_prob: p }: EncoderConfig, x: Value): Value {
  return sites.dropout({ name, x, p });
}

/** What a classifier reads, with the dropout that its configuration names. */
export function headDropout(
  { name, sites }: Scope,
  { classifier_dropout: own, hidden_dropout_prob: hidden }: EncoderConfig,
  x: Value,
): Value {
  return sites.dropout({ name: `${name} input`, x, p: own ?? hidden });
}

/** LayerNorm(act(dense(x))), what BERT's language model makes of hidden states before it scores tokens. */
export function transformed(scope: Scope, config: EncoderConfig, hidden: Value): Value {
  const activated = activations[config.hidden_act]!(linear(scope.in("dense"), hidden, config.hidden_size));
  return layerNorm(scope.in("LayerNorm"), activated, config.layer_norm_eps);
}
