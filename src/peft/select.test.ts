import { describe, expect, test } from "vitest";
import { random } from "../tensor/random.ts";
import { isScored, sample, type SelectionName, selectionStrategies } from "./select.ts";

const names = Object.keys(selectionStrategies) as SelectionName[];

describe.each(names)("%s", (name) => {
  test("gives distinct indices in rising order within the range, for every size and rank", () => {
    for (let size = 1; size <= 20; size++)
      for (let rank = 1; rank <= size; rank++) {
        const scores = Float32Array.from({ length: size }, random(rank, "scores").normal);
        const indices = selectionStrategies[name](size, rank, random(size, "select"), scores);
        expect(indices).toHaveLength(rank);
        indices.forEach((index, i) => expect(index).toBeGreaterThan(i === 0 ? -1 : indices[i - 1]!));
        expect(indices.at(-1)!).toBeLessThan(size);
      }
  });
});

test.each<[SelectionName, number[]]>([
  ["first", [0, 1, 2]],
  ["last", [5, 6, 7]],
  ["uniform", [0, 2, 5]],
])("%s three of eight", (name, expected) => {
  expect(selectionStrategies[name](8, 3, random(0))).toEqual(expected);
});

test("random depends on the seed alone, and takes every index as often", () => {
  const counts = new Array<number>(10).fill(0);
  for (let seed = 0; seed < 2000; seed++) {
    const indices = selectionStrategies.random(10, 3, random(seed, "selection"));
    for (const index of indices) counts[index]!++;
    if (seed < 10) expect(selectionStrategies.random(10, 3, random(seed, "selection"))).toEqual(indices);
  }
  // 600 each, ± 5 standard deviations.
  for (const count of counts) expect(Math.abs(count - 600)).toBeLessThan(5 * Math.sqrt(2000 * 0.3 * 0.7));
});

test.each<[SelectionName, number[]]>([
  ["largest", [1, 2, 4]],
  ["smallest", [0, 3, 5]],
  ["mixed", [1, 4, 5]],
])("%s three of six by their scores", (name, expected) => {
  const scores = Float32Array.of(0.2, 0.9, 0.4, 0.3, 0.8, 0.1);
  expect(selectionStrategies[name](6, 3, random(0), scores)).toEqual(expected);
  expect(selectionStrategies[name](6, 3, random(0))).toEqual([0, 1, 2]);
  expect(isScored(name)).toBe(true);
});

test("a sample is distinct, in rising order, and takes every number as often", () => {
  const counts = new Array<number>(10).fill(0);
  for (let seed = 0; seed < 2000; seed++) {
    const indices = sample(10, 3, random(seed, "sample"));
    expect(indices).toEqual([...new Set(indices)].toSorted((a, b) => a - b));
    expect(indices).toHaveLength(3);
    for (const index of indices) counts[index]!++;
  }
  // 600 each, ± 5 standard deviations.
  for (const count of counts) expect(Math.abs(count - 600)).toBeLessThan(5 * Math.sqrt(2000 * 0.3 * 0.7));
  expect(sample(4, 4, random(0))).toEqual([0, 1, 2, 3]);
  expect(sample(4, 0, random(0))).toEqual([]);
});
