import { expect, test } from "vitest";
import { tensor } from "../tensor/tensor.ts";
import { type CacheEntry, chosenRows, keyValueCache } from "./cache.ts";

const entries: readonly CacheEntry[] = [
  { fed: "past.a", given: "present.a", heads: 2, width: 3 },
  { fed: "past.b", given: "present.b", heads: 1, width: 4 },
];

/** What tells a number of a row, head and position from every other. */
const mark = (row: number, head: number, position: number, i: number) => ((row * 10 + head) * 1000 + position) * 10 + i;

/** What a graph gives of `positions` from `first` on, whose rows are those marked so. */
const given = (rows: readonly number[], first: number, positions: number) =>
  Object.fromEntries(
    entries.map(({ given: name, heads, width }) => {
      const data = rows.flatMap((row) =>
        Array.from({ length: heads * positions * width }, (_, n) => {
          const [head, rest] = [Math.floor(n / (positions * width)), n % (positions * width)];
          return mark(row, head, first + Math.floor(rest / width), rest % width);
        }),
      );
      return [name, tensor("float32", [rows.length, heads, positions, width], Float32Array.from(data))];
    }),
  );

test("the last slots hold what was given, whatever the number of positions, rows and choices", () => {
  const cache = keyValueCache(entries, 2);
  // The row that each position of each row is marked with.
  let marks: number[][] = [[], []];
  const append = (positions: number) => {
    for (const [row, list] of marks.entries()) list.push(...Array<number>(positions).fill(row));
    cache.append(given([...marks.keys()], marks[0]!.length - positions, positions));
  };
  const choose = (...from: number[]) => {
    marks = from.map((row) => [...marks[row]!]);
    cache.choose(Int32Array.from(from));
  };
  const check = () => {
    const [filled, capacity] = [marks[0]!.length, cache.capacity()];
    expect(cache.filled()).toBe(filled);
    for (const { fed, heads, width } of entries) {
      const { shape, data } = cache.feeds()[fed]!;
      expect(shape).toEqual([marks.length, heads, capacity, width]);
      const wrong = marks.flatMap((list, row) =>
        Array.from({ length: heads }, (_, head) => head).flatMap((head) =>
          list.filter((marked, position) => {
            const slot = ((row * heads + head) * capacity + capacity - filled + position) * width;
            return [...data.subarray(slot, slot + width)].some((x, i) => x !== mark(marked, head, position, i));
          }),
        ),
      );
      expect(wrong).toEqual([]);
    }
  };
  check();
  append(5);
  check();
  for (let i = 0; i < 100; i++) {
    if (i === 20) choose(1, 0, 1, 1);
    if (i === 45) choose(3, 1, 0, 2);
    if (i === 46) choose(1, 1, 3, 0);
    if (i === 70) choose(2, 0);
    append(i % 7 === 0 ? 3 : 1);
    check();
  }
});

test("rows that stay where they are are not copied, and others are as they were", () => {
  const x = tensor("float32", [3, 2], Float32Array.of(0, 1, 10, 11, 20, 21));
  expect(chosenRows(x, Int32Array.of(0, 1, 2))).toBe(x);
  const exchanged = chosenRows(x, Int32Array.of(0, 2, 1));
  expect([...exchanged.data]).toEqual([0, 1, 20, 21, 10, 11]);
  expect(exchanged.data.buffer).toBe(x.data.buffer);
  expect(chosenRows(x, Int32Array.of(2, 0))).toEqual(tensor("float32", [2, 2], Float32Array.of(10, 11, 0, 1)));
});
