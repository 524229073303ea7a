/** The two half-precision types, looked up: faster than converting each number. */
import { fromBfloat16, fromFloat16 } from "./dtype.ts";

/** All 65536 values of each type by their bits, made when first asked for. */
export const halves: { readonly [D in "float16" | "bfloat16"]: () => Float32Array } = {
  float16: once(() => Float32Array.from({ length: 2 ** 16 }, (_, bits) => fromFloat16(bits))),
  bfloat16: once(() => Float32Array.from({ length: 2 ** 16 }, (_, bits) => fromBfloat16(bits))),
};

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}
