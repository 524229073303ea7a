import { expect, test } from "vitest";
import { plus, sizeOfDim } from "./dim.ts";

test.each([
  [2, 3, 5],
  ["sequence", 20, "sequence+20"],
  [20, "sequence", "sequence+20"],
  ["sequence+20", -20, "sequence"],
  ["sequence+20", 5, "sequence+25"],
  ["sequence", -3, "sequence-3"],
  ["sequence-3", 3, "sequence"],
  ["sequence", 0, "sequence"],
] as const)("%s + %s is %s", (a, b, sum) => expect(plus(a, b)).toBe(sum));

test("two names have no sum", () => {
  expect(() => plus("batch", "sequence")).toThrow(new Error("sizes: batch + sequence has no name"));
});

test("a size is known once its name's is", () => {
  const sizes = { sequence: 12 };
  expect([sizeOfDim(7, sizes), sizeOfDim("sequence", sizes), sizeOfDim("sequence+20", sizes)]).toEqual([7, 12, 32]);
  expect(sizeOfDim("sequence-2", sizes)).toBe(10);
  expect(() => sizeOfDim("batch", sizes)).toThrow(new Error("sizes: batch is not given (given sequence)"));
});
