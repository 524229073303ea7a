import { describe, expect, test } from "vitest";
import { tensor, type Tensor } from "./tensor.ts";
import { movableViewOf, type Slices, viewOf } from "./view.ts";

const filled = (...shape: number[]): Tensor<"float32"> =>
  tensor(
    "float32",
    shape,
    Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) => i),
  );

/** Whether the element at flat index `i` belongs to a selection of a shape. */
const belongs = (i: number, shape: readonly number[], { axis, indices, within }: Slices): boolean => {
  const at = axis < 0 ? axis + shape.length : axis;
  const inner = shape.slice(at + 1).reduce((a, b) => a * b, 1);
  const isThere = indices.includes(Math.floor(i / inner) % shape[at]!);
  return isThere && (within === undefined || belongs(i, shape, { axis: 1 - at, indices: within }));
};

describe("parts of the weight's own memory", () => {
  test.each<[string, Slices | null, number[], number, number]>([
    ["the whole", null, [4, 3], 0, 12],
    ["the first rows", { axis: 0, indices: [0, 1] }, [2, 3], 0, 6],
    ["rows in a run", { axis: 0, indices: [2, 3] }, [2, 3], 6, 6],
    ["rows counted from the back axis", { axis: -2, indices: [1] }, [1, 3], 3, 3],
    ["all rows", { axis: 0, indices: [0, 1, 2, 3] }, [4, 3], 0, 12],
  ])("%s", (_, selection, shape, offset, length) => {
    const base = filled(4, 3);
    const view = viewOf(base, selection);
    expect(view.shape).toEqual(shape);
    expect([view.data.buffer === base.data.buffer, view.data.byteOffset, view.data.length]).toEqual([
      true,
      4 * offset,
      length,
    ]);
    view.data.fill(-1);
    expect(base.data.subarray(offset, offset + length).every((x) => x === -1)).toBe(true);
    const before = base.data.slice();
    view.commit();
    expect(base.data).toEqual(before);
  });

  test("a vector's entries in a run", () => {
    const base = filled(5);
    viewOf(base, { axis: 0, indices: [3, 4] }).data.set([30, 40]);
    expect([...base.data]).toEqual([0, 1, 2, 30, 40]);
  });
});

describe("copies that are written through", () => {
  test.each<[string, number[], Slices, number[], number[]]>([
    ["scattered rows", [4, 3], { axis: 0, indices: [0, 2] }, [2, 3], [0, 1, 2, 6, 7, 8]],
    ["rows out of order", [4, 3], { axis: 0, indices: [3, 2] }, [2, 3], [9, 10, 11, 6, 7, 8]],
    ["the first columns", [4, 3], { axis: 1, indices: [0, 1] }, [4, 2], [0, 1, 3, 4, 6, 7, 9, 10]],
    ["scattered columns", [2, 4], { axis: -1, indices: [3, 0] }, [2, 2], [3, 0, 7, 4]],
    ["columns cut to rows", [4, 3], { axis: 1, indices: [2, 0], within: [3, 1] }, [2, 2], [11, 9, 5, 3]],
    ["rows cut to columns", [4, 3], { axis: 0, indices: [2, 0], within: [1] }, [2, 1], [7, 1]],
    ["all columns", [2, 2], { axis: 1, indices: [0, 1] }, [2, 2], [0, 1, 2, 3]],
    ["an axis in the middle", [2, 3, 2], { axis: 1, indices: [2, 0] }, [2, 2, 2], [4, 5, 0, 1, 10, 11, 6, 7]],
  ])("%s", (_, shape, selection, viewShape, numbers) => {
    const base = filled(...shape);
    const before = base.data.slice();
    const view = viewOf(base, selection);
    expect(view.shape).toEqual(viewShape);
    expect([...view.data]).toEqual(numbers);

    view.data.forEach((x, i) => (view.data[i] = -x - 1));
    expect(base.data).toEqual(before);
    view.commit();
    expect([...base.data]).toEqual([...before].map((x, i) => (belongs(i, shape, selection) ? -x - 1 : x)));
    expect([...viewOf(base, selection).data]).toEqual([...view.data]);
  });
});

describe("entries that move", () => {
  test("go back to the base numbers where they leave, and begin with them where they come", () => {
    const weight = filled(2, 4);
    const view = movableViewOf(weight, Int32Array.of(1, 6, 3));
    view.data.set([10, 60, 30]);
    view.commit();
    expect([...weight.data]).toEqual([0, 10, 2, 30, 4, 5, 60, 7]);
    view.moveTo(Int32Array.of(1, 2, 7));
    expect([...weight.data]).toEqual([0, 10, 2, 3, 4, 5, 6, 7]);
    expect([view.entries, view.data, view.base].map((list) => [...list])).toEqual([
      [1, 2, 7],
      [10, 2, 7],
      [1, 2, 7],
    ]);
    view.data[1] = 20;
    view.commit();
    expect([...weight.data]).toEqual([0, 10, 20, 3, 4, 5, 6, 7]);
  });

  test("may take each other's places, and begin anew there", () => {
    const weight = filled(4);
    const view = movableViewOf(weight, Int32Array.of(0, 1));
    view.data.set([5, 6]);
    view.commit();
    view.moveTo(Int32Array.of(1, 0));
    expect([[...view.data], [...weight.data]]).toEqual([
      [1, 0],
      [0, 1, 2, 3],
    ]);
  });

  test("leave the places they were given as they were", () => {
    const first = Int32Array.of(0, 1);
    movableViewOf(filled(4), first).moveTo(Int32Array.of(2, 3));
    expect([...first]).toEqual([0, 1]);
  });
});
