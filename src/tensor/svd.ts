/** The largest singular values of a matrix and their vectors, by subspace iteration (Halko, Martinsson & Tropp 2011, §4.5). */
import { random } from "./random.ts";
import type { Tensor } from "./tensor.ts";

/** W ≈ Σₖ valuesₖ · leftₖ · rightₖᵀ, the largest value first; a vector's sign is its own. */
export interface TruncatedSvd {
  readonly values: Float64Array;
  /** One vector of length m a value. */
  readonly left: readonly Float64Array[];
  /** One vector of length n a value. */
  readonly right: readonly Float64Array[];
}

/** Vectors beyond those asked for, which let the iteration converge faster. */
const OVERSAMPLING = 10;
const ITERATIONS = 10;

/**
 * The `rank` largest singular values of a matrix [m, n].
 * @throws Error when the matrix has fewer
 */
export function truncatedSvd(matrix: Tensor<"float32">, rank: number): TruncatedSvd {
  const [m, n] = matrix.shape as [number, number];
  if (rank > Math.min(m, n)) throw new Error(`svd: rank ${rank} of a matrix of ${m} × ${n}`);
  const width = Math.min(rank + OVERSAMPLING, m, n);
  const { normal } = random(0, "svd");
  let right: Float64Array[] = Array.from({ length: width }, () => Float64Array.from({ length: n }, normal));
  orthonormalize(right);
  for (let i = 0; i < ITERATIONS; i++) {
    const left = timesVectors(matrix, right);
    orthonormalize(left);
    right = transposedTimesVectors(matrix, left);
    orthonormalize(right);
  }
  return rotated(timesVectors(matrix, right), right, rank);
}

/** Within the subspace: from the eigenvectors of (W·R)ᵀ(W·R), R the subspace's basis. */
function rotated(images: Float64Array[], basis: Float64Array[], rank: number): TruncatedSvd {
  const gram = images.map((x) => Float64Array.from(images, (y) => dot(x, y)));
  const { values, vectors } = symmetricEigen(gram);
  const order = [...values.keys()].sort((a, b) => values[b]! - values[a]!).slice(0, rank);
  const singular = Float64Array.from(order, (k) => Math.sqrt(Math.max(0, values[k]!)));
  return {
    values: singular,
    left: order.map((k, i) => combine(images, vectors[k]!, singular[i]! > 0 ? 1 / singular[i]! : 0)),
    right: order.map((k) => combine(basis, vectors[k]!, 1)),
  };
}

/** W·x for each vector x. */
function timesVectors({ data, shape }: Tensor<"float32">, vectors: readonly Float64Array[]): Float64Array[] {
  const [m, n] = shape as [number, number];
  return vectors.map((x) => {
    const y = new Float64Array(m);
    for (let i = 0, at = 0; i < m; i++) {
      let sum = 0;
      for (let j = 0; j < n; j++, at++) sum += data[at]! * x[j]!;
      y[i] = sum;
    }
    return y;
  });
}

/** Wᵀ·x for each vector x. */
function transposedTimesVectors({ data, shape }: Tensor<"float32">, vectors: readonly Float64Array[]): Float64Array[] {
  const [m, n] = shape as [number, number];
  return vectors.map((x) => {
    const y = new Float64Array(n);
    for (let i = 0, at = 0; i < m; i++) {
      const factor = x[i]!;
      for (let j = 0; j < n; j++, at++) y[j]! += factor * data[at]!;
    }
    return y;
  });
}

function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!;
  return sum;
}

/** Adds `factor`·y to x. */
function addScaled(x: Float64Array, factor: number, y: Float64Array): void {
  for (let i = 0; i < x.length; i++) x[i]! += factor * y[i]!;
}

function combine(vectors: readonly Float64Array[], weights: Float64Array, scale: number): Float64Array {
  const sum = new Float64Array(vectors[0]!.length);
  vectors.forEach((x, k) => addScaled(sum, scale * weights[k]!, x));
  return sum;
}

/** Gram and Schmidt's way, each vector twice, in place; what is dependent to the last digit becomes zero. */
function orthonormalize(vectors: readonly Float64Array[]): void {
  vectors.forEach((x, k) => {
    const before = Math.sqrt(dot(x, x));
    for (let pass = 0; pass < 2; pass++) for (let j = 0; j < k; j++) addScaled(x, -dot(x, vectors[j]!), vectors[j]!);
    const norm = Math.sqrt(dot(x, x));
    const scale = norm > 1e-12 * before ? 1 / norm : 0;
    for (let i = 0; i < x.length; i++) x[i]! *= scale;
  });
}

/** All eigenvalues of a small symmetric matrix and their vectors, by Jacobi's rotations. */
function symmetricEigen(matrix: readonly Float64Array[]): { values: Float64Array; vectors: Float64Array[] } {
  const n = matrix.length;
  const a = matrix.map((row) => row.slice());
  const vectors = a.map((_, i) => Float64Array.from({ length: n }, (_, j) => Number(i === j)));
  const off = () => a.reduce((sum, row, i) => sum + row.reduce((s, x, j) => (i === j ? s : s + x * x), 0), 0);
  const total = a.reduce((sum, row) => sum + dot(row, row), 0);
  for (let sweep = 0; sweep < 60 && off() > 1e-30 * total; sweep++)
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) rotate(a, vectors, p, q);
  return { values: Float64Array.from(a, (row, i) => row[i]!), vectors };
}

/** The rotation in the plane of p and q that makes a[p][q] zero; `vectors` turn along, one a row. */
function rotate(a: Float64Array[], vectors: Float64Array[], p: number, q: number): void {
  const [ap, aq] = [a[p]!, a[q]!];
  if (ap[q] === 0) return;
  const theta = (aq[q]! - ap[p]!) / (2 * ap[q]!);
  const t = (theta < 0 ? -1 : 1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  const turn = (x: Float64Array, y: Float64Array) => {
    for (let k = 0; k < x.length; k++) {
      const [u, v] = [x[k]!, y[k]!];
      x[k] = c * u - s * v;
      y[k] = s * u + c * v;
    }
  };
  turn(ap, aq);
  for (const row of a) {
    const [u, v] = [row[p]!, row[q]!];
    row[p] = c * u - s * v;
    row[q] = s * u + c * v;
  }
  turn(vectors[p]!, vectors[q]!);
}
