/**
 * All eigenvalues of a symmetric matrix: Householder's reflections make it tridiagonal, implicit QL steps diagonal (Golub &
 * Van Loan 2013, §8.3; Bowdler, Martin, Reinsch & Wilkinson 1968).
 */

/** QL converges cubically; two or three sweeps an eigenvalue are usual. */
const MOST_SWEEPS = 60;

/**
 * The eigenvalues of a symmetric matrix [n, n] with rows one after the other, the largest first, each within a few roundings of
 * the largest magnitude. Only the lower triangle is read.
 * @throws Error when an entry is not finite
 */
export function symmetricEigenvalues(matrix: ArrayLike<number>, n: number): Float64Array {
  const scale = largestMagnitude(matrix, n);
  if (scale === 0) return new Float64Array(n);
  const rows = Array.from({ length: n }, (_, i) =>
    Float64Array.from({ length: i + 1 }, (_, j) => matrix[i * n + j]! / scale),
  );
  const { diagonal, beside } = tridiagonal(rows);
  diagonalize(diagonal, beside);
  return diagonal
    .sort()
    .reverse()
    .map((value) => value * scale);
}

function largestMagnitude(matrix: ArrayLike<number>, n: number): number {
  let largest = 0;
  for (let i = 0; i < n; i++)
    for (let j = 0; j <= i; j++) {
      const entry = matrix[i * n + j]!;
      if (!Number.isFinite(entry)) throw new Error(`eigenvalues: ${entry} at [${i}, ${j}], expected a finite number`);
      largest = Math.max(largest, Math.abs(entry));
    }
  return largest;
}

/** A symmetric tridiagonal matrix: beside[i] stands at [i, i + 1] and [i + 1, i], the last is 0. */
interface Tridiagonal {
  readonly diagonal: Float64Array;
  readonly beside: Float64Array;
}

/** By reflections of the last row, the last but one, and so on; `rows`, the lower triangle, are used up. */
function tridiagonal(rows: readonly Float64Array[]): Tridiagonal {
  const n = rows.length;
  const beside = new Float64Array(n);
  for (let k = n - 1; k > 0; k--) {
    const u = rows[k]!.subarray(0, k);
    const rest = u.subarray(0, k - 1);
    const restSquares = dot(rest, rest);
    const last = u[k - 1]!;
    beside[k - 1] = last;
    if (restSquares === 0) continue;
    const norm = Math.sqrt(restSquares + last * last);
    beside[k - 1] = last > 0 ? -norm : norm;
    u[k - 1] = last - beside[k - 1]!;
    reflect(rows, u);
  }
  return { diagonal: Float64Array.from(rows, (row, i) => row[i]!), beside };
}

/** A ← H·A·H for the leading block of u's size and H = I − u·uᵀ/h, h = uᵀu/2: A − q·uᵀ − u·qᵀ with q = p − u·(uᵀp)/2h, p = A·u/h. */
function reflect(rows: readonly Float64Array[], u: Float64Array): void {
  const h = dot(u, u) / 2;
  const q = timesVector(rows, u);
  for (let i = 0; i < u.length; i++) q[i]! /= h;
  const shift = dot(u, q) / (2 * h);
  for (let i = 0; i < u.length; i++) q[i]! -= shift * u[i]!;
  for (let i = 0; i < u.length; i++) {
    const [row, qi, ui] = [rows[i]!, q[i]!, u[i]!];
    for (let j = 0; j <= i; j++) row[j]! -= qi * u[j]! + ui * q[j]!;
  }
}

/** A·u for the leading block of u's size of the symmetric A whose lower triangle is given. */
function timesVector(rows: readonly Float64Array[], u: Float64Array): Float64Array {
  const product = new Float64Array(u.length);
  for (let i = 0; i < u.length; i++) {
    const [row, ui] = [rows[i]!, u[i]!];
    let sum = row[i]! * ui;
    for (let j = 0; j < i; j++) {
      sum += row[j]! * u[j]!;
      product[j]! += row[j]! * ui;
    }
    product[i]! += sum;
  }
  return product;
}

function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]! * y[i]!;
  return sum;
}

/** Leaves the eigenvalues on the diagonal, in no order, and nothing beside it. */
function diagonalize(diagonal: Float64Array, beside: Float64Array): void {
  for (let first = 0; first < diagonal.length; first++) {
    let last = endOfBlock(diagonal, beside, first);
    for (let sweep = 0; last > first; sweep++) {
      if (sweep === MOST_SWEEPS) throw new Error(`eigenvalues: no convergence after ${MOST_SWEEPS} sweeps`);
      qlSweep(diagonal, beside, first, last);
      last = endOfBlock(diagonal, beside, first);
    }
  }
}

/** The first place from `first` on beside which nothing stands but rounding. */
function endOfBlock(diagonal: Float64Array, beside: Float64Array, first: number): number {
  let m = first;
  while (m < diagonal.length - 1) {
    const around = Math.abs(diagonal[m]!) + Math.abs(diagonal[m + 1]!);
    // Entries are of size 1 at most, so that the square of a rounding is nothing even where the diagonal is.
    if (Math.abs(beside[m]!) <= Number.EPSILON * (around + Number.EPSILON)) break;
    m++;
  }
  return m;
}

/** One QL step with Wilkinson's shift on the block `first`…`last`, by plane rotations from its end to its start. */
function qlSweep(diagonal: Float64Array, beside: Float64Array, first: number, last: number): void {
  const half = (diagonal[first + 1]! - diagonal[first]!) / (2 * beside[first]!);
  const root = Math.hypot(half, 1);
  let g = diagonal[last]! - diagonal[first]! + beside[first]! / (half + (half < 0 ? -root : root));
  let [sine, cosine, carried] = [1, 1, 0];
  for (let i = last - 1; i >= first; i--) {
    const f = sine * beside[i]!;
    const b = cosine * beside[i]!;
    const r = Math.hypot(f, g);
    beside[i + 1] = r;
    if (r === 0) {
      diagonal[i + 1]! -= carried;
      beside[last] = 0;
      return;
    }
    sine = f / r;
    cosine = g / r;
    g = diagonal[i + 1]! - carried;
    const turned = (diagonal[i]! - g) * sine + 2 * cosine * b;
    carried = sine * turned;
    diagonal[i + 1] = g + carried;
    g = cosine * turned - b;
  }
  diagonal[first]! -= carried;
  beside[first] = g;
  beside[last] = 0;
}
