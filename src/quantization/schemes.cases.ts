/** Matrices to be kept in few bits, and what a scheme makes of them on the host and as a graph. */
import { all64 } from "../../test/as64.ts";
import { input } from "../graph/ops.ts";
import type { ValueType } from "../graph/primitive.ts";
import type { Value } from "../graph/value.ts";
import type { Array64 } from "../interpret/array.ts";
import { interpret } from "../interpret/interpret.ts";
import { nativeRuntime } from "../runtime/native.ts";
import type { Tensors } from "../runtime/runtime.ts";
import { random } from "../tensor/random.ts";
import { sizeOf } from "../tensor/shape.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import type { Parts, PartValues, Scheme } from "./scheme.ts";

const runtime = await nativeRuntime({ threads: 1 });

/** Normal numbers, each row of a size of its own: from millionths to millions. */
export function normalMatrix(rows: number, width: number, seed: number): Tensor<"float32"> {
  const { normal, integer } = random(seed, "matrix");
  const sizes = Array.from({ length: rows }, () => 10 ** (integer(13) - 6));
  const numbers = Float32Array.from({ length: rows * width }, (_, i) => normal() * sizes[Math.floor(i / width)]!);
  return tensor("float32", [rows, width], numbers);
}

/** A matrix of the numbers that are given, row after row. */
export const matrixOf = (...rows: readonly (readonly number[])[]): Tensor<"float32"> =>
  tensor("float32", [rows.length, rows[0]!.length], Float32Array.from(rows.flat()));

/** The numbers of the parts in 8 bits. */
export const codesOf = ({ codes }: Parts): Int8Array => codes!.data as Int8Array;
export const scalesOf = ({ scales }: Parts): Float32Array => scales!.data as Float32Array;

/** Parts as inputs of a graph. */
export const asInputs = (parts: Parts): PartValues =>
  Object.fromEntries(
    Object.entries(parts).map(([name, { shape, dtype }]) => [name, input(name, shape, dtype as ValueType)]),
  );

/** The matrix that the graph of a scheme puts together, on the interpreter. */
export const valueOf = ({ value }: Scheme, parts: Parts): Array64 =>
  interpret([value(asInputs(parts))], all64(parts))[0]!;

/** A graph on ONNX Runtime. */
export async function computed(y: Value, feeds: Tensors): Promise<Float32Array> {
  const program = await runtime.compile({ y });
  const results = await program.run(feeds);
  await program.dispose();
  return results["y"]!.data as Float32Array;
}

/** Σₖ left[i, k]·right[k, j] in float64, of rows of x [*, n] and the columns of a matrix that `at` reads. */
export function product(x: Array64, width: number, at: (k: number, j: number) => number): Float64Array {
  const inner = x.shape.at(-1)!;
  return Float64Array.from({ length: (sizeOf(x.shape) / inner) * width }, (_, place) => {
    const [row, column] = [Math.floor(place / width), place % width];
    let sum = 0;
    for (let k = 0; k < inner; k++) sum += x.data[row * inner + k]! * at(k, column);
    return sum;
  });
}
