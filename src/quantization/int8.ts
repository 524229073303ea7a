/**
 * 8 bits, a scale for each row of the matrix: W = codes · scales. What it is multiplied with is made bytes, too, with a scale for each token,
 * so that products are of integers (https://arxiv.org/abs/2208.07339, vector-wise quantisation without outliers apart).
 *
 * x86 processors without VNNI add two neighbouring products of an unsigned and a signed byte in 16 bits
 * (https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html#when-and-why-do-i-need-to-try-u8u8). They hold every two of
 * 7 bits by 8, 2 · 127 · 127; and of 8 bits by 8 where the matrix's two have opposite signs, or add to 128 at most, 255 · 128.
 */
import {
  add,
  cast,
  codeScale,
  dequantize,
  encode,
  integerMatmul,
  mul,
  squeeze,
  sub,
  transpose,
  unsqueeze,
} from "../graph/ops.ts";
import type { Scalar } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import { largestPair, pairsFit, quantizeRows } from "../tensor/quantize.ts";
import { type Tensor, zeros } from "../tensor/tensor.ts";
import type { Parts, Scheme } from "./scheme.ts";

function decode({ codes, scales }: Parts): Tensor<"float32"> {
  const [rows, width] = codes!.shape as [number, number];
  const matrix = zeros("float32", [rows, width]);
  const [from, by] = [codes!.data as Int8Array, scales!.data as Float32Array];
  for (let row = 0; row < rows; row++)
    for (let i = row * width; i < (row + 1) * width; i++) matrix.data[i] = from[i]! * by[row]!;
  return matrix;
}

/** How many steps the codes of a token go either way, and what stands for zero, so that the least is 1. */
interface Bits {
  readonly reach: number;
  readonly zero: number;
}
const EIGHT_BITS: Bits = { reach: 127, zero: 128 };
const SEVEN_BITS: Bits = { reach: 63, zero: 64 };

/** x [*i, k]·codes [k, n]·scale, x made codes token by token. */
function byTokens(x: Value, codes: Value, scale: Scalar, { reach, zero }: Bits): Value {
  const steps = codeScale(x, reach);
  return mul(integerMatmul(encode(x, steps, zero), codes, scale, zero), steps);
}

/** The same, x in twice the bits: its codes token by token, and the codes of what they leave, half a step either way at most. */
function byTokensTwice(x: Value, codes: Value, scale: Scalar, { reach, zero }: Bits): Value {
  const finer = 2 * reach;
  const steps = codeScale(x, reach);
  const coarse = encode(x, steps, zero);
  const fine = encode(sub(x, dequantize(coarse, squeeze(steps, -1), zero)), mul(steps, 1 / finer), zero);
  const finerScale = typeof scale === "number" ? scale / finer : mul(scale, 1 / finer);
  return mul(add(integerMatmul(coarse, codes, scale, zero), integerMatmul(fine, codes, finerScale, zero)), steps);
}

const floats = (codes: Value) => cast(codes, "float32");
const turned = (codes: Value) => transpose(codes, [1, 0]);

const stored: Scheme = {
  form: "int8",
  fits: (shape) => shape.length === 2,
  parts: (shape) => ({ codes: { dtype: "int8", shape }, scales: { dtype: "float32", shape: [shape[0]!] } }),
  shape: ({ codes }) => codes!.shape,
  encode: (matrix) => ({ ...quantizeRows(matrix) }),
  decode,
  value: ({ codes, scales }) => mul(floats(codes!), unsqueeze(scales!, -1)),
};

/**
 * Products of integers both ways: for encoders. The scales of the summed axis go into y before its codes are made, so that both directions
 * read the same codes.
 */
export const int8: Scheme = {
  ...stored,
  takes: ({ codes }) => pairsFit(codes as Tensor<"int8">),
  encode: (matrix) => ({ ...quantizeRows(matrix, largestPair) }),
  timesTransposed: (x, { codes, scales }) => byTokens(x, turned(codes!), scales!, EIGHT_BITS),
  times: (y, { codes, scales }) => byTokens(mul(y, scales!), codes!, 1, SEVEN_BITS),
};

/** The same with activations in 14 bits, of two products each: for decoders, some of whose activations are thousands of times the others. */
export const int8Twice: Scheme = {
  ...stored,
  timesTransposed: (x, { codes, scales }) => byTokensTwice(x, turned(codes!), scales!, SEVEN_BITS),
  times: (y, { codes, scales }) => byTokensTwice(mul(y, scales!), codes!, 1, SEVEN_BITS),
};

/** No activation is made an integer. */
export const int8WeightsOnly: Scheme = stored;
