/** Codes have no pullbacks: a graph is differentiated over the numbers that they stand for, and quantised after that. */
import type { Coding } from "../../graph/primitive.ts";
import type { Pullbacks } from "./rules.ts";

export const coding: Pullbacks<Coding> = {
  codeScale: () => [null],
  encode: () => [null, null],
  integerMatmul: () => [null, null, null],
  dequantize: () => [null, null],
  halfBytes: () => [null],
};
