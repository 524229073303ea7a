import { expect, test } from "vitest";
import { random } from "../tensor/random.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { int4 } from "./int4.ts";
import { int8 } from "./int8.ts";
import { decoded, inMemory, storedMatrix } from "./over-stored.ts";
import { changedRows, withRows } from "./with-rows.ts";

const stream = random(0, "rows");
const normal = (rows: number): Tensor<"float32"> =>
  tensor("float32", [rows, 64], Float32Array.from({ length: rows * 64 }, stream.normal));

test.each([["int8", int8] as const, ["int4", int4] as const])(
  "of a matrix in %s other rows become what they are by themselves, and all else stays",
  (_, scheme) => {
    const [matrix, rows] = [normal(7), normal(2)];
    const stored = storedMatrix(scheme, matrix);
    const before = scheme.encode(matrix);
    const after = withRows(stored, [5, 1], rows);
    const [old, made, alone] = [before, after, scheme.encode(rows)].map(
      (parts) => decoded(inMemory(scheme, parts)).data,
    );
    const row = (numbers: Float32Array, i: number) => numbers.subarray(64 * i, 64 * (i + 1));
    for (const i of [0, 2, 3, 4, 6]) expect(row(made!, i)).toEqual(row(old!, i));
    expect(row(made!, 5)).toEqual(row(alone!, 0));
    expect(row(made!, 1)).toEqual(row(alone!, 1));
    expect(changedRows(before, after)).toBe(2);
    expect(stored.parts["codes"]!.read().data).toEqual(before["codes"]!.data);
  },
);

test("rows that are rounded to what is there are not counted", () => {
  const matrix = normal(3);
  const stored = storedMatrix(int8, matrix);
  const same = tensor("float32", [1, 64], matrix.data.slice(64, 128));
  expect(changedRows(int8.encode(matrix), withRows(stored, [1], same))).toBe(0);
  expect(changedRows(int8.encode(matrix), withRows(stored, [0], same))).toBe(1);
});
