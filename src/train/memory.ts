/** What a graph's values take in memory while it runs: an estimate before anything runs. */
import { sizeOfDim } from "../graph/dim.ts";
import type { Primitive, Shape } from "../graph/primitive.ts";
import { isOp, type Value } from "../graph/value.ts";
import { topological } from "../graph/walk.ts";
import { bytesPerElement } from "../tensor/dtype.ts";
import { axisFromFront } from "../tensor/shape.ts";
import { type Arena, type Block, createArena } from "./arena.ts";

/** Primitives whose results are their first operand's memory. */
const views: ReadonlySet<Primitive> = new Set([
  "squeeze",
  "unsqueeze",
  "splitAxis",
  "mergeAxes",
  "stopGradient",
  "after",
]);

/** Primitives that ONNX Runtime computes in the memory of their first operand where nothing reads that any more. */
const inPlace: ReadonlySet<Primitive> = new Set(["softmax", "minusOneHot", "tanh", "sigmoid", "relu"]);

/** What is taken besides the result while a primitive is computed, in bytes. */
const besides: { readonly [P in Primitive]?: (value: Value<P>, bytes: BytesOf) => number } = {
  // What is chosen of either side, apart, before both are one.
  select: ({ operands: [condition, ...sides] }, bytes) =>
    sides.reduce((sum, side) => sum + Math.max(bytes(side), bytesPerElement(side.type) * bytes(condition)), 0),
  // What is before and behind the replaced slices, in one with them.
  replace: (value, bytes) => (isReplacedInRows(value) ? 0 : bytes(value) + bytes(value.operands[1])),
  scatterAdd: ({ operands: [x] }, bytes) => INDEX * bytes(x),
  scatterRows: ({ operands: [x] }, bytes) => INDEX * bytes(x),
  skew: ({ operands: [x] }, bytes) => bytes(x),
  unskew: (value, bytes) => bytes(value),
  negativeLogLikelihood: ({ operands: [x] }, bytes) => bytes(x),
  halfBytes: (value, bytes) => bytes(value),
};
type BytesOf = (value: Value) => number;
/** The index of a number, in bytes of that number. */
const INDEX = bytesPerElement("int64") / bytesPerElement("float32");

/** Replacements that are written into the rows of what they replace. */
const isReplacedInRows = ({ attrs: { axis, within }, shape }: Value<"replace">): boolean =>
  within === null && axisFromFront(axis, shape.length) === shape.length - 1;

const isInPlace = (value: Value): boolean =>
  inPlace.has(value.op) || (isOp(value, "replace") && isReplacedInRows(value));

/** What becomes of memory as a value of a graph is computed. */
interface Moment {
  readonly value: Value;
  /** Of its own; 0 where it is another value's memory, an input or held throughout. */
  readonly bytes: number;
  /** The value whose memory becomes its own. */
  readonly replaced: Value | null;
  /** Bytes that are taken besides until it is there. */
  readonly besides: number;
  /** The values that are not read any more. */
  readonly dead: readonly Value[];
}

type Sizes = Readonly<Record<string, number>>;

/**
 * The most bytes that are alive at once when the graph of `outputs` runs in order, inputs left out: a value lives from where
 * it is computed to its last use, outputs and constants for good, and what is computed in place of its operand takes nothing more.
 * @param sizes the sizes of named dimensions
 */
export function peakBytes(outputs: readonly Value[], sizes: Sizes): number {
  const { held, moments } = runOf(outputs, sizes);
  const bytes = new Map(moments.map((moment) => [moment.value, moment.bytes]));
  let alive = held;
  let peak = alive;
  for (const { bytes: own, replaced, besides: more, dead } of moments) {
    const taken = replaced ? bytes.get(replaced)! : 0;
    peak = Math.max(peak, alive + own - taken + more);
    alive += own;
    for (const value of dead) alive -= bytes.get(value)!;
  }
  return peak;
}

/**
 * What ONNX Runtime's arena has touched after runs in turn, with the room that it cannot use between values. The outputs of a run lie in
 * it until those of the next are there: whoever reads them does not say when that is done.
 * @param runs the sizes of named dimensions in each run
 */
export function arenaBytes(outputs: readonly Value[], runs: readonly Sizes[]): number {
  const arena = createArena();
  let kept: readonly Block[] = [];
  let most = 0;
  for (const sizes of runs) {
    const { held, moments } = runOf(outputs, sizes);
    const results = runIn(arena, moments);
    for (const block of kept) arena.give(block);
    kept = results;
    most = Math.max(most, held);
  }
  return most + arena.touched();
}

/** Takes and gives back what a run does; the blocks of its outputs are left. */
function runIn(arena: Arena, moments: readonly Moment[]): Block[] {
  const blocks = new Map<Value, Block>();
  for (const { value, bytes, replaced, besides: more, dead } of moments) {
    const scratch = more > 0 ? arena.take(more) : null;
    if (replaced) blocks.set(value, blocks.get(replaced)!);
    else if (bytes > 0) blocks.set(value, arena.take(bytes));
    if (scratch) arena.give(scratch);
    for (const each of dead) {
      if (each !== replaced && blocks.has(each)) arena.give(blocks.get(each)!);
      blocks.delete(each);
    }
  }
  return [...blocks.values()];
}

/** A run of a graph: what it holds throughout, and what becomes of memory value by value. */
function runOf(outputs: readonly Value[], sizes: Sizes): { readonly held: number; readonly moments: Moment[] } {
  const order = topological(outputs);
  const bytes = (value: Value) => elements(value.shape, sizes) * bytesPerElement(value.type);
  const isOwn = (value: Value) => owner(value) === value && !isOp(value, "input") && !isOp(value, "constant");
  const dying = lastUses(order, outputs);
  const moments = order.map((value, at): Moment => {
    const dead = dying.get(at) ?? [];
    const first = (value.operands as readonly Value[])[0];
    const under = first && isInPlace(value) && dead.includes(owner(first)) ? owner(first) : null;
    const scratch = besides[value.op] as ((value: Value, bytes: BytesOf) => number) | undefined;
    return {
      value,
      bytes: isOwn(value) ? bytes(value) : 0,
      replaced: under && isOwn(under) ? under : null,
      besides: scratch?.(value, bytes) ?? 0,
      dead,
    };
  });
  return { held: order.reduce((sum, value) => sum + heldThroughout(value, bytes), 0), moments };
}

/** What a compiled graph holds as a constant: shapes that one number fills, and the zeros that a table is added to. */
function heldThroughout(value: Value, bytes: BytesOf): number {
  const isFixed = value.shape.every((n) => typeof n === "number");
  return isOp(value, "constant") || (isOp(value, "scatterAdd") && isFixed) ? bytes(value) : 0;
}

/** The values that are read for the last time at each place of the order. */
function lastUses(order: readonly Value[], outputs: readonly Value[]): ReadonlyMap<number, readonly Value[]> {
  const last = new Map<Value, number>();
  order.forEach((value, at) => {
    for (const operand of value.operands as readonly Value[]) last.set(owner(operand), at);
  });
  for (const output of outputs) last.set(owner(output), order.length);
  const dying = new Map<number, Value[]>();
  for (const [value, at] of last) dying.set(at, [...(dying.get(at) ?? []), value]);
  return dying;
}

/** The value whose memory `value` is: itself, or what it is a view of. */
function owner(value: Value): Value {
  while (views.has(value.op)) value = (value.operands as readonly Value[])[0]!;
  return value;
}

function elements(shape: Shape, sizes: Sizes): number {
  return shape.reduce<number>((product, n) => product * sizeOfDim(n, sizes), 1);
}
