/** The eigenvalues of a kernel: the directions of its feature space in the order in which gradient descent learns along them. */
import { symmetricEigenvalues } from "../../tensor/eigenvalues.ts";
import { flattened, type Kernel } from "../kernel.ts";

/** How far K[p, q] and K[q, p] may be apart, in parts of the largest entry: what float32 gradients leave. */
const ASYMMETRY = 1e-4;

/**
 * The eigenvalues of a symmetric kernel flattened, the largest first; of a trace kernel one for each input, else one for each input and
 * output. Of a positive semi-definite kernel the last may be below 0 by rounding.
 * @throws Error when the kernel is not between a list of inputs and itself, not symmetric, or not finite
 */
export function spectrum(kernel: Kernel): Float64Array {
  const { rows, columns, data } = flattened(kernel);
  if (rows !== columns)
    throw new Error(`spectrum: a kernel of ${rows} rows and ${columns} columns, expected a square one`);
  expectSymmetric(data, rows);
  return symmetricEigenvalues(data, rows);
}

/** The singular values of a kernel of any form, the largest first: of a symmetric one, the eigenvalues' magnitudes. */
export function singularValues(kernel: Kernel): Float64Array {
  const { rows, columns, data } = flattened(kernel);
  const gram = new Float64Array(columns * columns);
  for (let i = 0; i < rows; i++)
    for (let p = 0; p < columns; p++)
      for (let q = 0; q <= p; q++) gram[p * columns + q]! += data[i * columns + p]! * data[i * columns + q]!;
  return symmetricEigenvalues(gram, columns).map((value) => Math.sqrt(Math.max(0, value)));
}

function expectSymmetric(data: Float64Array, n: number): void {
  let [largest, worst] = [0, 0];
  for (let p = 0; p < n; p++)
    for (let q = 0; q <= p; q++) {
      const [below, above] = [data[p * n + q]!, data[q * n + p]!];
      largest = Math.max(largest, Math.abs(below), Math.abs(above));
      worst = Math.max(worst, Math.abs(below - above));
    }
  if (worst > ASYMMETRY * largest)
    throw new Error(
      `spectrum: entries across the diagonal differ by ${worst.toPrecision(3)}, the largest being ${largest.toPrecision(3)}, ` +
        "expected a symmetric kernel",
    );
}
