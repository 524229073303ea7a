/** Numbers that look random and are the same in every language: what is dropped in training, without storing it. */
import { sizeOf } from "../src/tensor/shape.ts";
import { type Tensor, tensor } from "../src/tensor/tensor.ts";

/** Numbers on [0, 1) for a place in a model at a step; scripts/reference/uniform.py makes the same. */
export function uniform(name: string, step: number, shape: readonly number[]): Tensor<"float32"> {
  // FNV-1a
  const seed = [...new TextEncoder().encode(`${name} ${step}`)].reduce(
    (hash, byte) => Math.imul(hash ^ byte, 16777619),
    2166136261 | 0,
  );
  const numbers = Float32Array.from(
    { length: sizeOf(shape) },
    (_, i) => mixed(seed + Math.imul(i, 0x9e3779b9)) / 2 ** 24,
  );
  return tensor("float32", shape, numbers);
}

/** A whole number below 2^24. */
function mixed(seed: number): number {
  const once = Math.imul(seed ^ (seed >>> 16), 0x7feb352d);
  const twice = Math.imul(once ^ (once >>> 15), 0x846ca68b);
  return (twice ^ (twice >>> 16)) >>> 8;
}
