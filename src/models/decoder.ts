/** What decoders share (Radford et al. 2018): positions counted by the mask, pre-norm blocks, and the heads over their hidden states. */
import { add, cast, cumsum, equal, matmul, mul, squeeze, sub, sum, unsqueeze } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import { embeddingTable } from "../nn/embedding.ts";
import { linear } from "../nn/linear.ts";
import type { Scope } from "../nn/parameters.ts";
import type { SublayerSite } from "../nn/sites.ts";
import type { Head, ModelInputs } from "./architecture.ts";

/** The position of each token [batch, sequence]: given, or how many real ones stand before it; 0 at padding. */
export function tokenPositions({ sites }: Scope, { position_ids: given, attention_mask: mask }: ModelInputs): Value {
  return sites.positions(given ?? mul(sub(cumsum(mask, 1), 1), mask));
}

/**
 * Hidden states [batch, sequence, width] through `n` blocks, whose scopes are `layers.0`, `layers.1`, ….
 * @param through what one of them, given its number, makes of hidden states
 */
export function decoderBlocks(
  layers: Scope,
  n: number,
  hidden: Value,
  through: (block: Scope, hidden: Value, layer: number) => Value,
): Value {
  let states = hidden;
  for (let layer = 0; layer < n; layer++)
    states = through(layers.in(String(layer), { block: layer }), layers.sites.block(states), layer);
  return states;
}

/** residual + output, what the sublayer that `module` ends makes of its normed `input`. */
export function addSublayer(
  { name, sites }: Scope,
  sublayer: Pick<SublayerSite, "kind" | "input" | "output" | "residual">,
): Value {
  return add(sites.sublayer({ module: name, ...sublayer, norm: null }), sublayer.residual);
}

/** Hidden states [batch, sequence, width] → those of each row's last real token, [batch, width]. */
export function lastToken(hidden: Value, { attention_mask: mask }: ModelInputs): Value {
  const following = sub(sum(mask, [1], true), cumsum(mask, 1));
  const isLast = mul(cast(equal(following, 0), "float32"), cast(mask, "float32"));
  return squeeze(matmul(unsqueeze(isLast, 1), hidden), 1);
}

/** Logits of the last real token, by `score.weight` [labels, width]. */
export const lastTokenClassifier = (architecture: string): Head => ({
  architecture,
  forward: (scope, hidden, { labels, inputs }) =>
    linear(scope.in("score", { head: true }), lastToken(hidden, inputs), labels, { bias: false }),
});

/** Scores of every token of the vocabulary, by the table of word embeddings read backwards. */
export function tiedScores(words: Scope, hidden: Value, vocabulary: number): Value {
  return matmul(hidden, embeddingTable(words, vocabulary, Number(hidden.shape.at(-1))), { transposeB: true });
}

/** Scores of every token, by the table of the embeddings `words` or, where config.json unties the two, by `lm_head.weight`. */
export const languageModelHead = (
  architecture: string,
  words: string,
  {
    vocab_size: vocabulary,
    tie_word_embeddings: tied,
  }: { readonly vocab_size: number; readonly tie_word_embeddings: boolean },
): Head => ({
  architecture,
  forward: (scope, hidden) =>
    tied
      ? tiedScores(scope.in(words), hidden, vocabulary)
      : linear(scope.in("lm_head"), hidden, vocabulary, { bias: false }),
});
