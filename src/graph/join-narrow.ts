/**
 * Narrow products that read one wide value, made in one: the few rows of query, key and value over the hidden states that all three read,
 * the first factors of LoRA, and the gradients of both. Such a product takes as long as reading the wide value takes.
 */
import { levelsWithResultsLast } from "./levels.ts";
import { concat, contract, linear, matmul, slice } from "./ops.ts";
import { isOp, type Value } from "./value.ts";
import { topological, withOperands } from "./walk.ts";

/** A product with up to so many columns takes hardly longer with a few more. */
const NARROW = 64;

/** The kinds of product: what is read, how wide the rest is, and several as one, with the axis along which their results stand. */
interface Kind {
  /** The wide value that a product of this kind reads; null for every other value. */
  wide(value: Value): Value | null;
  width(value: Value): number;
  joined(values: readonly Value[]): Value;
  readonly axis: number;
}

const kinds: readonly Kind[] = [
  {
    wide: (y) => (isOp(y, "linear") ? y.operands[0] : null),
    width: (y) => Number(y.shape.at(-1)),
    joined: (ys) => {
      const [weights, biases] = [1, 2].map((i) => oneAfterAnother(ys, i, 0));
      return linear(operand(ys[0]!, 0), weights!, biases!);
    },
    axis: -1,
  },
  {
    wide: (y) => (isOp(y, "matmul") && isTimesTransposed(y) ? y.operands[0] : null),
    width: (y) => Number(y.shape.at(-1)),
    joined: (ys) => matmul(operand(ys[0]!, 0), oneAfterAnother(ys, 1, 0), { transposeB: true }),
    axis: -1,
  },
  {
    wide: (y) => (isOp(y, "contract") ? y.operands[1] : null),
    width: (y) => Number(y.shape[0]),
    joined: (ys) => contract(oneAfterAnother(ys, 0, -1), operand(ys[0]!, 1)),
    axis: 0,
  },
];

const operand = (y: Value, i: number): Value => (y.operands as readonly Value[])[i]!;
const oneAfterAnother = (ys: readonly Value[], i: number, axis: number): Value =>
  ys.map((y) => operand(y, i)).reduce((sofar, next) => concat(sofar, next, axis));
const isTimesTransposed = ({ operands: [, b], attrs }: Value<"matmul">): boolean =>
  attrs.transposeB && !attrs.transposeA && b.shape.length === 2;

/** The same values, with the narrow products of one value that do not depend on one another joined. */
export function joinNarrow(outputs: readonly Value[]): Value[] {
  const rebuilt = new Map<Value, Value>();
  const built = (x: Value) => rebuilt.get(x)!;
  for (const level of levelsWithResultsLast(topological(outputs))) {
    for (const value of level) rebuilt.set(value, withOperands(value, (value.operands as readonly Value[]).map(built)));
    for (const kind of kinds)
      for (const group of groupsOf(level, kind)) {
        const parts = apart(group.map(built), kind);
        group.forEach((value, i) => rebuilt.set(value, parts[i]!));
      }
  }
  return outputs.map(built);
}

/** The narrow products of a level that read the same, at least two and together narrow. */
function groupsOf(level: readonly Value[], { wide, width }: Kind): Value[][] {
  const groups = new Map<Value, Value[]>();
  for (const value of level) {
    const read = wide(value);
    if (read) groups.set(read, [...(groups.get(read) ?? []), value]);
  }
  const isNarrow = (group: readonly Value[]) => group.reduce((sum, value) => sum + width(value), 0) <= NARROW;
  return [...groups.values()].filter((group) => group.length > 1 && isNarrow(group));
}

/** One product, taken apart again. */
function apart(values: readonly Value[], { joined, width, axis }: Kind): Value[] {
  const whole = joined(values);
  let start = 0;
  return values.map((value) => slice(whole, axis < 0 ? whole.shape.length - 1 : axis, start, (start += width(value))));
}
