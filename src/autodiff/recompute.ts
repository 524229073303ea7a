/**
 * Gradient checkpointing (Chen et al. 2016, "Training Deep Nets with Sublinear Memory Cost"): of the forward pass a few marked values
 * are kept, and what lies between two of them is computed again when its pullbacks come.
 */
import { after } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import { dependents, topological, withOperands } from "../graph/walk.ts";

/** Gives what the pullback of `value` is to see, where every user of `value` has been pulled back already. */
export type Recomputation = (value: Value, cotangents: ReadonlyMap<Value, Value>) => Value;

interface Segment {
  readonly from: Value;
  readonly to: Value;
  /** What depends on `from` and leads to `to`, in order, the latter included. */
  readonly values: readonly Value[];
}

/**
 * Of a value between two neighbours of `marks` a copy, computed from the first once the cotangent of the second is known; every other
 * value is itself. Copies share what does not depend on the first: parameters, masks, the random numbers of dropout.
 * @param marks values of one graph, operands before users
 */
export function recomputation(marks: readonly Value[]): Recomputation {
  const segments = new Map<Value, Segment>();
  for (const [i, to] of marks.slice(1).entries()) {
    const segment = segmentBetween(marks[i]!, to);
    for (const value of segment.values) segments.set(value, segment);
  }
  const copies = new Map<Segment, ReadonlyMap<Value, Value>>();
  return (value, cotangents) => {
    const segment = segments.get(value);
    const arrived = segment && cotangents.get(segment.to);
    if (!arrived) return value;
    if (!copies.has(segment)) copies.set(segment, computedAgain(segment, arrived));
    return copies.get(segment)!.get(value)!;
  };
}

function segmentBetween(from: Value, to: Value): Segment {
  const order = topological([to]);
  const dependent = dependents(order, [from]);
  return { from, to, values: order.filter((value) => value !== from && dependent.has(value)) };
}

function computedAgain({ from, values }: Segment, arrived: Value): ReadonlyMap<Value, Value> {
  const copies = new Map([[from, after(from, arrived)]]);
  for (const value of values) {
    const operands = (value.operands as readonly Value[]).map((x) => copies.get(x) ?? x);
    copies.set(value, withOperands(value, operands));
  }
  return copies;
}
