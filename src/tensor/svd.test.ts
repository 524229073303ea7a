import { describe, expect, test } from "vitest";
import { random } from "./random.ts";
import { truncatedSvd } from "./svd.ts";
import { tensor, type Tensor } from "./tensor.ts";

function drawn(m: number, n: number, seed = 0): Tensor<"float32"> {
  const { normal } = random(seed, "matrix");
  return tensor("float32", [m, n], Float32Array.from({ length: m * n }, normal));
}
const dot = (x: Float64Array, y: Float64Array) => x.reduce((sum, a, i) => sum + a * y[i]!, 0);
const times = ({ data, shape }: Tensor<"float32">, x: Float64Array) =>
  Float64Array.from({ length: shape[0]! }, (_, i) => x.reduce((sum, a, j) => sum + a * data[i * shape[1]! + j]!, 0));

describe.each([
  [16, 16, 16],
  [28, 16, 5],
  [16, 28, 5],
  [40, 30, 3],
  [1, 7, 1],
])("a matrix of %i × %i, rank %i", (m, n, rank) => {
  const matrix = drawn(m, n);
  const { values, left, right } = truncatedSvd(matrix, rank);

  test("has orthonormal vectors on both sides", () => {
    for (const vectors of [left, right])
      vectors.forEach((x, i) =>
        vectors.forEach((y, j) => expect(Math.abs(dot(x, y) - Number(i === j))).toBeLessThan(1e-8)),
      );
  });

  test("maps each right vector to its left one, by falling values", () => {
    expect([...values]).toEqual([...values].sort((a, b) => b - a));
    right.forEach((x, k) =>
      times(matrix, x).forEach((y, i) => expect(Math.abs(y - values[k]! * left[k]![i]!)).toBeLessThan(1e-6)),
    );
  });
});

test("what is left after all values is nothing", () => {
  const matrix = drawn(12, 9);
  const { values, left, right } = truncatedSvd(matrix, 9);
  matrix.data.forEach((x, at) => {
    const [i, j] = [Math.floor(at / 9), at % 9];
    const sum = values.reduce((total, value, k) => total + value * left[k]![i]! * right[k]![j]!, 0);
    expect(Math.abs(sum - x)).toBeLessThan(1e-6);
  });
});

test("the largest values are found among many", () => {
  const diagonal = Float32Array.from({ length: 60 * 60 }, (_, at) => (at % 61 === 0 ? at / 61 + 1 : 0));
  const { values } = truncatedSvd(tensor("float32", [60, 60], diagonal), 2);
  expect(values[0]).toBeCloseTo(60, 2);
  expect(values[1]).toBeCloseTo(59, 1);
});

test("a matrix has no more singular values than rows or columns", () => {
  expect(() => truncatedSvd(drawn(3, 5), 4)).toThrow(new Error("svd: rank 4 of a matrix of 3 × 5"));
});
