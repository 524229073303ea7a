/**
 * BLOOM (BigScience 2022): pre-norm blocks whose attention sees positions by ALiBi alone (Press, Smith & Lewis 2022). Queries, keys
 * and values are one matrix, head by head.
 */
import * as z from "zod";
import { add, cast, cumsum, mul, slice, splitAxis, splitHeads, squeeze, sub, unsqueeze, vector } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import { activations } from "../nn/activation.ts";
import { causalBias } from "../nn/attention.ts";
import { dropped } from "../nn/dropout.ts";
import { embedding } from "../nn/embedding.ts";
import { linear } from "../nn/linear.ts";
import { layerNorm } from "../nn/norm.ts";
import type { FusedParts, Scope } from "../nn/parameters.ts";
import { attend } from "../nn/attend.ts";
import type { Architecture, ModelInputs } from "./architecture.ts";
import { parseConfig, withSpellings, probability } from "./config.ts";
import { addSublayer, decoderBlocks } from "./decoder.ts";
import { languageModelHead, lastTokenClassifier } from "./heads.ts";

const configSchema = z
  .object({
    vocab_size: z.int().positive(),
    hidden_size: z.int().positive(),
    n_layer: z.int().positive(),
    n_head: z.int().positive(),
    seq_length: z.int().positive().nullish(),
    layer_norm_epsilon: z.number().positive().default(1e-5),
    apply_residual_connection_post_layernorm: z.boolean().default(false),
    hidden_dropout: probability.default(0),
    attention_dropout: probability.default(0),
    pad_token_id: z.int().nonnegative().nullish(),
    tie_word_embeddings: z.boolean().default(true),
  })
  .refine(({ hidden_size: width, n_head: heads }) => width % heads === 0, {
    path: ["n_head"],
    error: "expected a divisor of hidden_size",
  });
type Config = z.infer<typeof configSchema>;

const spellings = {
  hidden_size: ["n_embed"],
  n_layer: ["num_hidden_layers"],
  n_head: ["num_attention_heads"],
};

export const bloom: Architecture = {
  configure(json, where) {
    const config = parseConfig(configSchema, withSpellings(json, spellings), where);
    return {
      basePrefix: "transformer",
      vocabularySize: config.vocab_size,
      maxPositions: config.seq_length ?? Infinity,
      paddingIndex: config.pad_token_id ?? 0,
      segments: 0,
      body: (scope, inputs) => body(scope.in("transformer"), config, inputs),
      heads: {
        "causal-language-model": languageModelHead("BloomForCausalLM", "transformer.word_embeddings", config),
        "sequence-classification": lastTokenClassifier("BloomForSequenceClassification"),
      },
    };
  },
};

function body(scope: Scope, config: Config, inputs: ModelInputs): Value {
  const { input_ids: ids, attention_mask: mask, segment_ids: segments } = inputs;
  const { vocab_size: vocabulary, hidden_size: width, layer_norm_epsilon: epsilon } = config;
  const bias = add(causalBias({ queries: ids, mask, segments }), alibi(scope, config.n_head, mask));
  const words = scope.sites.words(embedding(scope.in("word_embeddings"), ids, vocabulary, width));
  const normed = layerNorm(scope.in("word_embeddings_layernorm"), words, epsilon);
  const hidden = decoderBlocks(scope.in("h"), config.n_layer, normed, (block, states) =>
    decoderBlock(block, config, states, bias),
  );
  return layerNorm(scope.in("ln_f"), hidden, epsilon);
}

/**
 * What is added to the scores of keys, which grows with their positions: [batch, heads, 1, keys]. Softmax does not see what it
 * adds to all keys alike, so it says how far a key is from a query though it does not look at the query.
 */
function alibi({ sites }: Scope, heads: number, mask: Value): Value {
  const positions = sites.positions(mul(sub(cumsum(mask, 1), 1), mask));
  return mul(unsqueeze(unsqueeze(cast(positions, "float32"), 1), 1), slopesOf(heads));
}

/** The slopes of the heads as [heads, 1, 1]. */
const slopesOf = (heads: number) => unsqueeze(unsqueeze(vector(alibiSlopes(heads)), 1), 2);

/**
 * How steeply scores grow in each head: 2^(−8/n), 2^(−16/n), … of n heads; where n is no power of two, those of the power below it
 * and then every other of the power above it, in float32 as transformers computes them.
 */
export function alibiSlopes(heads: number): number[] {
  const below = 2 ** Math.floor(Math.log2(heads));
  const powers = (n: number, exponents: readonly number[]) => {
    const base = Math.fround(2 ** (-8 / n));
    return exponents.map((exponent) => Math.fround(base ** exponent));
  };
  const first = Array.from({ length: below }, (_, i) => i + 1);
  const others = Array.from({ length: heads - below }, (_, i) => 2 * i + 1);
  return [...powers(below, first), ...powers(2 * below, others)];
}

/** hidden [batch, sequence, width] → the same, with attention and feed-forward added to it or, as configured, to its norms. */
function decoderBlock(scope: Scope, config: Config, hidden: Value, bias: Value): Value {
  const { hidden_size: width, layer_norm_epsilon: epsilon, apply_residual_connection_post_layernorm: toNorm } = config;
  const read = layerNorm(scope.in("input_layernorm"), hidden, epsilon);
  const gathered = selfAttention(scope.in("self_attention"), config, read, bias);
  const attentionEnd = scope.in("self_attention").in("dense");
  const mixed = addOutput(attentionEnd, config, "attention", { read, output: gathered }, toNorm ? read : hidden);
  const reread = layerNorm(scope.in("post_attention_layernorm"), mixed, epsilon);
  const inner = linear(scope.in("mlp").in("dense_h_to_4h"), reread, 4 * width);
  const expanded = activations["gelu_pytorch_tanh"]!(inner);
  const end = scope.in("mlp").in("dense_4h_to_h");
  return addOutput(end, config, "feed-forward", { read: reread, output: expanded }, toNorm ? reread : mixed);
}

/** residual + module(output) */
function addOutput(
  module: Scope,
  { hidden_size: width, hidden_dropout: p }: Config,
  kind: "attention" | "feed-forward",
  { read: input, output }: { readonly read: Value; readonly output: Value },
  residual: Value,
): Value {
  return addSublayer(module, { kind, input, output: dropped(module, p, linear(module, output, width)), residual });
}

/** What each position gathers, [batch, sequence, width]. */
function selfAttention(scope: Scope, config: Config, x: Value, bias: Value): Value {
  const { hidden_size: width, n_head: heads, attention_dropout: dropout } = config;
  const fused = linear(scope.in("query_key_value"), x, 3 * width, { fused: fusedParts(width, heads) });
  const byHead = splitAxis(splitHeads(fused, 3 * heads), 1, 3);
  const [query, key, value] = [0, 1, 2].map((i) => squeeze(slice(byHead, 2, i, i + 1), 2)) as [Value, Value, Value];
  const positionBias = (positions: readonly number[]) => mul(vector(positions), slopesOf(heads));
  return attend(scope, { query, key, value }, bias, { dropout, positionBias });
}

/** The outputs of query_key_value: of each head those of its queries, then those of its keys, then those of its values. */
function fusedParts(width: number, heads: number): FusedParts {
  const d = width / heads;
  const part = (i: number) => Array.from({ length: width }, (_, j) => (3 * Math.floor(j / d) + i) * d + (j % d));
  return { query: part(0), key: part(1), value: part(2) };
}
