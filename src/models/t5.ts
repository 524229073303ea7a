/** T5 (Raffel et al. 2020) and its version 1.1: normed before each sublayer, positions by biases of the scores alone. */
import * as z from "zod";
import { add, matmul, mul, splitHeads } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import { type Activation, activations } from "../nn/activation.ts";
import { attentionBias } from "../nn/attention.ts";
import { embedding, embeddingTable } from "../nn/embedding.ts";
import { linear } from "../nn/linear.ts";
import { rmsNorm } from "../nn/norm.ts";
import type { Scope } from "../nn/parameters.ts";
import { type Buckets, relativeBias } from "../nn/relative-bias.ts";
import { attend } from "../nn/attend.ts";
import type { AttentionSite, SublayerSite } from "../nn/sites.ts";
import type { Architecture, Head, ModelInputs } from "./architecture.ts";
import { parseConfig, probability } from "./config.ts";

import { decoderBias, decoderIds } from "./encoder-decoder.ts";

/** An activation, or `gated-` and one; gelu is then its tanh approximation, as in version 1.1. */
const feedForwardName = z.string().refine((name) => Object.hasOwn(activations, name.replace(/^gated-/, "")), {
  error: (issue) =>
    `unknown "${issue.input}", expected an activation or gated- and one: ${Object.keys(activations).join(", ")}`,
});

const configSchema = z
  .object({
    vocab_size: z.int().positive(),
    d_model: z.int().positive(),
    d_kv: z.int().positive(),
    d_ff: z.int().positive(),
    num_layers: z.int().positive(),
    num_decoder_layers: z.int().positive().nullish(),
    num_heads: z.int().positive(),
    relative_attention_num_buckets: z.int().min(4).default(32),
    relative_attention_max_distance: z.int().positive().default(128),
    feed_forward_proj: feedForwardName.default("relu"),
    layer_norm_epsilon: z.number().positive().default(1e-6),
    dropout_rate: probability.default(0.1),
    pad_token_id: z.int().nonnegative().default(0),
    decoder_start_token_id: z.int().nonnegative().nullish(),
    tie_word_embeddings: z.boolean().default(true),
    scale_decoder_outputs: z.boolean().nullish(),
    is_encoder_decoder: z.literal(true).default(true),
  })
  .refine(({ relative_attention_num_buckets: buckets, relative_attention_max_distance: most }) => most > buckets / 2, {
    path: ["relative_attention_max_distance"],
    error: "expected more than half of relative_attention_num_buckets",
  });
type Config = z.infer<typeof configSchema>;

export const t5: Architecture = {
  configure(json, where) {
    const config = parseConfig(configSchema, json, where);
    const start = config.decoder_start_token_id ?? config.pad_token_id;
    return {
      basePrefix: "transformer",
      vocabularySize: config.vocab_size,
      maxPositions: Infinity,
      paddingIndex: config.pad_token_id,
      segments: 0,
      decoderStartTokenId: start,
      body: (scope, inputs) => body(scope, config, inputs, start),
      heads: { "sequence-to-sequence": languageModel(config) },
    };
  },
};

function body(scope: Scope, config: Config, inputs: ModelInputs, start: number): Value {
  const embed = (ids: Value) => embedding(scope.in("shared"), ids, config.vocab_size, config.d_model);
  const words = scope.sites.words(embed(inputs.input_ids));
  const memory = scope.sites.block(encoder(scope.in("encoder"), config, words, inputs));
  const ids = decoderIds(inputs, start);
  return decoder(scope.in("decoder"), config, { ids, words: embed(ids) }, memory, inputs);
}

/** words [batch, sequence, width] → hidden states, each of which has seen the whole text. */
function encoder(scope: Scope, config: Config, words: Value, { attention_mask: mask }: ModelInputs): Value {
  const layersOf = (block: number) => scope.in("block").in(String(block), { block }).in("layer");
  const bias = add(positionBias(layersOf(0), config, true, words, words), attentionBias(mask));
  let hidden = dropped(scope, config, words);
  for (let block = 0; block < config.num_layers; block++) {
    const layer = layersOf(block);
    const attended = attention(layer.in("0"), config, "self", scope.sites.block(hidden), null, bias);
    hidden = feedForward(layer.in("1"), config, attended);
  }
  return finished(scope, config, hidden);
}

