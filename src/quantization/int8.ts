/**
 * 8 bits, a scale for each row of the matrix: W = codes · scales. What it is multiplied with is 8 bits, too, with a scale for each token,
 * so that products are of integers (https://arxiv.org/abs/2208.07339, vector-wise quantisation without outliers apart).
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
import { quantizeRows } from "../tensor/quantize.ts";
import { type Tensor, zeros } from "../tensor/tensor.ts";
import type { Parts, PartValues, Scheme } from "./scheme.ts";

function decode({ codes, scales }: Parts): Tensor<"float32"> {
  const [rows, width] = codes!.shape as [number, number];
  const matrix = zeros("float32", [rows, width]);
  const [from, by] = [codes!.data as Int8Array, scales!.data as Float32Array];
  for (let row = 0; row < rows; row++)
    for (let i = row * width; i < (row + 1) * width; i++) matrix.data[i] = from[i]! * by[row]!;
  return matrix;
}

/** x [*i, k]·codes [k, n]·scale, x made codes token by token. */
function byTokens(x: Value, codes: Value, scale: Scalar): Value {
  const steps = codeScale(x);
  return mul(integerMatmul(encode(x, steps), codes, scale), steps);
}

/** What stands for zero in the codes of {@link encode}. */
const ZERO = 128;
/** Codes of what codes leave: at most half a step either way, in as many steps again. */
const FINER = 254;

/** The same, x in 16 bits: its codes token by token, and the codes of what they leave. */
function byTokensTwice(x: Value, codes: Value, scale: Scalar): Value {
  const steps = codeScale(x);
  const coarse = encode(x, steps);
  const fine = encode(sub(x, dequantize(coarse, squeeze(steps, -1), ZERO)), mul(steps, 1 / FINER));
  const finer = typeof scale === "number" ? scale / FINER : mul(scale, 1 / FINER);
  return mul(add(integerMatmul(coarse, codes, scale), integerMatmul(fine, codes, finer)), steps);
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

/** The scales of the summed axis go into y before its codes are made, so that both directions read the same codes. */
const times = (y: Value, { codes, scales }: PartValues) => byTokens(mul(y, scales!), codes!, 1);

/** Products of integers both ways: for encoders. */
export const int8: Scheme = {
  ...stored,
  timesTransposed: (x, { codes, scales }) => byTokens(x, turned(codes!), scales!),
  times,
};

/** The same with activations in 16 bits, of two products each: for decoders, some of whose activations are thousands of times the others. */
export const int8Twice: Scheme = {
  ...stored,
  timesTransposed: (x, { codes, scales }) => byTokensTwice(x, turned(codes!), scales!),
  times: (y, { codes, scales }) => byTokensTwice(mul(y, scales!), codes!, 1),
};

/** No activation is made an integer. */
export const int8WeightsOnly: Scheme = stored;
