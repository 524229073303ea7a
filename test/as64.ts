/** Tensors of the runtime as arrays of the interpreter. */
import { array64, type Array64 } from "../src/interpret/array.ts";
import type { Tensor } from "../src/tensor/tensor.ts";

/** A tensor's numbers in float64. */
export const as64 = ({ shape, data }: Tensor): Array64 =>
  array64(shape, Float64Array.from(data as ArrayLike<number | bigint>, Number));

/** Tensors by name, in float64. */
export const all64 = (tensors: Readonly<Record<string, Tensor>>): Record<string, Array64> =>
  Object.fromEntries(Object.entries(tensors).map(([name, x]) => [name, as64(x)]));
