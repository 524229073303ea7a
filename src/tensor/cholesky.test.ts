import { expect, test } from "vitest";
import { cholesky } from "./cholesky.ts";
import { random } from "./random.ts";
import { dot, timesVector, transposedTimesVector } from "./vectors.ts";

/** A·Aᵀ of a random A [n, rank], and of each a vector. */
function gram(n: number, rank: number, scale: number) {
  const { normal } = random(n, "gram");
  const rows = Array.from({ length: n }, () => Float64Array.from({ length: rank }, () => normal() * scale));
  const matrix = Float64Array.from({ length: n * n }, (_, at) => dot(rows[Math.floor(at / n)]!, rows[at % n]!));
  return { matrix, x: Float64Array.from({ length: n }, normal) };
}

test("by hand: [4, 2; 2, 3]·x = (8, 7)", () => {
  const x = cholesky(Float64Array.of(4, NaN, 2, 3), 2).solve(Float64Array.of(8, 7));
  expect(x[0]).toBeCloseTo(1.25, 14);
  expect(x[1]).toBeCloseTo(1.5, 14);
});

test.each([1, 2, 5, 17])("equations of %i unknowns are solved, more than one by one factor", (n) => {
  const { matrix, x } = gram(n, n + 3, 1);
  const { solve, shift } = cholesky(matrix, n);
  expect(shift).toBe(0);
  for (const vector of [x, x.map((value) => value * value)])
    solve(timesVector(matrix, vector)).forEach((value, i) => expect(value).toBeCloseTo(vector[i]!, 8));
});

test.each([1e-3, 1, 1e4])("a singular matrix of scale %f: the residual is small", (scale) => {
  const { matrix, x } = gram(20, 6, scale);
  const b = timesVector(matrix, x);
  const size = Math.sqrt(dot(b, b));
  timesVector(matrix, cholesky(matrix, 20).solve(b.slice())).forEach((value, i) => {
    expect(Math.abs(value - b[i]!) / size).toBeLessThan(1e-6);
  });
});

test("an eigenvalue of −1e-5 is lifted by the first power of ten that is more", () => {
  const { solve, shift } = cholesky(Float64Array.of(1, 0, 0, -1e-5), 2);
  expect(shift).toBeCloseTo(0.5e-4, 8);
  expect([...solve(Float64Array.of(1, 1))][1]).toBeCloseTo(1 / (shift - 1e-5), 4);
});

test.each([
  ["indefinite", [1, 2, 2, 1]],
  ["zero", [0, 0, 0, 0]],
  ["NaN", [NaN, 0, 0, 1]],
])("%s is refused", (_, entries) => {
  expect(() => cholesky(Float64Array.from(entries), 2)).toThrow(
    "cholesky: negative eigenvalues in a matrix of 2 × 2, expected a positive semidefinite one",
  );
});

test("products of a matrix that is not square", () => {
  const matrix = Float64Array.of(1, 2, 3, 4, 5, 6);
  expect([...timesVector(matrix, Float64Array.of(1, 0, -1))]).toEqual([-2, -2]);
  expect([...transposedTimesVector(matrix, Float64Array.of(1, -1))]).toEqual([-3, -3, -3]);
});
