import { expect, test } from "vitest";
import type { Kernel } from "../kernel.ts";
import { cases } from "./classifiers.cases.ts";
import { differenceScale, positive } from "./problem.ts";

const diagonal = (...entries: number[]): Kernel => ({
  shape: [entries.length, 1, entries.length, 1],
  data: Float64Array.from({ length: entries.length ** 2 }, (_, at) => {
    return at % (entries.length + 1) === 0 ? entries[at / (entries.length + 1)]! : 0;
  }),
});

test("a definite kernel is left as it is, one with a negative eigenvalue lifted above it", () => {
  expect(positive("test", diagonal(1, 2))).toEqual(diagonal(1, 2));
  const { data } = positive("test", diagonal(1, -1e-5));
  expect(data[0]).toBeCloseTo(1 + 0.5e-4, 8);
  expect(data[3]).toBeCloseTo(4e-5, 8);
  expect([data[1], data[2]]).toEqual([0, 0]);
});

test.each(cases)(
  "the scale is the mean squared gradient of a difference of outputs: $name",
  ({ problem, expected }) => {
    expect(differenceScale(problem.kernel) / expected.scale).toBeCloseTo(1, 9);
  },
);
