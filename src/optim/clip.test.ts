import { expect, test } from "vitest";
import { clipByGlobalNorm, globalNorm, scaleInPlace } from "./clip.ts";

const gradients = () => [Float32Array.of(3, 0), Float32Array.of(-4), new Float32Array(0)];
const flat = (arrays: readonly Float32Array[]) => arrays.flatMap((array) => [...array]);

test("the norm is that of all gradients as one vector", () => {
  expect(globalNorm(gradients())).toBe(5);
  expect(globalNorm([])).toBe(0);
  // Squares are summed in float64: float32 would have overflowed.
  expect(globalNorm([Float32Array.of(3e30, 4e30)])).toBeCloseTo(5e30, -24);
});

test.each([
  [1, 1],
  [0.5, 0.5],
  [4.999, 4.999],
])("a norm above %d comes down to it, the direction stays", (maxNorm, expected) => {
  const clipped = gradients();
  expect(clipByGlobalNorm(clipped, maxNorm)).toBe(5);
  expect(globalNorm(clipped)).toBeCloseTo(expected, 5);
  expect(clipped[0]![0]! / clipped[1]![0]!).toBeCloseTo(-0.75, 6);
});

test.each([5.1, 100, Infinity])("a norm below %d is left, bit for bit", (maxNorm) => {
  const clipped = gradients();
  expect(clipByGlobalNorm(clipped, maxNorm)).toBe(5);
  expect(clipped).toEqual(gradients());
});

test("the factor is PyTorch's: maxNorm / (norm + 1e-6)", () => {
  const clipped = [Float32Array.of(1e-4)];
  clipByGlobalNorm(clipped, 5e-5);
  expect(clipped[0]![0]! / 1e-4).toBeCloseTo(5e-5 / (1e-4 + 1e-6), 6);
});

test("gradients of zeros stay", () => {
  const zeros = [new Float32Array(3)];
  expect(clipByGlobalNorm(zeros, 1)).toBe(0);
  expect(flat(zeros)).toEqual([0, 0, 0]);
});

test("scaling is in place", () => {
  const scaled = gradients();
  const [first] = scaled;
  scaleInPlace(scaled, -2);
  expect(flat(scaled)).toEqual([-6, -0, 8]);
  expect(scaled[0]).toBe(first);
});
