/** Lowerings of the products of matrices. */
import type { Product } from "../../graph/primitive.ts";
import type { Value } from "../../graph/value.ts";
import type { Emitter } from "../emitter.ts";
import type { Lowerings } from "./rules.ts";

/** Below this many columns a product with a transposed left side is faster as Transpose, then MatMul, than as Gemm. */
const SKINNY = 64;

/** So few rows times a matrix that is so wide are faster one by one: for a product of several the whole matrix is copied first. */
const [FEW, WIDE] = [3, 1536];

/** x [*i, n] as a matrix [∏i, n], without a copy. */
export function flatten(emit: Emitter, x: Value): string {
  return x.shape.length === 2
    ? emit.name(x)
    : emit.node("Reshape", [emit.name(x), emit.constant("int64", [-1, Number(x.shape.at(-1))], [2])]);
}

const gemm = (emit: Emitter, inputs: readonly string[], transA: boolean, transB: boolean) =>
  emit.node("Gemm", inputs, { attributes: { transA: { int: Number(transA) }, transB: { int: Number(transB) } } });

/** x [*i, in] · matrix [out, in]ᵀ (+ bias [out]) → [*i, out]. */
export function product({ operands: [x, ...others], shape }: Value<"linear" | "matmul">, emit: Emitter): string {
  const y = gemm(emit, [flatten(emit, x), ...others.map((other) => emit.name(other))], false, true);
  return shape.length === 2 ? y : emit.node("Reshape", [y, emit.sizes(shape)]);
}

/** The transpose of a matrix. */
export const transposed = (emit: Emitter, x: string): string =>
  emit.node("Transpose", [x], { attributes: { perm: { ints: [1, 0] } } });

/** left [rows, n] · right, a row at a time. */
function rowByRow(emit: Emitter, left: string, right: string, rows: number): string {
  const products = Array.from({ length: rows }, (_, row) =>
    emit.node("MatMul", [emit.node("Gather", [left, emit.constant("int64", [row], [1])]), right]),
  );
  return emit.node("Concat", products, { attributes: { axis: { int: 0 } } });
}

export const linear: Lowerings<Product> = {
  matmul: ({ operands: [a, b], attrs: { transposeA, transposeB } }, emit) => {
    const inputs = [emit.name(a), emit.name(b)];
    if (!transposeA && !transposeB) return emit.node("MatMul", inputs);
    return emit.node("FusedMatMul", inputs, {
      domain: "com.microsoft",
      attributes: { transA: { int: Number(transposeA) }, transB: { int: Number(transposeB) } },
    });
  },
  linear: product,
  contract: ({ operands: [a, b] }, emit) => {
    const [left, right] = [flatten(emit, a), flatten(emit, b)];
    const [rows, columns] = [Number(a.shape.at(-1)), Number(b.shape.at(-1))];
    if (rows <= FEW && columns >= WIDE) return rowByRow(emit, transposed(emit, left), right, rows);
    if (rows <= SKINNY) return emit.node("MatMul", [transposed(emit, left), right]);
    if (columns <= SKINNY) return transposed(emit, emit.node("MatMul", [transposed(emit, right), left]));
    return gemm(emit, [left, right], true, false);
  },
};
