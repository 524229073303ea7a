import { expect, test } from "vitest";
import { keptLengths } from "./truncation.ts";

// Lengths of two texts and of the room, and what the Rust tokenizers keep of each.
test.each([
  [10, 6, 12, 6, 6],
  [10, 6, 8, 4, 4],
  [10, 6, 7, 4, 3],
  [10, 6, 6, 3, 3],
  [8, 8, 12, 6, 6],
  [8, 8, 8, 4, 4],
  [8, 8, 7, 3, 4],
  [8, 8, 6, 3, 3],
  [3, 20, 12, 3, 9],
  [3, 20, 8, 3, 5],
  [3, 20, 7, 3, 4],
  [3, 20, 6, 3, 3],
  [12, 3, 12, 9, 3],
  [12, 3, 8, 5, 3],
  [12, 3, 7, 4, 3],
  [12, 3, 6, 3, 3],
  [6, 10, 7, 3, 4],
  [3, 4, 7, 3, 4],
  [5, 5, 0, 0, 0],
])("longest first: %d and %d tokens in a room of %d", (a, b, room, keptA, keptB) => {
  expect(keptLengths([a, b], room, "longest_first")).toEqual([keptA, keptB]);
});

test("a single text keeps what there is room for", () => {
  expect(keptLengths([9], 4, "longest_first")).toEqual([4]);
  expect(keptLengths([9], 9, "longest_first")).toEqual([9]);
});

test("only one of two texts is cut where that is asked", () => {
  expect(keptLengths([6, 10], 12, "only_second")).toEqual([6, 6]);
  expect(keptLengths([6, 10], 8, "only_second")).toEqual([6, 2]);
  expect(keptLengths([6, 10], 12, "only_first")).toEqual([2, 10]);
  expect(() => keptLengths([6, 10], 6, "only_second")).toThrow(
    "truncation: only_second must remove 10 tokens of a text of 10, expected one to stay",
  );
  expect(() => keptLengths([6], 5, "only_second")).toThrow("truncation: only_second of a single text, expected a pair");
});