/** The decoder's blocks are numbered on from the encoder's, whose states `memory` are read by cross attention alone. */
function decoder(
  scope: Scope,
  config: Config,
  { ids, words }: { readonly ids: Value; readonly words: Value },
  memory: Value,
  inputs: ModelInputs,
): Value {
  const layersOf = (block: number) =>
    scope
      .in("block")
      .in(String(block), { block: config.num_layers + block })
      .in("layer");
  const { self, cross } = decoderBias(inputs, ids);
  const bias = add(positionBias(layersOf(0), config, false, ids, inputs.decoder_attention_mask ?? ids), self);
  let hidden = dropped(scope, config, words);
  for (let block = 0; block < (config.num_decoder_layers ?? config.num_layers); block++) {
    const layer = layersOf(block);
    const own = attention(layer.in("0"), config, "self", scope.sites.block(hidden), null, bias);
    const both = attention(layer.in("1"), config, "cross", own, memory, cross);
    hidden = feedForward(layer.in("2"), config, both);
  }
  return finished(scope, config, hidden);
}

/** What all blocks add to their scores; the layers of the first hold it. */
function positionBias(layers: Scope, config: Config, bidirectional: boolean, queries: Value, keys: Value): Value {
  const buckets: Buckets = {
    count: config.relative_attention_num_buckets,
    maxDistance: config.relative_attention_max_distance,
    bidirectional,
  };
  const holder = layers.in("0").in("SelfAttention").in("relative_attention_bias");
  return relativeBias(holder, buckets, config.num_heads, queries, keys);
}

const attentionNames = { self: "SelfAttention", cross: "EncDecAttention" } as const;

/** hidden + attention of the normed hidden states to themselves, or to those of `memory`. */
function attention(
  layer: Scope,
  config: Config,
  kind: AttentionSite["kind"],
  hidden: Value,
  memory: Value | null,
  bias: Value,
): Value {
  const { num_heads: heads, d_kv: size, dropout_rate: dropout } = config;
  const scope = layer.in(attentionNames[kind]);
  const read = normed(layer.in("layer_norm"), config, hidden);
  const project = (name: string, x: Value) => splitHeads(matrix(scope.in(name), x, heads * size), heads);
  const seen = memory ?? read;
  const projected = { query: project("q", read), key: project("k", seen), value: project("v", seen) };
  const attended = attend(scope, projected, bias, { kind, dropout, scale: 1 });
  return added(scope.in("o"), config, { kind: "attention", input: read, residual: hidden }, attended);
}

/** hidden + wo(activation(wi(normed))), or of a gated network wo(activation(wi_0(normed)) ∘ wi_1(normed)). */
function feedForward(layer: Scope, config: Config, hidden: Value): Value {
  const scope = layer.in("DenseReluDense");
  const read = normed(layer.in("layer_norm"), config, hidden);
  const { activation, gated } = feedForwardOf(config);
  const into = (name: string) => matrix(scope.in(name), read, config.d_ff);
  const expanded = gated ? mul(activation(into("wi_0")), into("wi_1")) : activation(into("wi"));
  return added(
    scope.in("wo"),
    config,
    { kind: "feed-forward", input: read, residual: hidden },
    dropped(scope, config, expanded),
  );
}

function feedForwardOf({ feed_forward_proj: name }: Config): { activation: Activation; gated: boolean } {
  const gated = name.startsWith("gated-");
  const spelled = name === "gated-gelu" ? "gelu_new" : name.replace(/^gated-/, "");
  return { activation: activations[spelled]!, gated };
}

/** residual + module(x) */
function added(
  module: Scope,
  config: Config,
  { kind, input, residual }: Pick<SublayerSite, "kind" | "input" | "residual">,
  x: Value,
): Value {
  const output = dropped(module, config, matrix(module, x, config.d_model));
  return add(residual, module.sites.sublayer({ module: module.name, kind, input, output, residual, norm: null }));
}

/** No module has a bias. */
const matrix = (scope: Scope, x: Value, out: number): Value => linear(scope, x, out, { bias: false });
const normed = (scope: Scope, config: Config, x: Value): Value => rmsNorm(scope, x, config.layer_norm_epsilon);

function finished(scope: Scope, config: Config, hidden: Value): Value {
  const norm = scope.in("final_layer_norm");
  return dropped(norm, config, normed(norm, config, hidden));
}

function dropped({ name, sites }: Scope, { dropout_rate: p }: Config, x: Value): Value {
  return sites.dropout({ name, x, p });
}

/**
 * The embeddings read backwards, of hidden states scaled by 1/√width; in version 1.1 a matrix of its own. Files that transformers 5
 * writes call both tied, and say by `scale_decoder_outputs` which it is.
 */
const languageModel = (config: Config): Head => ({
  architecture: "T5ForConditionalGeneration",
  forward(scope, hidden) {
    const { vocab_size: vocabulary, d_model: width } = config;
    const tied = config.scale_decoder_outputs ?? config.tie_word_embeddings;
    if (!tied) return matrix(scope.in("lm_head"), hidden, vocabulary);
    const table = embeddingTable(scope.in("shared"), vocabulary, width);
    return matmul(mul(hidden, 1 / Math.sqrt(width)), table, { transposeB: true });
  },
});
