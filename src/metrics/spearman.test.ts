import { expect, test } from "vitest";
import { ranks, spearman } from "./spearman.ts";

test("ties share the mean of their ranks", () => {
  expect(ranks([0, 2.5, 3, 5, 2.5])).toEqual(Float64Array.of(1, 2.5, 4, 5, 2.5));
  expect(ranks([7, 7, 7, -1, Infinity, -0, 0])).toEqual(Float64Array.of(5, 5, 5, 1, 7, 2.5, 2.5));
});

test("a NaN has no rank", () => {
  expect(ranks([1, NaN, 3])).toEqual(Float64Array.of(NaN, NaN, NaN));
  expect(spearman.compute([1, 2, 3], [1, NaN, 3])).toBeNaN();
});
