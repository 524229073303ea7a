import { expect, test } from "vitest";
import { decimal } from "./label.ts";

test.each([
  ["5.000", 5],
  ["-1", -1],
  ["+.5", 0.5],
  ["2.", 2],
  ["1e-3", 0.001],
  ["", null],
  [" 1", null],
  ["1,5", null],
  [".", null],
  ["0x10", null],
  ["Infinity", null],
  ["NaN", null],
  ["1e999", null],
])("decimal of %j is %j", (text, expected) => expect(decimal(text)).toBe(expected));
