import { expect, test } from "vitest";
import { input } from "../graph/ops.ts";
import { array64 } from "../interpret/array.ts";
import { interpret } from "../interpret/interpret.ts";
import { lastMarked } from "./heads.ts";

test("what is read of each row is the last place that is marked, on whatever side the others are; zeros where none is", () => {
  const rows = [
    [1, 1, 1, 0, 0],
    [0, 0, 1, 1, 1],
    [1, 0, 1, 0, 1],
    [0, 0, 0, 0, 0],
  ];
  const hidden = input("hidden", ["batch", "sequence", 2]);
  const marks = input("marks", ["batch", "sequence"], "int64");
  const states = array64([4, 5, 2], [...Array(40).keys()]);
  const [last] = interpret([lastMarked(hidden, marks)], { hidden: states, marks: array64([4, 5], rows.flat()) });
  expect([...last!.data]).toEqual([4, 5, 18, 19, 28, 29, 0, 0]);
});
