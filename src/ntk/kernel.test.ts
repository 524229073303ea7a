import { expect, test } from "vitest";
import { entryOf, flattened, type Kernel, subkernel, traceKernel, zeroKernel } from "./kernel.ts";

/** Each entry says where it stands: 1000·i + 100·a + 10·j + b. */
function numbered(rows: number, columns: number, outputs: number): Kernel {
  const kernel = zeroKernel(rows, columns, outputs);
  for (let i = 0; i < rows; i++)
    for (let a = 0; a < outputs; a++)
      for (let j = 0; j < columns; j++)
        for (let b = 0; b < outputs; b++) kernel.data[entryOf(kernel, i, a, j, b)] = 1000 * i + 100 * a + 10 * j + b;
  return kernel;
}

test("the trace kernel sums over equal outputs", () => {
  const { shape, data } = traceKernel(numbered(2, 3, 2));
  expect(shape).toEqual([2, 1, 3, 1]);
  // 0 + 101 = 101, and 1000 for the second row, 10 for a column, each twice.
  expect([...data]).toEqual([101, 121, 141, 2101, 2121, 2141]);
});

test("a trace kernel is its own", () => {
  const kernel = numbered(2, 3, 1);
  expect(traceKernel(kernel)).toEqual(kernel);
});

test("outputs that are not the same have no trace", () => {
  const kernel: Kernel = { shape: [1, 2, 1, 1], data: new Float64Array(2) };
  expect(() => traceKernel(kernel)).toThrow(
    new Error("trace kernel: 2 outputs of the rows and 1 of the columns, expected as many"),
  );
});

test("a subkernel has the named inputs in the named order", () => {
  const { shape, data } = subkernel(numbered(3, 3, 2), [2, 0], [1]);
  expect(shape).toEqual([2, 2, 1, 2]);
  expect([...data]).toEqual([2010, 2011, 2110, 2111, 10, 11, 110, 111]);
});

test("a flattened kernel has a row for each input and output", () => {
  const kernel = numbered(2, 3, 2);
  const { rows, columns, data } = flattened(kernel);
  expect([rows, columns]).toEqual([4, 6]);
  expect(data[3 * columns + 4]).toBe(1120);
  expect(data).toBe(kernel.data);
});
