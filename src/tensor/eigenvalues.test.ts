import { expect, test } from "vitest";
import { symmetricEigenvalues } from "./eigenvalues.ts";
import { random } from "./random.ts";

/** Vᵀ·diag(values)·V for a V that is orthogonal by construction, a product of random reflections. */
function withEigenvalues(values: readonly number[]): Float64Array {
  const n = values.length;
  const { normal } = random(n, "reflections");
  const a = Array.from(values, (value, i) => Float64Array.from({ length: n }, (_, j) => (i === j ? value : 0)));
  for (let round = 0; round < 4; round++) {
    const u = Float64Array.from({ length: n }, normal);
    const h = u.reduce((sum, x) => sum + x * x, 0) / 2;
    const reflectRows = () => {
      for (let j = 0; j < n; j++) {
        const along = u.reduce((sum, x, i) => sum + x * a[i]![j]!, 0) / h;
        for (let i = 0; i < n; i++) a[i]![j]! -= along * u[i]!;
      }
    };
    const transpose = () => {
      for (let i = 0; i < n; i++) for (let j = 0; j < i; j++) [a[i]![j], a[j]![i]] = [a[j]![i]!, a[i]![j]!];
    };
    reflectRows();
    transpose();
    reflectRows();
  }
  return Float64Array.from(a.flatMap((row) => [...row]));
}

const descending = (values: readonly number[]) => [...values].sort((x, y) => y - x);
const range = (n: number) => Array.from({ length: n }, (_, i) => i);

test.for([
  ["none", []],
  ["one", [-3]],
  ["two", [2, -5]],
  ["all equal", [4, 4, 4, 4]],
  ["multiple ones", [7, 7, 1, 1, 1, -2, -2]],
  ["many zeros", [...range(20).map(() => 0), 5, 3]],
  ["of both signs", range(41).map((i) => (i - 20) ** 3)],
  ["over many magnitudes", range(30).map((i) => 10 ** -i)],
  ["huge ones", [1e200, 3e199, -2e200, 0]],
  ["tiny ones", [1e-200, 3e-201, -2e-200, 0]],
] satisfies [string, number[]][])("eigenvalues that are known: %s", ([, values], { expect }) => {
  const found = symmetricEigenvalues(withEigenvalues(values), values.length);
  const largest = Math.max(...values.map(Math.abs));
  descending(values).forEach((value, k) => expect(Math.abs(found[k]! - value)).toBeLessThanOrEqual(1e-13 * largest));
  expect(found).toHaveLength(values.length);
});

test("the second difference has eigenvalues 2 − 2·cos(kπ/(n + 1))", () => {
  const n = 100;
  const matrix = Float64Array.from({ length: n * n }, (_, at) => {
    const distance = Math.abs(Math.floor(at / n) - (at % n));
    return distance === 0 ? 2 : distance === 1 ? -1 : 0;
  });
  const expected = descending(range(n).map((k) => 2 - 2 * Math.cos(((k + 1) * Math.PI) / (n + 1))));
  symmetricEigenvalues(matrix, n).forEach((value, k) => expect(Math.abs(value - expected[k]!)).toBeLessThan(1e-13));
});

test("only the lower triangle is read", () => {
  expect([...symmetricEigenvalues([2, NaN, 1, 2], 2)].map((x) => Math.round(x * 1e12) / 1e12)).toEqual([3, 1]);
});

test("a matrix of zeros has zeros", () => {
  expect([...symmetricEigenvalues(new Float64Array(9), 3)]).toEqual([0, 0, 0]);
});

test("what is not finite is refused", () => {
  expect(() => symmetricEigenvalues([1, 0, NaN, 1], 2)).toThrow(
    new Error("eigenvalues: NaN at [1, 0], expected a finite number"),
  );
});
