/**
 * Sums of products by several matrices, made in one product by all of them, one below the other: what query, key and value give back to the
 * hidden states that they share.
 */
import { sameShape } from "../tensor/shape.ts";
import { add, concat, matmul, replace } from "./ops.ts";
import { isReplaced, placeOf } from "./replacement.ts";
import type { Rewrite } from "./simplify.ts";
import { isOp, type Value } from "./value.ts";

/**
 * Two matrices one below the other, with what replaces some of both apart as it was; null where that differs, or is of columns that are not
 * the same ones in both.
 */
export function stacked(above: Value, below: Value, isBase: (x: Value) => boolean): Value | null {
  if (isBase(above) && isBase(below)) return concat(above, below, 0);
  if (!isReplaced(above) || !isReplaced(below)) return null;
  const base = stacked(above.operands[0], below.operands[0], isBase);
  const [{ axis, indices }, { axis: otherAxis, indices: others }] = [placeOf(above), placeOf(below)];
  if (!base || axis !== otherAxis) return null;
  const slices = concat(above.operands[1], below.operands[1], 0);
  if (axis === 1) return String(indices) === String(others) ? replace(base, slices, 1, indices) : null;
  return replace(base, slices, 0, [...indices, ...others.map((index) => Number(above.shape[0]) + index)]);
}

/** x·A + y·B → [x y]·[A; B], A and B matrices that `stack` puts one below the other, also where other terms stand between the two. */
export const sumOfProducts =
  (stack: (above: Value, below: Value) => Value | null): Rewrite =>
  (y) => {
    if (!isOp(y, "add")) return null;
    const joined = (left: Value, right: Value): Value | null => {
      if (!isByMatrix(left) || !isByMatrix(right)) return null;
      const [[a, above], [b, below]] = [left.operands, right.operands];
      if (!sameShape(a.shape.slice(0, -1), b.shape.slice(0, -1))) return null;
      const matrix = stack(above, below);
      return matrix && matmul(concat(a, b, -1), matrix);
    };
    const [left, right] = y.operands;
    return joined(left, right) ?? intoSum(left, right, joined) ?? intoSum(right, left, joined);
  };

/** (other + term) + more → other + the two joined, whichever of the first two terms is joined with the third. */
function intoSum(sum: Value, more: Value, join: (term: Value, more: Value) => Value | null): Value | null {
  if (!isOp(sum, "add")) return null;
  const [first, second] = sum.operands.map((term) => join(term, more));
  if (second) return add(sum.operands[0], second);
  return first ? add(first, sum.operands[1]) : null;
}

const isByMatrix = (x: Value): x is Value<"matmul"> =>
  isOp(x, "matmul") && x.operands[1].shape.length === 2 && !x.attrs.transposeA && !x.attrs.transposeB;
