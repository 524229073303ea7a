import { expect, test } from "vitest";
import { minus, plus, sizeOfDim } from "./dim.ts";

test.each([
  [2, 3, 5],
  ["sequence", 20, "sequence+20"],
  [20, "sequence", "sequence+20"],
  ["sequence+20", -20, "sequence"],
  ["sequence+20", 5, "sequence+25"],
  ["sequence", -3, "sequence-3"],
  ["sequence-3", 3, "sequence"],
  ["sequence", 0, "sequence"],
  ["sequence", "past", "past+sequence"],
  ["sequence+20", "past-3", "past+sequence+17"],
  ["sequence", "sequence", "sequence+sequence"],
] as const)("%s + %s is %s", (a, b, sum) => expect(plus(a, b)).toBe(sum));

test.each([
  ["past+sequence", "past", "sequence"],
  ["past+sequence+2", "sequence", "past+2"],
  ["sequence", "sequence", 0],
  [7, "sequence", "-sequence+7"],
  ["sequence", "past", "sequence-past"],
] as const)("%s - %s is %s", (a, b, difference) => expect(minus(a, b)).toBe(difference));

test("a size is known once its name's is", () => {
  const sizes = { sequence: 12 };
  expect([sizeOfDim(7, sizes), sizeOfDim("sequence", sizes), sizeOfDim("sequence+20", sizes)]).toEqual([7, 12, 32]);
  expect(sizeOfDim("sequence-2", sizes)).toBe(10);
  expect(sizeOfDim("past+sequence+1", { ...sizes, past: 30 })).toBe(43);
  expect(() => sizeOfDim("batch", sizes)).toThrow(new Error("sizes: batch is not given (given sequence)"));
});
