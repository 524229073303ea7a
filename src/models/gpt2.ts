/**
 * GPT-2 (Radford et al. 2019): pre-norm blocks over learned positions. Query, key and value are one matrix, and checkpoints hold the
 * matrices of the blocks as [in, out].
 */
import * as z from "zod";
import { add, slice, splitHeads } from "../graph/ops.ts";
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
import { parseConfig, probability, withSpellings } from "./config.ts";
import { addSublayer, decoderBlocks, tokenPositions } from "./decoder.ts";
import { gptFields, gptSpellings, headsDivideWidth } from "./gpt-config.ts";
import { languageModelHead, lastTokenClassifier } from "./heads.ts";

const configSchema = z
  .object({
    ...gptFields,
    scale_attn_weights: z.boolean().default(true),
    scale_attn_by_inverse_layer_idx: z.boolean().default(false),
    embd_pdrop: probability.default(0.1),
    attn_pdrop: probability.default(0.1),
    resid_pdrop: probability.default(0.1),
    tie_word_embeddings: z.boolean().default(true),
    add_cross_attention: z.literal(false).default(false),
  })
  .refine(headsDivideWidth.check, headsDivideWidth.params);
type Config = z.infer<typeof configSchema>;

export const gpt2: Architecture = {
  configure(json, where) {
    const config = parseConfig(configSchema, withSpellings(json, gptSpellings), where);
    return {
      basePrefix: "transformer",
      vocabularySize: config.vocab_size,
      maxPositions: config.n_positions,
      paddingIndex: config.pad_token_id ?? 0,
      segments: 0,
      body: (scope, inputs) => body(scope.in("transformer"), config, inputs),
      heads: {
        "causal-language-model": languageModelHead("GPT2LMHeadModel", "transformer.wte", config),
        "sequence-classification": lastTokenClassifier("GPT2ForSequenceClassification"),
      },
    };
  },
};

function body(scope: Scope, config: Config, inputs: ModelInputs): Value {
  const { input_ids: ids, attention_mask: mask, segment_ids: segments } = inputs;
  const { vocab_size: vocabulary, n_embd: width, n_positions: positions, layer_norm_epsilon: epsilon } = config;
  const bias = causalBias({ queries: ids, mask, segments });
  const words = scope.sites.words(embedding(scope.in("wte"), ids, vocabulary, width));
  const placed = add(words, embedding(scope.in("wpe"), tokenPositions(scope, inputs), positions, width));
  const embedded = dropped(scope, config.embd_pdrop, placed);
  const hidden = decoderBlocks(scope.in("h"), config.n_layer, embedded, (block, states, layer) =>
    decoderBlock(block, config, states, { bias, scale: attentionScale(config, layer) }),
  );
  return layerNorm(scope.in("ln_f"), hidden, epsilon);
}

/** How scores are scaled in the layer of that number, from 0. */
function attentionScale(config: Config, layer: number): number {
  const {
    n_embd: width,
    n_head: heads,
    scale_attn_weights: byWidth,
    scale_attn_by_inverse_layer_idx: byLayer,
  } = config;
  return (byWidth ? 1 / Math.sqrt(width / heads) : 1) / (byLayer ? layer + 1 : 1);
}

interface Scores {
  readonly bias: Value;
  readonly scale: number;
}

/** hidden [batch, sequence, width] → the same, with attention and feed-forward added, each of its input's norm. */
function decoderBlock(scope: Scope, config: Config, hidden: Value, scores: Scores): Value {
  const [attention, feedForward] = [scope.in("attn"), scope.in("mlp")];
  const read = layerNorm(scope.in("ln_1"), hidden, config.layer_norm_epsilon);
  const attended = selfAttention(attention, config, read, scores);
  const mixed = addOutput(attention, config, "attention", { read, output: attended }, hidden);
  const reread = layerNorm(scope.in("ln_2"), mixed, config.layer_norm_epsilon);
  const inner = linear(feedForward.in("c_fc"), reread, config.n_inner ?? 4 * config.n_embd, { storedTransposed: true });
  const activated = activations[config.activation_function]!(inner);
  return addOutput(feedForward, config, "feed-forward", { read: reread, output: activated }, mixed);
}

/** residual + c_proj(output) */
function addOutput(
  scope: Scope,
  { n_embd: width, resid_pdrop: p }: Config,
  kind: "attention" | "feed-forward",
  { read: input, output }: { readonly read: Value; readonly output: Value },
  residual: Value,
): Value {
  const module = scope.in("c_proj");
  const projected = dropped(module, p, linear(module, output, width, { storedTransposed: true }));
  return addSublayer(module, { kind, input, output: projected, residual });
}

/** What each position gathers, [batch, sequence, width]. */
function selfAttention(scope: Scope, config: Config, x: Value, { bias, scale }: Scores): Value {
  const { n_embd: width, n_head: heads, attn_pdrop: dropout } = config;
  const fused = linear(scope.in("c_attn"), x, 3 * width, { storedTransposed: true, fused: fusedParts(width) });
  const all = splitHeads(fused, 3 * heads);
  const [query, key, value] = [0, 1, 2].map((i) => slice(all, 1, i * heads, (i + 1) * heads)) as [Value, Value, Value];
  return attend(scope, { query, key, value }, bias, { dropout, scale });
}

/** The outputs of c_attn: those of the queries, then those of the keys, then those of the values. */
function fusedParts(width: number): FusedParts {
  const part = (i: number) => Array.from({ length: width }, (_, j) => i * width + j);
  return { query: part(0), key: part(1), value: part(2) };
}
