/**
 * Hidden states are computed of tokens alone: where the texts of a batch differ in length, much of what a model computes is of padding,
 * which nothing reads. Attention alone wants texts in rows; what goes into it gets its padding back, what comes out of it loses it.
 */
import { expand, gather, iota, pad, padHeads, squeeze, unpad, unpadHeads, unsqueeze } from "./ops.ts";
import type { Dim } from "./primitive.ts";
import { sliceAxes } from "./slice-axes.ts";
import { apply, isOp, type Value } from "./value.ts";
import { dependents, topological, withOperands } from "./walk.ts";

/** The padding of a batch. */
export interface BatchPadding {
  /** [batch, sequence], zero for padding. */
  readonly mask: Value;
  /** How many tokens the mask leaves, or the name of that; another one for each mask. */
  readonly tokens: Dim;
}

/**
 * The same values, what is made of embeddings row by row, [batch, sequence, *], computed without padding: [1, tokens, *]. For graphs
 * whose gradient is not yet taken, and of which nothing that is wanted depends on what a model makes of padding: where that is
 * read all the same, it is zero.
 * @param inner values that are given as they are computed, without padding where they lost it
 */
export function withoutPadding(
  outputs: readonly Value[],
  { mask, tokens }: BatchPadding,
  inner: readonly Value[] = [],
): { readonly outputs: Value[]; readonly inner: Value[] } {
  const order = topological([mask, ...outputs, ...inner]);
  const bare = bareValues(order, mask);
  const [padded, unpadded] = [new Map<Value, Value>(), new Map<Value, Value>()];
  const marks = () => padded.get(mask)!;
  const paddedOf = (x: Value): Value => known(padded, x, () => pad(unpadded.get(x)!, marks()));
  const unpaddedOf = (x: Value): Value => known(unpadded, x, () => unpad(padded.get(x)!, marks(), tokens));
  /** Of a table with a row for each place, or for each text, that of each token. */
  const ofTokens = (table: Value, axis: 0 | 1): Value => {
    const numbers = iota(marks(), axis);
    const everywhere = expand(axis === 0 ? unsqueeze(numbers, 1) : numbers, marks());
    return gather(table, unpad(everywhere, marks(), tokens));
  };
  const reading: { readonly [W in Way]: (x: Value) => Value } = {
    whole: paddedOf,
    "by token": unpaddedOf,
    "by place": (x) => ofTokens(x.shape[0] === 1 ? squeeze(paddedOf(x), 0) : paddedOf(x), 1),
    "by text": (x) => ofTokens(squeeze(paddedOf(x), 1), 0),
  };
  const ofUnpadded = (y: Value): Value => {
    if (isOp(y, "mergeHeads")) return unpadHeads(paddedOf(y.operands[0]), marks(), tokens);
    const ways = waysOf(y, mask)!;
    return apply(y.op, (y.operands as readonly Value[]).map((x, i) => reading[ways[i]!](x)) as never, y.attrs);
  };
  const ofPadded = (y: Value): Value =>
    isOp(y, "splitHeads") && bare.has(y.operands[0])
      ? padHeads(unpaddedOf(y.operands[0]), marks(), y.attrs.heads)
      : withOperands(y, (y.operands as readonly Value[]).map(paddedOf));
  for (const y of order) {
    if (bare.has(y)) unpadded.set(y, ofUnpadded(y));
    else padded.set(y, ofPadded(y));
  }
  return { outputs: outputs.map(paddedOf), inner: inner.map((x) => unpadded.get(x) ?? paddedOf(x)) };
}

function known(values: Map<Value, Value>, x: Value, make: () => Value): Value {
  const value = values.get(x) ?? make();
  values.set(x, value);
  return value;
}

/** What is computed without padding. */
function bareValues(order: readonly Value[], mask: Value): Set<Value> {
  const embedded = order.filter((y) => isOp(y, "gather") && y.type === "float32" && isOfTokens(y.operands[1], mask));
  const hidden = dependents(order, embedded);
  const isBare = (y: Value): boolean => {
    if (!hidden.has(y) || !isOfTokens(y, mask)) return false;
    const ways = waysOf(y, mask);
    return isOp(y, "mergeHeads") || (ways?.includes("by token") ?? false);
  };
  return new Set(order.filter(isBare));
}

/** Whether x is [batch, sequence, *]. */
const isOfTokens = (x: Value, { shape: [batch, sequence] }: Value): boolean =>
  x.shape[0] === batch && x.shape[1] === sequence;

/** How what belongs to a token is found in an operand: it is the same for all, or stands at the token, its place or its text. */
type Way = "whole" | "by token" | "by place" | "by text";

/** The ways in which y [batch, sequence, *] is made row by row of its operands, or null where it is not. */
function waysOf(y: Value, mask: Value): readonly Way[] | null {
  if (isOp(y, "gather")) return isOfTokens(y.operands[1], mask) ? ["whole", "by token"] : null;
  const [texts, places] = [sliceAxes(y, 0), sliceAxes(y, 1)];
  if (!texts || !places) return null;
  const ways = (y.operands as readonly Value[]).map((x, i): Way | null => {
    const [text, place] = [texts[i]!, places[i]!];
    if (text === null && place === null) return "whole";
    if (text === 0 && place === 1) return "by token";
    if (text === null) return place === 0 || x.shape[0] === 1 ? "by place" : null;
    return place === null && x.shape[1] === 1 ? "by text" : null;
  });
  return ways.includes(null) ? null : (ways as Way[]);
}
