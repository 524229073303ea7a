import { expect, test } from "vitest";
import { paddingShare } from "./padding.ts";

const encoding = (length: number, target?: number) => ({
  ids: new Int32Array(length),
  typeIds: new Uint8Array(length),
  removed: 0,
  ...(target !== undefined && { target: new Int32Array(target) }),
});
const batches = (...lists: readonly (readonly number[])[]) => lists.map((list) => Int32Array.from(list));

test("each batch is as wide as its longest", () => {
  const encodings = [encoding(4), encoding(1), encoding(3)];
  expect(paddingShare(encodings, batches([0, 1, 2]))).toBeCloseTo(1 - 8 / 12, 12);
  expect(paddingShare(encodings, batches([0, 2], [1]))).toBeCloseTo(1 - 8 / 9, 12);
});

test("examples of one length have none, nor have none", () => {
  expect(paddingShare([encoding(5), encoding(5)], batches([0, 1]))).toBe(0);
  expect(paddingShare([], [])).toBe(0);
});

test("targets are padded apart from what they are made of", () => {
  const encodings = [encoding(4, 1), encoding(2, 3)];
  expect(paddingShare(encodings, batches([0, 1]))).toBeCloseTo(1 - 10 / (8 + 6), 12);
});
