/**
 * Products of several values with one matrix, made in one: the matrix is read and laid out for the processor once. This is what several
 * backward passes over one forward pass have in common.
 */
import { sameShape } from "../tensor/shape.ts";
import { levelsOf } from "./levels.ts";
import { concat, firstLike, matmul, restLike } from "./ops.ts";
import { isOp, type Value } from "./value.ts";
import { topological, withOperands } from "./walk.ts";

/**
 * The same values, with the products of equally deep values of one shape and one matrix joined. Of two values that are equally deep
 * neither is made of the other.
 */
export function joinProducts(outputs: readonly Value[]): Value[] {
  const order = topological(outputs);
  const rebuilt = new Map<Value, Value>();
  const built = (x: Value) => rebuilt.get(x)!;
  for (const level of levelsOf(order)) {
    for (const value of level) rebuilt.set(value, withOperands(value, (value.operands as readonly Value[]).map(built)));
    for (const group of joinable(level)) {
      const parts = jointly(group.map((value) => built(value) as Value<"matmul">));
      group.forEach((value, i) => rebuilt.set(value, parts[i]!));
    }
  }
  return outputs.map(built);
}

/** The products of a level that may be joined, two at least in each group. */
function joinable(level: readonly Value[]): Value<"matmul">[][] {
  const groups: Value<"matmul">[][] = [];
  for (const value of level) {
    if (!isOp(value, "matmul") || !isOfMatrix(value)) continue;
    const group = groups.find(([first]) => isAlike(first!, value));
    if (group) group.push(value);
    else groups.push([value]);
  }
  return groups.filter(({ length }) => length > 1);
}

/** Whether leading axes of the first factor are products of their own with the same matrix. */
const isOfMatrix = ({ operands: [a, b], attrs }: Value<"matmul">): boolean =>
  a.shape.length > b.shape.length && b.shape.length === 2 && !attrs.transposeA;

const isAlike = (x: Value<"matmul">, y: Value<"matmul">): boolean =>
  x.operands[1] === y.operands[1] &&
  x.attrs.transposeB === y.attrs.transposeB &&
  sameShape(x.operands[0].shape, y.operands[0].shape);

/** One product of all first factors, one after the other along the first axis, taken apart again. */
function jointly(products: readonly Value<"matmul">[]): Value[] {
  const factors = products.map(({ operands: [a] }) => a);
  const [first] = products;
  const all = factors.slice(1).reduce((sofar, a) => concat(sofar, a, 0), factors[0]!);
  let rest = matmul(all, first!.operands[1], first!.attrs);
  return factors.map((a, i) => {
    if (i === factors.length - 1) return rest;
    const part = firstLike(rest, 0, a);
    rest = restLike(rest, 0, a);
    return part;
  });
}
