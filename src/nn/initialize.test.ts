import { expect, test } from "vitest";
import { random } from "../tensor/random.ts";
import { initialize } from "./initialize.ts";
import type { Initializer } from "./parameters.ts";

const begun = (initializer: Initializer) =>
  initialize(
    { name: "w", shape: [100, 200], role: "linear", initializer, block: null, head: false },
    random(0, "initialize"),
  ).data;
const largest = (data: Float32Array) => data.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
const deviation = (data: Float32Array) => Math.sqrt(data.reduce((sum, x) => sum + x * x, 0) / data.length);

// The deviation of a normal distribution within ±2 is 0.8796.
test.each<[Initializer, deviation: number, most: number, least: number]>([
  [{ normal: 0.5 }, 0.5, 3, 1.5],
  [{ truncatedNormal: 0.5 }, 0.5 * 0.8796, 1, 0.99],
  [{ uniform: 0.3 }, 0.3 / Math.sqrt(3), 0.3, 0.299],
  [{ constant: -2 }, 2, 2, 2],
  ["ones", 1, 1, 1],
  ["zeros", 0, 0, 0],
])("%j", (initializer, expected, most, least) => {
  const data = begun(initializer);
  expect(Math.abs(deviation(data) - expected)).toBeLessThanOrEqual(0.02 * expected);
  expect(largest(data)).toBeLessThanOrEqual(Math.fround(most));
  expect(largest(data)).toBeGreaterThanOrEqual(least);
  expect(begun(initializer)).toEqual(data);
});
