/** Meanings of the primitives of quantised numbers. */
import type { Coding } from "../../graph/primitive.ts";
import { array64, build, read } from "../array.ts";
import type { Meanings } from "./meaning.ts";

/** The nearest whole number, the even one of two. */
function nearest(x: number): number {
  const rounded = Math.round(x);
  return Math.abs(x % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}

export const coding: Meanings<Coding> = {
  codeScale: ([x], { attrs: { reach } }) =>
    build(x!.shape.with(-1, 1), (index) => {
      let most = 0;
      for (let k = 0; k < x!.shape.at(-1)!; k++) most = Math.max(most, Math.abs(read(x!, index.with(-1, k))));
      return Math.max(most / reach, 1e-30);
    }),
  encode: ([x, scale], { attrs: { zero } }) =>
    build(x!.shape, (index) => {
      const code = zero + nearest(read(x!, index) / read(scale!, index));
      return Math.min(Math.max(code, 0), 255);
    }),
  integerMatmul: ([a, b, scale], { attrs: { zero } }) =>
    build(a!.shape.with(-1, b!.shape[1]!), (index) => {
      let sum = 0;
      for (let k = 0; k < b!.shape[0]!; k++) sum += (read(a!, index.with(-1, k)) - zero) * read(b!, [k, index.at(-1)!]);
      return sum * read(scale!, [index.at(-1)!]);
    }),
  dequantize: ([codes, scale], { attrs: { zero } }) =>
    build(codes!.shape, (index) => (read(codes!, index) - zero) * read(scale!, index.slice(0, -1))),
  halfBytes: ([x]) => {
    const n = x!.shape.at(-1)!;
    const result = array64(x!.shape.with(-1, 2 * n));
    x!.data.forEach((byte, i) => {
      const at = 2 * i - (i % n);
      result.data[at] = byte & 15;
      result.data[at + n] = byte >> 4;
    });
    return result;
  },
};
