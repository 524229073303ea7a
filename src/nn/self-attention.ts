/** Attention of hidden states to themselves, with a scope's projections and the places where something may step in. */
import { splitHeads } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import { attention } from "./attention.ts";
import { linear } from "./linear.ts";
import type { Scope } from "./parameters.ts";
import type { AttentionSite } from "./sites.ts";

export interface SelfAttention {
  /** What the checkpoint calls the three projections. */
  readonly names: { readonly query: string; readonly key: string; readonly value: string };
  readonly heads: number;
  /** The share of the attention's probabilities that is dropped in training. */
  readonly dropout: number;
}

/**
 * hidden [batch, sequence, width] → what each position gathers, [batch, sequence, width], before any output projection.
 * @param bias added to the scores; broadcasts to [batch, heads, sequence, sequence]
 */
export function selfAttention(
  scope: Scope,
  { names, heads, dropout }: SelfAttention,
  hidden: Value,
  bias: Value,
): Value {
  const project = (projection: string) =>
    splitHeads(linear(scope.in(projection), hidden, Number(hidden.shape.at(-1))), heads);
  return attend(scope, { query: project(names.query), key: project(names.key), value: project(names.value) }, bias, {
    dropout,
  });
}

export interface AttendOptions extends Pick<AttentionSite, "positionBias"> {
  readonly dropout: number;
  /** `self` unless given. */
  readonly kind?: "self" | "cross";
  readonly scale?: number;
}

/**
 * Attention at the place that `scope`'s module offers: query [batch, heads, queries, d], key and value
 * [batch, key heads, keys, d] → [batch, queries, heads·d].
 */
export function attend(
  { sites, name }: Scope,
  { query, key, value }: { readonly query: Value; readonly key: Value; readonly value: Value },
  bias: Value,
  { dropout: p, kind = "self", positionBias, ...options }: AttendOptions,
): Value {
  const seen = sites.attention({ module: name, kind, parts: [{ key, value }], bias, positionBias });
  return attention(query, seen, { ...options, probabilities: (x) => sites.dropout({ name, x, p }) });
}
