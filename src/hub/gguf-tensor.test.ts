import { expect, test } from "vitest";
import { blockTypeOf } from "../formats/gguf-blocks.ts";
import { readTensor } from "./gguf-tensor.ts";
import type { Source } from "./pieces.ts";

const float32 = blockTypeOf(0, "x");

/** A file of the numbers 0, 1, 2, … as float32, after 8 bytes of something else, and how often it is read. */
function counting(size: number): { source: Source; reads: () => number } {
  const file = Buffer.concat([Buffer.alloc(8), Buffer.from(Float32Array.from({ length: size }, (_, i) => i).buffer)]);
  let reads = 0;
  const read: Source["read"] = async (bytes, offset, length, position) => {
    reads++;
    const bytesRead = file.copy(bytes, offset, position, position + length);
    return { bytesRead };
  };
  return { source: { read }, reads: () => reads };
}

const swapped = (row: number): number => row ^ 1;

// Of more than two pieces, the last of which is not full.
test.each([
  ["as it is", [700, 1000], {}, (i: number) => i],
  ["a vector", [700_000], {}, (i: number) => i],
  ["a vector whose entries change places", [700_000], { rowOf: swapped }, (i: number) => i ^ 1],
  [
    "rows that change places",
    [700, 1000],
    { rowOf: swapped },
    (i: number) => swapped(Math.floor(i / 1000)) * 1000 + (i % 1000),
  ],
  ["transposed", [1000, 700], { transposed: true }, (i: number) => (i % 1000) * 700 + Math.floor(i / 1000)],
  ["shifted", [700, 1000], { shift: -1 }, (i: number) => i - 1],
  ["one row longer than a piece", [2, 350_000], { rowOf: swapped }, (i: number) => (i + 350_000) % 700_000],
] as const)("a tensor is read in pieces: %s", async (_, shape, layout, expected) => {
  const { source, reads } = counting(700_000);
  const entry = { name: "a", type: float32, shape, begin: 8, end: 8 + 4 * 700_000 };
  const target = new Float32Array(700_000);
  await readTensor(source, "x", entry, layout, target);
  expect(target.findIndex((value, i) => value !== expected(i))).toBe(-1);
  expect(reads()).toBeGreaterThan(1);
});

test("a file that has become shorter is refused", async () => {
  const { source } = counting(3);
  const entry = { name: "a", type: float32, shape: [4], begin: 8, end: 24 };
  await expect(readTensor(source, "x", entry, {}, new Float32Array(4))).rejects.toThrow(
    new Error("x: ends at byte 20, it has become shorter"),
  );
});

test("a tensor without numbers is read without a word", async () => {
  const { source, reads } = counting(0);
  await readTensor(source, "x", { name: "a", type: float32, shape: [0, 4], begin: 8, end: 8 }, {}, new Float32Array());
  expect(reads()).toBe(0);
});
