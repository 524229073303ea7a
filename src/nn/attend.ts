/** Attention at the place where something may step in: what is kept of earlier positions, prefixes, dropout. */
import type { Value } from "../graph/value.ts";
import { attention } from "./attention.ts";
import type { Scope } from "./parameters.ts";
import type { AttentionSite } from "./sites.ts";

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
