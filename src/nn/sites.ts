/**
 * The places of a forward pass where something may step in: a fine-tuning method that works on activations, or dropout. A model
 * offers the places, whoever steps in does not know the model.
 */
import type { Value } from "../graph/value.ts";

/** Keys and values [batch, heads, keys, d] of some positions; as many heads as the queries have, or one for several of theirs. */
export interface KeysAndValues {
  readonly key: Value;
  readonly value: Value;
}

/** What the queries of an attention see: keys and values one part after the other, and what is added to their scores. */
export interface Seen {
  readonly parts: readonly KeysAndValues[];
  /** Broadcasts to [batch, heads, queries, keys], the keys of all parts in their order. */
  readonly bias: Value;
}

export interface AttentionSite extends Seen {
  /** The name of the attention's module. */
  readonly module: string;
  /** Whether the keys belong to the sequence of the queries itself, or to another, which an encoder has read. */
  readonly kind: "self" | "cross";
  /** What keys at such positions add to their scores, [heads, 1, keys], in a model that sees positions by its scores alone. */
  readonly positionBias?: ((positions: readonly number[]) => Value) | undefined;
}

/** A linear module: its name, what goes in and what comes out. */
export interface LinearSite {
  readonly module: string;
  /** Which use of the module in the forward pass this is, counted from 1. */
  readonly use: number;
  readonly input: Value;
  readonly output: Value;
}

/** What a transformer block adds to its residual stream, all [batch, sequence, width]. */
export interface SublayerSite {
  /** The name of the module that gives the output. */
  readonly module: string;
  readonly kind: "attention" | "feed-forward";
  /** What the sublayer reads. */
  readonly input: Value;
  readonly output: Value;
  /** What the output is added to. */
  readonly residual: Value;
  /** The norm that follows the addition; null in blocks that norm before. */
  readonly norm: ((x: Value) => Value) | null;
}

/** A value of which a share `p` is dropped in training. */
export interface DropoutSite {
  readonly name: string;
  readonly x: Value;
  readonly p: number;
}

/** Each gives back what takes the value's place; a place that is left out stays as it is. */
export interface Sites {
  /** Embedded words [batch, sequence, width]. */
  readonly words?: (embedded: Value) => Value;
  /** Positions of the tokens, whole numbers. */
  readonly positions?: (positions: Value) => Value;
  readonly attention?: (site: AttentionSite) => Seen;
  readonly linear?: (site: LinearSite) => Value;
  readonly sublayer?: (site: SublayerSite) => Value;
  readonly dropout?: (site: DropoutSite) => Value;
  /** Hidden states [batch, sequence, width] that enter a transformer block. */
  readonly block?: (hidden: Value) => Value;
}

/** Nothing steps in. */
export const untouched: Required<Sites> = {
  words: (embedded) => embedded,
  positions: (positions) => positions,
  attention: (site) => site,
  linear: ({ output }) => output,
  sublayer: ({ output }) => output,
  dropout: ({ x }) => x,
  block: (hidden) => hidden,
};

/** First what `a` makes of a place, then what `b` makes of that. */
export function inTurn(a: Sites, b: Sites): Sites {
  return {
    ...a,
    ...b,
    ...(a.words && b.words && { words: (x) => b.words!(a.words!(x)) }),
    ...(a.positions && b.positions && { positions: (x) => b.positions!(a.positions!(x)) }),
    ...(a.attention && b.attention && { attention: (site) => b.attention!({ ...site, ...a.attention!(site) }) }),
    ...(a.linear && b.linear && { linear: (site) => b.linear!({ ...site, output: a.linear!(site) }) }),
    ...(a.sublayer && b.sublayer && { sublayer: (site) => b.sublayer!({ ...site, output: a.sublayer!(site) }) }),
    ...(a.dropout && b.dropout && { dropout: (site) => b.dropout!({ ...site, x: a.dropout!(site) }) }),
    ...(a.block && b.block && { block: (hidden) => b.block!(a.block!(hidden)) }),
  };
}
