/** Vectors and matrices of float64 as they stand in memory. */

export function dot(x: Float64Array, y: Float64Array): number {
  return dotAt(x, 0, y, 0, x.length);
}

/** Σₖ x[i + k]·y[j + k] for k < n: four sums side by side, as an addition waits for the one before it. */
export function dotAt(x: Float64Array, i: number, y: Float64Array, j: number, n: number): number {
  let [a, b, c, d, k] = [0, 0, 0, 0, 0];
  for (; k + 3 < n; k += 4) {
    a += x[i + k]! * y[j + k]!;
    b += x[i + k + 1]! * y[j + k + 1]!;
    c += x[i + k + 2]! * y[j + k + 2]!;
    d += x[i + k + 3]! * y[j + k + 3]!;
  }
  for (; k < n; k++) a += x[i + k]! * y[j + k]!;
  return a + b + (c + d);
}

/** A·x for a matrix [m, n] in row-major order. */
export function timesVector(matrix: Float64Array, x: Float64Array): Float64Array {
  const n = x.length;
  return Float64Array.from({ length: matrix.length / n }, (_, i) => dotAt(matrix, i * n, x, 0, n));
}

/** Aᵀ·y for a matrix [m, n] in row-major order. */
export function transposedTimesVector(matrix: Float64Array, y: Float64Array): Float64Array {
  const n = matrix.length / y.length;
  const x = new Float64Array(n);
  for (let i = 0, at = 0; i < y.length; i++) for (let j = 0; j < n; j++, at++) x[j]! += matrix[at]! * y[i]!;
  return x;
}

/** x + `factor`·y. */
export function plusScaled(x: Float64Array, factor: number, y: Float64Array): Float64Array {
  return x.map((value, i) => value + factor * y[i]!);
}
