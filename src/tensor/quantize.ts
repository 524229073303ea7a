/** 8-bit integers for the rows of a matrix. */
import { type Tensor, tensor, zeros } from "./tensor.ts";

export interface QuantizedRows {
  /** Whole numbers from −127 to 127, shaped as the matrix. */
  readonly codes: Tensor<"int8">;
  /** One number a row: row i is codes[i] · scales[i], but for rounding. */
  readonly scales: Tensor<"float32">;
}

/** A matrix [m, n] with each row scaled so that its largest number becomes ±127, and rounded: off by half a scale at most. */
export function quantizeRows({ shape, data }: Tensor<"float32">): QuantizedRows {
  const [rows, width] = shape as [number, number];
  const codes = zeros("int8", shape);
  const scales = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const numbers = data.subarray(row * width, (row + 1) * width);
    const largest = numbers.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
    // A row of zeros keeps a scale that can be divided by.
    const scale = (scales[row] = largest === 0 ? 1 : largest / 127);
    for (let i = 0; i < width; i++) codes.data[row * width + i] = Math.round(numbers[i]! / scale);
  }
  return { codes, scales: tensor("float32", [rows], scales) };
}
