import { expect, test } from "vitest";
import { collate } from "./collate.ts";
import type { Encoding } from "./tokenizer.ts";

function encoding(ids: number[], typeIds: number[]): Encoding {
  return { ids: Int32Array.from(ids), typeIds: Uint8Array.from(typeIds), removed: 0 };
}

const encodings = [encoding([0, 10, 2], [0, 0, 1]), encoding([0, 250_001, 12, 13, 2], [0, 0, 1, 1, 1])];

test("pads to the longest of the batch", () => {
  const batch = collate(encodings, { padTokenId: 7 });
  expect(batch).toEqual({
    input_ids: {
      dtype: "int64",
      shape: [2, 5],
      data: BigInt64Array.of(0n, 10n, 2n, 7n, 7n, 0n, 250_001n, 12n, 13n, 2n),
    },
    attention_mask: { dtype: "int64", shape: [2, 5], data: BigInt64Array.of(1n, 1n, 1n, 0n, 0n, 1n, 1n, 1n, 1n, 1n) },
    token_type_ids: { dtype: "int64", shape: [2, 5], data: BigInt64Array.of(0n, 0n, 1n, 0n, 0n, 0n, 0n, 1n, 1n, 1n) },
  });
});

test("labels are classes or values", () => {
  const classes = collate(encodings, { padTokenId: 0, labels: [2, 0] });
  expect(classes.labels).toEqual({ dtype: "int64", shape: [2], data: BigInt64Array.of(2n, 0n) });
  const values = collate(encodings, { padTokenId: 0, labels: [2.5, -1], labelKind: "value" });
  expect(values.labels).toEqual({ dtype: "float32", shape: [2], data: Float32Array.of(2.5, -1) });
});

test("refuses what makes no batch", () => {
  expect(() => collate([], { padTokenId: 0 })).toThrow("collate: no encodings, expected at least one");
  expect(() => collate(encodings, { padTokenId: 0, labels: [1] })).toThrow("collate: 1 labels for 2 encodings");
  for (const label of [-1, 0.5, Number.NaN]) {
    expect(() => collate(encodings, { padTokenId: 0, labels: [0, label] })).toThrow(
      `collate: class ${label}, expected a whole number from 0`,
    );
  }
});
