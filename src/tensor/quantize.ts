/** 8-bit integers for the rows of a matrix. */
import { type Tensor, tensor, zeros } from "./tensor.ts";

export interface QuantizedRows {
  /** Whole numbers from −127 to 127, shaped as the matrix. */
  readonly codes: Tensor<"int8">;
  /** One number a row: row i is codes[i] · scales[i], but for rounding. */
  readonly scales: Tensor<"float32">;
}

/** The largest code. */
const LARGEST = 127;

/** How much of a row its largest code stands for. */
export type Reach = (row: Float32Array) => number;

/** The largest magnitude. */
export const largestNumber: Reach = (row) => row.reduce((most, x) => Math.max(most, Math.abs(x)), 0);

/** The largest magnitude of a number, or of the sum of two of one sign, one at an even place and the next. */
export const largestPair: Reach = (row) =>
  row.reduce((most, x, i) => {
    const next = i % 2 === 0 && i + 1 < row.length ? row[i + 1]! : 0;
    return Math.max(most, Math.abs(x), Math.abs(x + next));
  }, 0);

/** Whether the codes of any such two, in rows of `width`, add to 128 at most, which rounding makes of {@link largestPair}. */
export function pairsFit({ shape, data }: Tensor<"int8">): boolean {
  const width = shape.at(-1)!;
  return data.every((code, i) => {
    const isLast = (i + 1) % width === 0;
    return (i % width) % 2 !== 0 || isLast || Math.abs(code + data[i + 1]!) <= LARGEST + 1;
  });
}

/** A matrix [m, n] with each row scaled so that what it reaches becomes 127, and rounded: off by half a scale at most. */
export function quantizeRows({ shape, data }: Tensor<"float32">, reach: Reach = largestNumber): QuantizedRows {
  const [rows, width] = shape as [number, number];
  const codes = zeros("int8", shape);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const numbers = data.subarray(row * width, (row + 1) * width);
    const most = reach(numbers);
    // A row of zeros keeps a scale that can be divided by.
    const scale = (scales[row] = most === 0 ? 1 : most / LARGEST);
    for (let i = 0; i < width; i++) codes.data[row * width + i] = Math.round(numbers[i]! / scale);
  }
  return { codes, scales: tensor("float32", [rows], scales) };
}
