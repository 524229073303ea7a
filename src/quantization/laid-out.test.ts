/** Which matrices are laid out, and what that takes. */
import { expect, test } from "vitest";
import { gather, input, linear, matmul } from "../graph/ops.ts";
import { int4 } from "./int4.ts";
import { int8, int8Twice, int8WeightsOnly } from "./int8.ts";
import { areLaidOut, laidOutBytes } from "./laid-out.ts";
import { overStored, type StoredSpec } from "./over-stored.ts";
import type { Scheme } from "./scheme.ts";

const specOf = (scheme: Scheme, ...shape: [number, number]): StoredSpec => ({ scheme, parts: scheme.parts(shape) });
const stored = (scheme: Scheme) =>
  new Map([
    ["W", specOf(scheme, 6, 64)],
    ["E", specOf(scheme, 10, 64)],
  ]);

test("matrices are laid out where they are few bytes and multiplied by their codes", () => {
  const bytes = 6 * 64 + 10 * 64 + 4 * (6 + 10);
  expect(areLaidOut(stored(int8))).toBe(true);
  expect(areLaidOut(stored(int8), bytes)).toBe(true);
  expect(areLaidOut(stored(int8), bytes - 1)).toBe(false);
  expect(areLaidOut(stored(int8Twice))).toBe(true);
  for (const scheme of [int8WeightsOnly, int4]) expect(areLaidOut(stored(scheme))).toBe(false);
});

test("a program holds the right side of each product, and once what is looked up", () => {
  const [weight, table, index] = [input("W", [6, 64]), input("E", [10, 64]), input("i", ["batch"], "int64")];
  const looked = gather(table, index);
  const outputs = {
    there: linear(looked, weight, input("b", [6])),
    back: matmul(input("y", ["batch", 6]), weight),
    looked,
  };
  const graph = Object.values(overStored(outputs, stored(int8)));
  expect(laidOutBytes(graph, stored(int8))).toBe(2 * 6 * 64 + 10 * 64 + 4 * 10);
});
