/** Pullbacks of the products of matrices. */
import { axesOf, contract, matmul, sum, sumTo, transpose } from "../../graph/ops.ts";
import type { Attrs, Product } from "../../graph/primitive.ts";
import type { Value } from "../../graph/value.ts";
import type { Pullbacks } from "./rules.ts";

/** The cotangent of b in y = a·b: aᵀ·dy, or its transpose where b is read transposed. */
function rightCotangent(dy: Value, a: Value, b: Value, { transposeA, transposeB }: Attrs<"matmul">): Value {
  if (b.shape.length === 2 && a.shape.length > 2) {
    const rows = transposeA ? swapLast(a) : a;
    return transposeB ? contract(dy, rows) : contract(rows, dy);
  }
  return transposeB
    ? matmul(dy, a, { transposeA: true, transposeB: transposeA })
    : matmul(a, dy, { transposeA: !transposeA });
}

/** The cotangent of a in y = a·b: dy·bᵀ, or its transpose where a is read transposed. */
function leftCotangent(dy: Value, b: Value, { transposeA, transposeB }: Attrs<"matmul">): Value {
  if (!transposeA) return matmul(dy, b, { transposeB: !transposeB });
  if (b.shape.length === dy.shape.length) return matmul(b, dy, { transposeA: transposeB, transposeB: true });
  return swapLast(matmul(dy, b, { transposeB: !transposeB }));
}

function swapLast(x: Value): Value {
  const axes = axesOf(x);
  return transpose(x, [...axes.slice(0, -2), axes.at(-1)!, axes.at(-2)!]);
}

export const linear: Pullbacks<Product> = {
  matmul: (dy, { operands: [a, b], attrs }) => [
    sumTo(leftCotangent(dy, b, attrs), a.shape),
    sumTo(rightCotangent(dy, a, b, attrs), b.shape),
  ],
  linear: (dy, { operands: [x, weight] }) => [matmul(dy, weight), contract(dy, x), sum(dy, axesOf(dy, 1))],
  contract: (dy, { operands: [a, b] }) => [matmul(b, dy, { transposeB: true }), matmul(a, dy)],
};
