import { expect, test } from "vitest";
import { exchange } from "./exchange.ts";
import { tensor } from "./tensor.ts";
import type { Selection } from "./view.ts";
import { viewOf } from "./view.ts";

const weightOf = () =>
  tensor(
    "float32",
    [4, 3],
    Float32Array.from({ length: 12 }, (_, i) => i),
  );

test.each<[string, Selection | null]>([
  ["the whole", null],
  ["rows in a run", { axis: 0, indices: [1, 2] }],
  ["rows apart", { axis: 0, indices: [3, 0] }],
  ["columns", { axis: 1, indices: [2, 0] }],
  ["columns counted from the back", { axis: -1, indices: [1] }],
  ["columns cut to rows", { axis: 1, indices: [2, 0], within: [3, 1] }],
  ["rows cut to columns", { axis: 0, indices: [2], within: [0, 2] }],
  ["entries", { entries: Int32Array.of(7, 0, 11) }],
])("%s changes places with numbers beside it, and back", (_, selection) => {
  const weight = weightOf();
  const { data: old } = viewOf(weightOf(), selection);
  const numbers = old.map((_, i) => -1 - i);
  exchange(weight, selection, numbers);
  expect(viewOf(weight, selection).data).toEqual(old.map((_, i) => -1 - i));
  expect(numbers).toEqual(old);
  const untouched = weight.data.filter((x) => x >= 0);
  expect(untouched).toHaveLength(12 - old.length);
  exchange(weight, selection, numbers);
  expect(weight).toEqual(weightOf());
});

test("long rows change places as short ones do", () => {
  const filled = () =>
    tensor(
      "float32",
      [3, 100],
      Float32Array.from({ length: 300 }, (_, i) => i),
    );
  const weight = filled();
  const numbers = new Float32Array(200).fill(-1);
  exchange(weight, { axis: 0, indices: [2, 0] }, numbers);
  expect([...weight.data.subarray(100, 200)]).toEqual([...filled().data.subarray(100, 200)]);
  expect([...new Set([...weight.data.subarray(0, 100), ...weight.data.subarray(200)])]).toEqual([-1]);
  expect([...numbers]).toEqual([...filled().data.subarray(200), ...filled().data.subarray(0, 100)]);
  exchange(weight, { axis: 0, indices: [2, 0] }, numbers);
  expect(weight).toEqual(filled());
});
