/**
 * A value of which every reader takes the same few slices is computed at those alone: where a classifier reads the first token, the last
 * layer's queries, its feed-forward network and what follows are made for one token of each text, and so are their gradients.
 */
import { axisFromFront } from "../tensor/shape.ts";
import { take } from "./ops.ts";
import { sliceAxes } from "./slice-axes.ts";
import { apply, isOp, type Value } from "./value.ts";
import { topological, withOperands } from "./walk.ts";

/** What is read of a value: the slices at `indices` of an axis, counted from the front, or all of it. */
type Slices = { readonly axis: number; readonly indices: readonly number[] } | null;

/** The same values, nothing computed at more slices than are read; for graphs whose gradient is not yet taken. */
export function onlyTaken(outputs: readonly Value[]): Value[] {
  const order = topological(outputs);
  const computed = slicesComputed(order, outputs);
  const rebuilt = new Map<Value, Value>();
  for (const y of order) {
    const slices = computed.get(y)!;
    const read = readOf(y, slices);
    const operands = (y.operands as readonly Value[]).map((x, i) => {
      const value = rebuilt.get(x)!;
      return read[i] && !computed.get(x) ? take(value, read[i].axis, read[i].indices) : value;
    });
    rebuilt.set(y, made(y, operands, slices));
  }
  return outputs.map((x) => rebuilt.get(x)!);
}

/** `slices` of y, or all of it, made of what is read of its operands: what a take gives is that already. */
function made(y: Value, operands: readonly Value[], slices: Slices): Value {
  if (slices) return apply(y.op, operands as never, y.attrs);
  return isOp(y, "take") ? operands[0]! : withOperands(y, operands);
}

/** What has to be computed of each value, given that the outputs are wanted whole. */
function slicesComputed(order: readonly Value[], outputs: readonly Value[]): Map<Value, Slices> {
  const wanted = new Map<Value, Slices>(outputs.map((x) => [x, null]));
  for (const y of order.toReversed()) {
    const slices = wanted.get(y)!;
    if (slices && !sliceAxes(y, slices.axis)) wanted.set(y, null);
    const read = readOf(y, wanted.get(y)!);
    (y.operands as readonly Value[]).forEach((x, i) => {
      const isNews = !wanted.has(x) || isSame(wanted.get(x)!, read[i]!);
      wanted.set(x, isNews ? read[i]! : null);
    });
  }
  return wanted;
}

/** What is read of each operand of `y`, of which `slices` are computed. */
function readOf(y: Value, slices: Slices): Slices[] {
  if (slices) return sliceAxes(y, slices.axis)!.map((axis) => (axis === null ? null : { ...slices, axis }));
  if (!isOp(y, "take")) return (y.operands as readonly Value[]).map(() => null);
  const { axis, indices } = y.attrs;
  return [{ axis: axisFromFront(axis, y.shape.length), indices }];
}

const isSame = (a: Slices, b: Slices): boolean =>
  a === b || (a !== null && b !== null && a.axis === b.axis && String(a.indices) === String(b.indices));
