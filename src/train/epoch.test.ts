import { expect, test } from "vitest";
import { epochBatches } from "./epoch.ts";

const lengths = Int32Array.from({ length: 100 }, (_, i) => 1 + ((i * 37) % 90));
const flat = (batches: readonly Int32Array[]) => batches.flatMap((batch) => [...batch]);
const longest = (batch: Int32Array) => batch.reduce((max, i) => Math.max(max, lengths[i]!), 0);

test.each([true, false])("an epoch follows from seed and number alone, grouped by length: %s", (groupByLength) => {
  const of = (epoch: number, seed = 1) => epochBatches(lengths, epoch, { seed, batchSize: 8, groupByLength });
  expect(of(2)).toEqual(of(2));
  expect(of(2)).not.toEqual(of(3));
  expect(of(2)).not.toEqual(of(2, 2));
  expect(flat(of(2)).toSorted((a, b) => a - b)).toEqual([...lengths.keys()]);
});

test("batches are of examples of like length unless that is not wanted; the longest comes first", () => {
  const options = { seed: 1, batchSize: 8 };
  const grouped = epochBatches(lengths, 0, options);
  const padded = (batches: readonly Int32Array[]) =>
    batches.reduce((sum, batch) => sum + batch.length * longest(batch), 0);
  expect(epochBatches(lengths, 0, { ...options, groupByLength: true })).toEqual(grouped);
  expect(padded(grouped)).toBeLessThan(padded(epochBatches(lengths, 0, { ...options, groupByLength: false })));
  expect(lengths[grouped[0]![0]!]).toBe(Math.max(...lengths));
});
