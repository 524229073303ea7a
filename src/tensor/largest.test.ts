import { expect, test } from "vitest";
import { largest, largestOf, smallest } from "./largest.ts";
import { random } from "./random.ts";

test.each<[number[], number, number[]]>([
  [[3, 1, 2], 1, [0]],
  [[3, 1, 2], 2, [0, 2]],
  [[1, 2, 2, 2, 3], 3, [1, 2, 4]],
  [[0, -0, 0], 2, [0, 1]],
  [[-1, -3, -2], 2, [0, 2]],
  [[5, 4], 2, [0, 1]],
  [[5, 4], 0, []],
])("of %j the %i largest stand at %j", (values, count, expected) => {
  expect([...largest(Float32Array.from(values), count)]).toEqual(expected);
});

test("none that is left out is larger than one that is chosen", () => {
  const { normal } = random(0, "largest");
  const values = Float32Array.from({ length: 500 }, normal);
  const chosen = new Set(largest(values, 100));
  const of = (isChosen: boolean) => values.filter((_, i) => chosen.has(i) === isChosen);
  expect([chosen.size, Math.min(...of(true)) >= Math.max(...of(false))]).toEqual([100, true]);
});

test.each<[number[], number, number[]]>([
  [[3, 1, 2], 1, [1]],
  [[3, 1, 2], 3, [0, 1, 2]],
  [[2, 1, 1, 1], 2, [2, 3]],
  [[-1, -3, -2], 2, [1, 2]],
  [[5, 4], 0, []],
])("of %j the %i smallest stand at %j", (values, count, expected) => {
  expect([...smallest(Float32Array.from(values), count)]).toEqual(expected);
});

test("the largest and the smallest share no place, whatever is equal", () => {
  for (let seed = 0; seed < 50; seed++) {
    const { integer } = random(seed, "largest");
    const values = Float32Array.from({ length: 20 }, () => integer(4) - 2);
    const some = integer(20);
    const both = [...largest(values, some), ...smallest(values, 20 - some)];
    expect(both.toSorted((a, b) => a - b)).toEqual(both.map((_, i) => i));
  }
});

test("of several arrays together", () => {
  const arrays = [[1, 9, 2], [], [9, 3], [9]].map((values) => Float32Array.from(values));
  const found = (count: number) => largestOf(arrays, count).map((places) => [...places]);
  expect(found(2)).toEqual([[1], [], [0], []]);
  expect(found(4)).toEqual([[1], [], [0, 1], [0]]);
});

test("as sorting finds them, of numbers of every size", () => {
  const { normal, uniform } = random(0, "largest");
  const values = Float32Array.from({ length: 3000 }, () => normal() * 10 ** (60 * uniform() - 30));
  const sorted = [...values.keys()].toSorted((a, b) => values[b]! - values[a]! || a - b);
  for (const count of [1, 2, 100, 1500, 2999, 3000])
    expect([...largest(values, count)]).toEqual(sorted.slice(0, count).toSorted((a, b) => a - b));
});
