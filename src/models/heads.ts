/** What heads are made of: which hidden states they read, and how they read the table of word embeddings backwards. */
import {
  cast,
  cumsum,
  equal,
  linear as affine,
  matmul,
  mul,
  squeeze,
  sub,
  sum,
  take,
  unsqueeze,
} from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import { embeddingTable } from "../nn/embedding.ts";
import { linear } from "../nn/linear.ts";
import type { Scope } from "../nn/parameters.ts";
import type { Head } from "./architecture.ts";

/** Hidden states [batch, sequence, width] → those of the first token [batch, width]. */
export function firstToken(hidden: Value): Value {
  return squeeze(take(hidden, 1, [0]), 1);
}

/** Hidden states [batch, sequence, width] → those of the last place of each row that `marks`, int64 ones and zeros, [batch, width]. */
export function lastMarked(hidden: Value, marks: Value): Value {
  const following = sub(sum(marks, [1], true), cumsum(marks, 1));
  const isLast = mul(cast(equal(following, 0), "float32"), cast(marks, "float32"));
  return squeeze(matmul(unsqueeze(isLast, 1), hidden), 1);
}

/** Logits of the last real token, by `score.weight` [labels, width]. */
export const lastTokenClassifier = (architecture: string): Head => ({
  architecture,
  forward: (scope, hidden, { labels, inputs }) =>
    linear(scope.in("score", { head: true }), lastMarked(hidden, inputs.attention_mask), labels, { bias: false }),
});

/** Scores of every token of the vocabulary, by the table of word embeddings read backwards. */
export function tiedScores(words: Scope, hidden: Value, vocabulary: number): Value {
  return matmul(hidden, embeddingTable(words, vocabulary, Number(hidden.shape.at(-1))), { transposeB: true });
}

/** The same with `bias` [vocabulary] of `scope` added. */
export function tiedDecoder(scope: Scope, words: Scope, hidden: Value, vocabulary: number): Value {
  const table = embeddingTable(words, vocabulary, Number(hidden.shape.at(-1)));
  return affine(hidden, table, scope.parameter("bias", [vocabulary], "bias", "zeros"));
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

/**
 * Where an answer begins and ends: hidden states [batch, sequence, width] → scores of every token as its first and as its last,
 * [batch, sequence, 2].
 */
export const spanHead = (architecture: string, read: (scope: Scope, hidden: Value) => Value = (_, x) => x): Head => ({
  architecture,
  forward(scope, hidden) {
    const head = scope.in("qa_outputs", { head: true });
    return linear(head, read(head, hidden), 2);
  },
});
