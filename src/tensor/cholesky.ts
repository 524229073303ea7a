/** Cholesky's factor of a symmetric positive definite matrix, and linear equations solved by it. */
import { dotAt } from "./vectors.ts";

export interface Cholesky {
  /** Solves A·x = b in place of b. */
  solve(b: Float64Array): Float64Array;
  /** What was added to the diagonal of A. */
  readonly shift: number;
}

/** What may be added to the diagonal, in units of its mean: nothing, or the first of these that makes the matrix definite. */
const JITTERS = [0, 1e-14, 1e-13, 1e-12, 1e-11, 1e-10, 1e-9, 1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3];

/**
 * A = L·Lᵀ for a symmetric matrix [n, n] in row-major order, of which the lower triangle is read. A matrix that only
 * rounding keeps from being positive definite, such as a kernel made of float32 gradients, gets the first of 1e-14,
 * 1e-13, … 1e-3 times its mean diagonal entry added to its diagonal that is enough.
 * @param subject what the error begins with
 * @throws Error when none is enough
 */
export function cholesky(matrix: Float64Array, n: number, subject = "cholesky"): Cholesky {
  let trace = 0;
  for (let i = 0; i < n; i++) trace += matrix[i * n + i]!;
  for (const jitter of JITTERS) {
    const shift = (jitter * trace) / n;
    const factor = factorOf(matrix, n, shift);
    if (factor) return { solve: (b) => solve(factor, n, b), shift };
  }
  throw new Error(`${subject}: negative eigenvalues in a matrix of ${n} × ${n}, expected a positive semidefinite one`);
}

/** L, below and on the diagonal, of A + `added`·I; nothing where a pivot is not positive. */
function factorOf(matrix: Float64Array, n: number, added: number): Float64Array | undefined {
  const factor = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    const row = i * n;
    for (let j = 0; j <= i; j++) {
      const other = j * n;
      const rest = matrix[row + j]! - dotAt(factor, row, factor, other, j);
      if (j < i) factor[row + j] = rest / factor[other + j]!;
      else if (rest + added > 0) factor[row + i] = Math.sqrt(rest + added);
      else return undefined;
    }
  }
  return factor;
}

function solve(factor: Float64Array, n: number, b: Float64Array): Float64Array {
  for (let i = 0; i < n; i++) {
    b[i] = (b[i]! - dotAt(factor, i * n, b, 0, i)) / factor[i * n + i]!;
  }
  for (let i = n - 1; i >= 0; i--) {
    const value = b[i]! / factor[i * n + i]!;
    b[i] = value;
    for (let k = 0; k < i; k++) b[k]! -= factor[i * n + k]! * value;
  }
  return b;
}
