/** Lowerings in ONNX's own operators alone, of what ONNX Runtime has operators of its own for and no primitives are as good. */
import type { Value } from "../../graph/value.ts";
import { linear, product } from "./linear.ts";
import type { Lowerings } from "./rules.ts";

export const standard: Lowerings<"matmul" | "rmsNorm"> = {
  // By Gemm, which reads a weight as it is: its transpose would be made as the model is loaded, and kept beside it where it is read twice.
  matmul: (y, emit) => (isTimesTransposed(y) ? product(y, emit) : linear.matmul(y, emit)),
  // In the form that ONNX Runtime makes one operator of again.
  rmsNorm: ({ operands: [x, scale], attrs: { epsilon } }, emit) => {
    const squares = emit.node("Pow", [emit.name(x), emit.constant("float32", [2])]);
    const mean = emit.node("ReduceMean", [squares, emit.constant("int64", [-1], [1])]);
    const root = emit.node("Sqrt", [emit.node("Add", [mean, emit.constant("float32", [epsilon])])]);
    return emit.node("Mul", [emit.node("Div", [emit.name(x), root]), emit.name(scale)]);
  },
};

/** Whether y is x·Wᵀ, W a matrix. */
export function isTimesTransposed({ operands: [, b], attrs: { transposeA, transposeB } }: Value<"matmul">): boolean {
  return transposeB && !transposeA && b.shape.length === 2;
}
