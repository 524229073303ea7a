import { expect, test } from "vitest";
import { meanAndDeviation } from "./statistics.ts";

test("the deviation is that of a sample", () => {
  // 2, 4, 4, 4, 5, 5, 7, 9 has a sum of squares of 32 about its mean 5.
  const { mean, deviation } = meanAndDeviation([2, 4, 4, 4, 5, 5, 7, 9]);
  expect(mean).toBe(5);
  expect(deviation).toBeCloseTo(Math.sqrt(32 / 7), 14);
});

test("one number has no deviation, none has no mean", () => {
  expect(meanAndDeviation([3])).toEqual({ mean: 3, deviation: undefined });
  expect(meanAndDeviation([])).toEqual({ mean: NaN, deviation: undefined });
});

test("what could not be measured does not count", () => {
  expect(meanAndDeviation([1, null, 3, NaN])).toEqual({ mean: 2, deviation: Math.SQRT2 });
});
