import { expect, test } from "vitest";
import { random } from "../../tensor/random.ts";
import { dot, timesVector } from "../../tensor/vectors.ts";
import { supportVectors } from "./smo.ts";

test("two points: the widest margin between them", () => {
  // x = ±2 on a line: f(x) = x/2, α = 1/8 each.
  const { coefficients, intercept } = supportVectors(
    Float64Array.of(4, -4, -4, 4),
    Float64Array.of(1, -1),
    new Float64Array(2),
    10,
  );
  expect([...coefficients]).toEqual([0.125, -0.125]);
  expect(intercept).toBe(0);
});

test("a cost below what the margin asks for bounds both", () => {
  const { coefficients } = supportVectors(
    Float64Array.of(4, -4, -4, 4),
    Float64Array.of(1, -1),
    new Float64Array(2),
    0.1,
  );
  expect([...coefficients]).toEqual([0.1, -0.1]);
});

/** A random kernel of rank `rank` between n inputs, labels that it knows nothing of, and offsets. */
function noise(n: number, rank: number, scale: number) {
  const { normal } = random(n, "smo");
  const x = Array.from({ length: n }, () => Array.from({ length: rank }, () => normal() * Math.sqrt(scale)));
  return {
    kernel: Float64Array.from({ length: n * n }, (_, at) => {
      return x[Math.floor(at / n)]!.reduce((sum, value, k) => sum + value * x[at % n]![k]!, 0);
    }),
    signs: Float64Array.from({ length: n }, (_, i) => (i % 3 === 0 ? 1 : -1)),
    offsets: Float64Array.from({ length: n }, normal),
  };
}

test.each([
  ["one that fits everything", 40, 60, 1, 1e4],
  ["near-singular", 60, 5, 1, 100],
  ["huge", 30, 4, 1e4, 1e-3],
  ["tiny", 30, 40, 1e-3, 1e6],
])("the conditions of optimality hold: %s", (_, n, rank, scale, cost) => {
  const { kernel, signs, offsets } = noise(n, rank, scale);
  const { coefficients, intercept } = supportVectors(kernel, signs, offsets, cost);
  const alpha = coefficients.map((value, i) => value * signs[i]!);
  expect(Math.abs(dot(alpha, signs))).toBeLessThan(1e-9 * cost);
  timesVector(kernel, coefficients).forEach((value, i) => {
    const margin = signs[i]! * (value + offsets[i]! + intercept);
    expect(alpha[i]).toBeGreaterThanOrEqual(0);
    expect(alpha[i]).toBeLessThanOrEqual(cost);
    if (alpha[i]! < cost) expect(margin).toBeGreaterThan(1 - 2e-6);
    if (alpha[i]! > 0) expect(margin).toBeLessThan(1 + 2e-6);
  });
});
