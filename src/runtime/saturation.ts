/**
 * Whether integer products are wrong where codes are large: x86 processors without VNNI add two products of an unsigned and a signed byte
 * in 16 bits, which hold less than they may come to
 * (https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html#when-and-why-do-i-need-to-try-u8u8).
 */
import { input, integerMatmul } from "../graph/ops.ts";
import { isOp, type Value } from "../graph/value.ts";
import { topological } from "../graph/walk.ts";
import { onnxModel } from "../onnx/model.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import type { Program } from "./runtime.ts";

/** Whether a graph has products that may be wrong. */
export const hasIntegerProducts = (outputs: readonly Value[]): boolean =>
  topological(outputs).some((value) => isOp(value, "integerMatmul"));

const [ROWS, INNER, COLUMNS] = [8, 64, 32];
const LARGEST = 127;

/** Multiplies the largest codes there are. @param load makes a program of an ONNX model */
export async function productsSaturate(load: (model: Uint8Array) => Promise<Program>): Promise<boolean> {
  const [a, b] = [input("a", [ROWS, INNER], "uint8"), input("b", [INNER, COLUMNS], "int8")];
  const program = await load(onnxModel({ y: integerMatmul(a, b, 1) }));
  const { y } = (await program.run({
    a: tensor("uint8", [ROWS, INNER], new Uint8Array(ROWS * INNER).fill(128 + LARGEST)),
    b: tensor("int8", [INNER, COLUMNS], new Int8Array(INNER * COLUMNS).fill(LARGEST)),
  })) as { y: Tensor<"float32"> };
  await program.dispose();
  return y.data.some((product) => product !== INNER * LARGEST ** 2);
}
