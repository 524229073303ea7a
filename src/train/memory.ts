/** What a graph's values take in memory while it runs: an estimate before anything runs. */
import { sizeOfDim } from "../graph/dim.ts";
import type { Primitive, Shape } from "../graph/primitive.ts";
import type { Value } from "../graph/value.ts";
import { topological } from "../graph/walk.ts";
import { bytesPerElement } from "../tensor/dtype.ts";

/** Primitives whose results are their first operand's memory. */
const views: ReadonlySet<Primitive> = new Set(["squeeze", "unsqueeze", "stopGradient", "after"]);

/** Primitives that ONNX Runtime computes in the memory of their first operand where nothing reads that any more. */
const inPlace: ReadonlySet<Primitive> = new Set(["softmax", "minusOneHot", "tanh", "sigmoid", "relu"]);

/**
 * The most bytes that are alive at once when the graph of `outputs` runs in order, inputs left out: a value lives from where
 * it is computed to its last use, outputs to the end, and what is computed in place of its operand takes nothing more.
 * @param sizes the sizes of named dimensions
 */
export function peakBytes(outputs: readonly Value[], sizes: Readonly<Record<string, number>>): number {
  const order = topological(outputs);
  const lastUse = new Map<Value, number>();
  order.forEach((value, at) => {
    for (const operand of value.operands as readonly Value[]) lastUse.set(owner(operand), at);
  });
  for (const output of outputs) lastUse.set(owner(output), order.length);
  const dying = new Map<number, Value[]>();
  for (const [value, at] of lastUse) dying.set(at, [...(dying.get(at) ?? []), value]);

  let alive = 0;
  let peak = 0;
  order.forEach((value, at) => {
    const dead = dying.get(at) ?? [];
    const first = (value.operands as readonly Value[])[0];
    const taken = first && inPlace.has(value.op) && dead.includes(owner(first)) ? bytesOf(owner(first), sizes) : 0;
    alive += bytesOf(value, sizes) - taken;
    peak = Math.max(peak, alive);
    for (const each of dead) alive -= bytesOf(each, sizes);
    alive += taken;
  });
  return peak;
}

/** The value whose memory `value` is: itself, or what it is a view of. */
function owner(value: Value): Value {
  while (views.has(value.op)) value = (value.operands as readonly Value[])[0]!;
  return value;
}

function bytesOf(value: Value, sizes: Readonly<Record<string, number>>): number {
  const isOwn = owner(value) === value && value.op !== "input";
  return isOwn ? elements(value.shape, sizes) * bytesPerElement(value.type) : 0;
}

function elements(shape: Shape, sizes: Readonly<Record<string, number>>): number {
  return shape.reduce<number>((product, n) => product * sizeOfDim(n, sizes), 1);
}
