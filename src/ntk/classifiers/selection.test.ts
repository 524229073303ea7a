import { expect, test } from "vitest";
import { chooseRegularization } from "./selection.ts";

const labels = Int32Array.of(0, 1, 0, 1, 0, 1, 0, 1);

/** Predicts the labels of the held-out inputs where a value is among those that are right. */
const rightFor = (right: readonly number[]) => (_: Int32Array, test: Int32Array, grid: readonly number[]) =>
  grid.map((value) => test.map((i) => (right.includes(value) ? labels[i]! : 1 - labels[i]!)));

test("the value that predicts best is chosen", () => {
  const { regularization, validation } = chooseRegularization(labels, 4, [10, 1, 0.1], rightFor([1]));
  expect(regularization).toBe(1);
  expect(validation.map(({ accuracy }) => accuracy)).toEqual([0, 1, 0]);
});

test("of equally good values the strongest is chosen", () => {
  expect(chooseRegularization(labels, 4, [10, 1, 0.1], rightFor([1, 0.1])).regularization).toBe(1);
  expect(chooseRegularization(labels, 4, [10, 1, 0.1], rightFor([])).regularization).toBe(10);
});

test("every input is held out once, with the others to learn from", () => {
  const heldOut: number[] = [];
  chooseRegularization(labels, 4, [2, 1], (train, test, grid) => {
    expect([...train, ...test].toSorted((a, b) => a - b)).toEqual([...labels.keys()]);
    heldOut.push(...test);
    return grid.map(() => test.map(() => 0));
  });
  expect(heldOut.toSorted((a, b) => a - b)).toEqual([...labels.keys()]);
});

test("one value alone is taken without a trial", () => {
  const { regularization, validation } = chooseRegularization(labels, 4, [3], () => {
    throw new Error("tried");
  });
  expect(regularization).toBe(3);
  expect(validation).toEqual([]);
});
