import * as fc from "fast-check";
import { expect, test } from "vitest";
import { collateSegments } from "./collate.ts";
import type { EncodedDataset } from "./encode.ts";
import { pack } from "./packing.ts";

/** Examples of so many tokens each, the i-th of the token i. */
function datasetOf(lengths: readonly number[]): EncodedDataset {
  const encodings = lengths.map((length, i) => ({
    ids: new Int32Array(length).fill(i),
    typeIds: new Uint8Array(length),
    removed: i % 2,
  }));
  return {
    where: "texts",
    encodings,
    labels: new Float64Array(lengths.length),
    lines: Int32Array.from(lengths, (_, i) => i + 1),
    lengths: Int32Array.from(lengths),
    truncated: 3,
  };
}

test("examples share rows, the longest placed first where they fill most", () => {
  const packed = pack(datasetOf([5, 2, 3, 1]), 4 + 1);
  expect(packed.encodings.map(({ ids }) => ids.join(""))).toEqual(["00000", "11222", "3"]);
  expect(packed.encodings.map(({ segments }) => segments!.join(""))).toEqual(["11111", "11222", "1"]);
  expect(packed.encodings.map(({ asked }) => asked!.join(""))).toEqual(["01111", "01011", "0"]);
  expect([...packed.lines]).toEqual([1, 2, 4]);
  expect([...packed.lengths]).toEqual([5, 5, 1]);
  expect([packed.truncated, packed.encodings.map(({ removed }) => removed)]).toEqual([3, [0, 1, 1]]);
});

test("an example keeps what it is asked for, and is never asked for its first token", () => {
  const data = datasetOf([3, 3]);
  const encodings = data.encodings.map((encoding) => ({ ...encoding, asked: Uint8Array.of(1, 0, 1) }));
  expect(pack({ ...data, encodings }, 6).encodings[0]!.asked!.join("")).toBe("001001");
});

test("every example is whole in one row, and no two rows would fit in one", () => {
  const lengths = fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 30 });
  fc.assert(
    fc.property(lengths, (given) => {
      const { encodings } = pack(datasetOf(given), 12);
      const rows = encodings.map(({ ids }) => [...ids]);
      expect(rows.flat().toSorted((a, b) => a - b)).toEqual(given.flatMap((length, i) => Array(length).fill(i)));
      for (const [i] of given.entries()) expect(rows.filter((row) => row.includes(i))).toHaveLength(1);
      const sorted = rows.map(({ length }) => length).toSorted((a, b) => a - b);
      expect(sorted[0]! + (sorted[1] ?? 12)).toBeGreaterThan(12);
    }),
  );
});

test("in a batch each example counts its positions anew, and padding belongs to none", () => {
  const { segment_ids, position_ids } = collateSegments(pack(datasetOf([2, 3, 4]), 5).encodings);
  expect([segment_ids.shape, [...segment_ids.data].join("")]).toEqual([[2, 5], "1122211110"]);
  expect([...position_ids.data].join("")).toBe("0101201230");
});
