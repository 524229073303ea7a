/** Attention of hidden states to themselves, with a scope's projections and the places where something may step in. */
import { splitHeads } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import { attend } from "./attend.ts";
import { linear } from "./linear.ts";
import type { Scope } from "./parameters.ts";

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
