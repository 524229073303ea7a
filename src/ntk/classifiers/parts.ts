/** Kernels of some of the inputs, and of differences of outputs. */
import { type Kernel, entryOf, zeroKernel } from "../kernel.ts";
import type { Problem } from "./classifier.ts";

/** The kernel between some of the row inputs and some of the column inputs. */
export function kernelPart(kernel: Kernel, rows: Int32Array, columns: Int32Array): Kernel {
  const outputs = kernel.shape[1];
  const part = zeroKernel(rows.length, columns.length, outputs);
  let at = 0;
  for (const i of rows)
    for (let a = 0; a < outputs; a++)
      for (const j of columns)
        for (let b = 0; b < outputs; b++) part.data[at++] = kernel.data[entryOf(kernel, i, a, j, b)]!;
  return part;
}

/** What a model says of some of the inputs, from what it says of all: [n, C] to [rows, C]. */
export function valuesPart(values: Float64Array, outputs: number, rows: Int32Array): Float64Array {
  return Float64Array.from({ length: rows.length * outputs }, (_, at) => {
    return values[rows[Math.floor(at / outputs)]! * outputs + (at % outputs)]!;
  });
}

/** A problem of some of the inputs only. */
export function problemPart({ kernel, labels, classes, initial }: Problem, inputs: Int32Array): Problem {
  return {
    kernel: kernelPart(kernel, inputs, inputs),
    labels: inputs.map((i) => labels[i]!),
    classes,
    ...(initial && { initial: valuesPart(initial, kernel.shape[1], inputs) }),
  };
}

/**
 * The kernel [rows, columns] of f_a − f_b: K_aa − K_ab − K_ba + K_bb. A kernel of one output is that of the difference of
 * two classes' logits already.
 */
export function differenceKernel(kernel: Kernel, a: number, b: number): Float64Array {
  const [rows, outputs, columns] = kernel.shape;
  if (outputs === 1) return kernel.data;
  const at = (i: number, c: number, j: number, d: number) => kernel.data[entryOf(kernel, i, c, j, d)]!;
  const difference = new Float64Array(rows * columns);
  for (let i = 0; i < rows; i++)
    for (let j = 0; j < columns; j++)
      difference[i * columns + j] = at(i, a, j, a) - at(i, a, j, b) - at(i, b, j, a) + at(i, b, j, b);
  return difference;
}

/** f_a − f_b of each input, from [n, C]; of one output, f₁ − f₀, with the sign that the two classes ask for. */
export function differenceValues(values: Float64Array, outputs: number, a: number, b: number): Float64Array {
  if (outputs === 1) return values.map((value) => (a > b ? value : -value));
  return Float64Array.from({ length: values.length / outputs }, (_, i) => {
    return values[i * outputs + a]! - values[i * outputs + b]!;
  });
}

/** Scores of both classes from f₁ − f₀, half of it for one and half against the other; of more outputs, the outputs. */
export function scoresOf(values: Float64Array, outputs: number): Float64Array {
  if (outputs > 1) return values;
  return Float64Array.from({ length: 2 * values.length }, (_, at) => (at % 2 === 0 ? -0.5 : 0.5) * values[at >> 1]!);
}

/** The class of the highest score of each input, the first of equal ones; scores are [m, classes]. */
export function predictedClasses(scores: Float64Array, classes: number): Int32Array {
  return Int32Array.from({ length: scores.length / classes }, (_, i) => {
    const own = scores.subarray(i * classes, (i + 1) * classes);
    return own.reduce((best, score, c) => (score > own[best]! ? c : best), 0);
  });
}
