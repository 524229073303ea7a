/** Scaled dot-product attention with several heads (Vaswani et al. 2017, §3.2). */
import {
  add,
  cast,
  concat,
  count,
  cumsum,
  equal,
  firstLike,
  greater,
  iota,
  matmul,
  mergeAxes,
  mergeHeads,
  mul,
  restLike,
  softmax,
  splitAxis,
  sub,
  sum,
  unsqueeze,
} from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import type { KeysAndValues, Seen } from "./sites.ts";

/** Added to the score of a position that must not be seen: float32's most negative number, as in transformers. */
export const HIDDEN = -3.4028234663852886e38;

/**
 * What is added to the scores, from a mask [batch, sequence] of ones and zeros (int64): [batch, 1, 1, sequence].
 * A causal one, [batch, 1, sequence, sequence], hides from each position what comes after it too.
 */
export function attentionBias(mask: Value, { causal = false }: { causal?: boolean } = {}): Value {
  return causal ? causalBias({ queries: mask, mask }) : hiddenWhereZero(keysOf(mask));
}

export interface CausalMask {
  /** int64 [batch, queries]; of it only the size is read. The queries are the last of the keys. */
  readonly queries: Value;
  /** int64 [batch, keys], one for a token and zero for padding. */
  readonly mask: Value;
  /** int64 [batch, keys]: which text of several in a row each token belongs to. It sees only its own. As many queries as keys. */
  readonly segments?: Value | undefined;
  /** How many positions a query sees, its own among them; all before it unless given. */
  readonly window?: number | undefined;
}

/** What hides from each query padding, what comes after it, and what is out of its reach: [batch, 1, queries, keys]. */
export function causalBias({ queries, mask, segments, window }: CausalMask): Value {
  const key = unsqueeze(cast(iota(mask, 1), "float32"), 0);
  const position = cast(iota(queries, 1), "float32");
  const before = queries.shape[1] === mask.shape[1] ? null : sub(count(mask, [1]), count(queries, [1]));
  const query = unsqueeze(before ? add(position, before) : position, 1);
  let seen = mul(keysOf(mask), not(greater(key, query)));
  if (window !== undefined) seen = mul(seen, within(window, mask, query, before === null));
  if (segments) seen = mul(seen, unsqueeze(sameSegment(segments), 1));
  return hiddenWhereZero(seen);
}

/**
 * Whether a key is less than `window` positions before the query, float [batch, 1, queries, keys]. Padding with tokens on both sides
 * of it, as between a prompt of a method's own and a short text of a batch, is no distance.
 * @param query the places of the queries among the keys, [queries, 1]
 * @param ofAll whether every key is a query
 */
function within(window: number, mask: Value, query: Value, ofAll: boolean): Value {
  const following = sub(sum(mask, [1], true), cumsum(mask, 1));
  const between = mul(sub(1, cast(mask, "float32")), cast(greater(following, 0), "float32"));
  const before = cumsum(between, 1);
  const keys = sub(cast(iota(mask, 1), "float32"), before);
  const queries = sub(query, unsqueeze(ofAll ? before : sum(between, [1], true), 2));
  return unsqueeze(not(greater(queries, add(unsqueeze(keys, 1), window - 1))), 1);
}

const not = (condition: Value) => sub(1, cast(condition, "float32"));
const sameSegment = (segments: Value) => cast(equal(unsqueeze(segments, 1), unsqueeze(segments, 2)), "float32");

/** int64 [batch, keys] → float [batch, 1, 1, keys]. */
const keysOf = (mask: Value) => cast(unsqueeze(unsqueeze(mask, 1), 1), "float32");
const hiddenWhereZero = (seen: Value) => mul(sub(1, seen), HIDDEN);

export interface AttentionOptions {
  /** What queries are multiplied with; 1/√d unless given. */
  readonly scale?: number;
  /** What is made of the softmax before values are weighted by it: dropout. */
  readonly probabilities?: (x: Value) => Value;
}

/**
 * softmax(scale·query·keyᵀ + bias)·value, head by head: query [batch, heads, queries, d] → [batch, queries, heads·d].
 *
 * Where the keys have fewer heads than the queries, each serves a group of neighbours (Ainslie et al. 2023). The query is scaled
 * rather than the scores, which grow with the square of the sequence. Parts are never joined: what is kept of earlier positions is
 * read where it lies.
 */
export function attention(query: Value, seen: Seen, options: AttentionOptions = {}): Value {
  const { scale = 1 / Math.sqrt(Number(query.shape.at(-1))), probabilities = (x) => x } = options;
  const [heads, keyHeads] = [query, seen.parts[0]!.key].map((x) => Number(x.shape[1])) as [number, number];
  const grouped = heads !== keyHeads;
  const { parts, bias } = grouped ? grouping(seen, heads / keyHeads) : seen;
  const scaled = mul(query, scale);
  const asked = grouped ? splitAxis(scaled, 1, heads / keyHeads) : scaled;
  const scores = parts.map(({ key }) => matmul(asked, key, { transposeB: true }));
  const joined = scores.reduce((before, after) => concat(before, after, -1));
  const gathered = weighted(probabilities(softmax(add(joined, bias))), parts);
  return mergeHeads(grouped ? mergeAxes(gathered, 1) : gathered);
}

/** Keys and values [batch, keyHeads, 1, keys, d] for queries [batch, keyHeads, group, queries, d]. */
function grouping({ parts, bias }: Seen, group: number): Seen {
  return {
    parts: parts.map(({ key, value }) => ({ key: unsqueeze(key, 2), value: unsqueeze(value, 2) })),
    bias: bias.shape[1] === 1 ? unsqueeze(bias, 1) : splitAxis(bias, 1, group),
  };
}

/** Σ over parts of their share of the weights [.., queries, keys] times their values. */
function weighted(weights: Value, parts: readonly KeysAndValues[]): Value {
  const [{ key, value }, ...rest] = parts as [KeysAndValues, ...KeysAndValues[]];
  if (rest.length === 0) return matmul(weights, value);
  return add(matmul(firstLike(weights, -1, key, -2), value), weighted(restLike(weights, -1, key, -2), rest));
}
