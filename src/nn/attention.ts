/** Scaled dot-product attention with several heads (Vaswani et al. 2017, §3.2). */
import {
  add,
  cast,
  greater,
  iota,
  matmul,
  mergeHeads,
  mul,
  softmax,
  splitHeads,
  sub,
  unsqueeze,
} from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";

/** Added to the score of a position that must not be seen: float32's most negative number, as in transformers. */
const HIDDEN = -3.4028234663852886e38;

/**
 * What is added to the scores, from a mask [batch, sequence] of ones and zeros (int64): [batch, 1, 1, sequence].
 * A causal one, [batch, 1, sequence, sequence], hides from each position what comes after it too.
 */
export function attentionBias(mask: Value, { causal = false }: { causal?: boolean } = {}): Value {
  const real = cast(unsqueeze(unsqueeze(mask, 1), 1), "float32");
  return mul(sub(1, causal ? mul(real, sub(1, future(mask))) : real), HIDDEN);
}

/** One where a key [sequence, *sequence*] comes after its query [*sequence*, sequence], else zero. */
function future(mask: Value): Value {
  const position = iota(mask, 1);
  return cast(greater(unsqueeze(position, 0), unsqueeze(position, 1)), "float32");
}

/**
 * softmax(query·keyᵀ/√d + bias)·value, head by head.
 *
 * Query, key and value are [batch, sequence, heads·d]; `bias` broadcasts to [batch, heads, query, key]. The result is
 * [batch, sequence, heads·d]. The query is scaled rather than the scores, which grow with the square of the sequence.
 * @param probabilities what is made of the softmax before values are weighted by it: dropout
 */
export function attention(
  query: Value,
  key: Value,
  value: Value,
  bias: Value,
  heads: number,
  probabilities: (x: Value) => Value = (x) => x,
): Value {
  const d = Number(query.shape.at(-1)) / heads;
  const scaled = mul(splitHeads(query, heads), 1 / Math.sqrt(d));
  const scores = matmul(scaled, splitHeads(key, heads), { transposeB: true });
  return mergeHeads(matmul(probabilities(softmax(add(scores, bias))), splitHeads(value, heads)));
}
