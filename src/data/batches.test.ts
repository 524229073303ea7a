import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { random } from "../tensor/random.ts";
import { lengthGroupedBatches, sequentialBatches, shuffledBatches } from "./batches.ts";

interface Case {
  batchSize: number;
  lengths: number[];
  permutation: number[];
  order: number[];
}
const fixture = new URL("../../test/fixtures/batches.json", import.meta.url);
const { cases } = JSON.parse(readFileSync(fixture, "utf8")) as { cases: Case[] };

test.each(cases)(
  "groups by length as transformers does, $batchSize a batch",
  ({ batchSize, lengths, permutation, order }) => {
    const shuffled = { ...random(0), permutation: () => Int32Array.from(permutation) };
    const batches = lengthGroupedBatches(lengths, batchSize, shuffled);
    expect(batches.flatMap((batch) => [...batch])).toEqual(order);
    expect(batches.slice(0, -1).every((batch) => batch.length === batchSize)).toBe(true);
    expect(batches.at(-1)!.length).toBeGreaterThan(0);
  },
);

const lengths = Int32Array.from({ length: 1000 }, (_, i) => 1 + ((i * 37) % 90));

function batchesOf(seed: number): Int32Array[] {
  return lengthGroupedBatches(lengths, 8, random(seed, "batches"));
}

test("the same seed gives the same batches, another seed others", () => {
  expect(batchesOf(1)).toEqual(batchesOf(1));
  expect(batchesOf(1)).not.toEqual(batchesOf(2));
});

test("every example comes once, and few tokens are padding", () => {
  const batches = batchesOf(3);
  expect(batches.flatMap((batch) => [...batch]).sort((a, b) => a - b)).toEqual([...lengths.keys()]);
  const padded = batches.reduce(
    (sum, batch) => sum + batch.length * Math.max(...[...batch].map((i) => lengths[i]!)),
    0,
  );
  const real = lengths.reduce((sum, length) => sum + length, 0);
  expect(padded / real).toBeLessThan(1.1);
});

test("shuffled batches are the order that is drawn, cut", () => {
  const order = random(3, "batches").permutation(lengths.length);
  const batches = shuffledBatches(lengths, 64, random(3, "batches"));
  expect(batches.flatMap((batch) => [...batch])).toEqual([...order]);
  expect(batches.map((batch) => batch.length)).toEqual([...Array<number>(15).fill(64), 40]);
});

test("sequential batches go from long to short and keep the indices", () => {
  const batches = sequentialBatches([3, 9, 1, 9, 4], 2);
  expect(batches.map((batch) => [...batch])).toEqual([[1, 3], [4, 0], [2]]);
});

test("no examples make no batches", () => {
  expect(sequentialBatches([], 4)).toEqual([]);
  expect(lengthGroupedBatches([], 4, random(0))).toEqual([]);
  expect(shuffledBatches([], 4, random(0))).toEqual([]);
});

test.each([0, -1, 1.5, Number.NaN])("a batch size of %d is refused", (batchSize) => {
  const message = `batch size: ${batchSize}, expected a whole number above 0`;
  expect(() => sequentialBatches([1], batchSize)).toThrow(message);
  expect(() => lengthGroupedBatches([1], batchSize, random(0))).toThrow(message);
  expect(() => shuffledBatches([1], batchSize, random(0))).toThrow(message);
});
