import { expect, test } from "vitest";
import { correlation } from "./pearson.ts";

test("a constant whose rounded mean differs from it is still constant", () => {
  expect(correlation([0.1, 0.1, 0.1], [1, 2, 3])).toBeNaN();
  expect(correlation([1], [1])).toBeNaN();
});

test("rounding cannot push it beyond 1", () => {
  const x = Float64Array.from({ length: 50 }, (_, i) => 1e6 + i / 7);
  for (let n = 2; n <= x.length; n++)
    expect(Math.abs(correlation(x.subarray(0, n), x.subarray(0, n)))).toBeLessThanOrEqual(1);
});

test("a NaN is not hidden", () => {
  expect(correlation([1, NaN, 3], [1, 2, 3])).toBeNaN();
});
