/**
 * 4 bits, a scale for each block of 32 numbers of a row: W = (codes − 8) · scale, the block's number of largest magnitude being −8. The
 * bytes are those of GGUF's Q4_0: the lower half of the i-th byte of a block is its i-th code, the upper half that 16 further on.
 */
import { dequantize, halfBytes, mergeAxes } from "../graph/ops.ts";
import { type Tensor, tensor, zeros } from "../tensor/tensor.ts";
import type { Parts, PartSpec, Scheme } from "./scheme.ts";

const BLOCK = 32;
const HALF = BLOCK / 2;
const ZERO = 8;

/** The number of largest magnitude, the first of several. */
function extreme(numbers: Float32Array): number {
  let most = 0;
  for (const x of numbers) if (Math.abs(x) > Math.abs(most)) most = x;
  return most;
}

function encode({ shape, data }: Tensor<"float32">): Parts {
  const [rows, width] = shape as [number, number];
  const blocks = width / BLOCK;
  const codes = zeros("uint8", [rows, blocks, HALF]);
  const scales = zeros("float32", [rows, blocks]);
  for (let block = 0; block < rows * blocks; block++) {
    const numbers = data.subarray(block * BLOCK, (block + 1) * BLOCK);
    const scale = (scales.data[block] = extreme(numbers) / -ZERO);
    const inverse = scale === 0 ? 0 : 1 / scale;
    const code = (i: number) => Math.min(15, Math.floor(numbers[i]! * inverse + ZERO + 0.5));
    for (let i = 0; i < HALF; i++) codes.data[block * HALF + i] = code(i) | (code(i + HALF) << 4);
  }
  return { codes, scales };
}

function decode({ codes, scales }: Parts): Tensor<"float32"> {
  const [rows, blocks] = scales!.shape as [number, number];
  const matrix = new Float32Array(rows * blocks * BLOCK);
  const [bytes, by] = [codes!.data as Uint8Array, scales!.data as Float32Array];
  for (let i = 0; i < bytes.length; i++) {
    const block = Math.floor(i / HALF);
    const at = block * BLOCK + (i % HALF);
    matrix[at] = ((bytes[i]! & 15) - ZERO) * by[block]!;
    matrix[at + HALF] = ((bytes[i]! >> 4) - ZERO) * by[block]!;
  }
  return tensor("float32", [rows, blocks * BLOCK], matrix);
}

function parts([rows, width]: readonly number[]): Record<"codes" | "scales", PartSpec> {
  const blocks = width! / BLOCK;
  return {
    codes: { dtype: "uint8", shape: [rows!, blocks, HALF] },
    scales: { dtype: "float32", shape: [rows!, blocks] },
  };
}

export const int4: Scheme = {
  form: "int4",
  fits: (shape) => shape.length === 2 && shape[1]! % BLOCK === 0,
  parts,
  shape: ({ scales }) => [scales!.shape[0]!, scales!.shape[1]! * BLOCK],
  encode,
  decode,
  value: ({ codes, scales }) => mergeAxes(dequantize(halfBytes(codes!), scales!, ZERO), -2),
};
