import { describe, expect, test } from "vitest";
import { fromBfloat16, fromFloat16 } from "./dtype.ts";
import { random } from "./random.ts";
import { type FloatType, tensor, toFloat32, toFloatType, transposed, zeros } from "./tensor.ts";

const floats = (...values: number[]) => tensor("float32", [values.length], Float32Array.from(values));

test("elements fill their shape", () => {
  expect(tensor("int32", [2, 2], Int32Array.of(1, 2, 3, 4)).shape).toEqual([2, 2]);
  expect(tensor("float32", [], Float32Array.of(1)).data).toHaveLength(1);
  expect(() => tensor("float32", [2, 3], new Float32Array(5))).toThrow(
    new RangeError("tensor: 5 elements do not fill the shape [2, 3]"),
  );
  expect(zeros("int64", [2, 0])).toEqual({ dtype: "int64", shape: [2, 0], data: new BigInt64Array(0) });
});

test("as float32: the tensor itself, or a copy of what is converted", () => {
  const same = floats(1, 2);
  expect(toFloat32(same)).toBe(same);
  expect(toFloat32(tensor("int64", [2], BigInt64Array.of(-3n, 5n)))).toEqual(floats(-3, 5));
  expect(toFloat32(tensor("float16", [2], Uint16Array.of(0x3c00, 0xc000)))).toEqual(floats(1, -2));
  expect(toFloat32(tensor("bfloat16", [2], Uint16Array.of(0x3f80, 0xc000)))).toEqual(floats(1, -2));
});

describe("rounded to a type of half the room", () => {
  test("float32 stays the tensor itself", () => {
    const same = floats(0.1);
    expect(toFloatType(same, "float32")).toBe(same);
  });

  /** Digits after the binary point that a number from 1 to 2 keeps. */
  const digits: Readonly<Record<Exclude<FloatType, "float32">, number>> = { float16: 10, bfloat16: 7 };
  const widen = { float16: fromFloat16, bfloat16: fromBfloat16 };

  test.each(["float16", "bfloat16"] as const)("%s: the nearest, of two the even one", (dtype) => {
    const unit = 2 ** -digits[dtype];
    const at = (steps: number) => 1 + steps * unit;
    const source = floats(at(0.5), at(1.5), at(2.5), at(0.5 + 2 ** -6), at(0.5 - 2 ** -6), -at(1.5), 0, -0, Infinity);
    const { shape, data, ...rest } = toFloatType(source, dtype);
    expect({ ...rest, shape }).toEqual({ dtype, shape: [9] });
    const values = Array.from(data as Uint16Array, widen[dtype]);
    expect(values).toEqual([at(0), at(2), at(2), at(1), at(0), -at(2), 0, -0, Infinity]);
  });

  test.each(["float16", "bfloat16"] as const)("%s: numbers that it has come back unchanged, the shape too", (dtype) => {
    const { integer } = random(0, dtype);
    const bits = Uint16Array.from({ length: 600 }, () => integer(0x7c00));
    const source = tensor("float32", [20, 30], Float32Array.from(bits, widen[dtype]));
    expect(toFloatType(source, dtype)).toEqual(tensor(dtype, [20, 30], bits));
    expect(toFloat32(toFloatType(source, dtype))).toEqual(source);
  });

  test("the source stays as it is", () => {
    const source = floats(1.0001, 2.0001);
    const before = source.data.slice();
    toFloatType(source, "bfloat16");
    expect(source.data).toEqual(before);
  });
});

describe("transposed", () => {
  test.each([
    [1, 1],
    [3, 5],
    [1, 70],
    [65, 1],
    [64, 32],
    [33, 95],
  ])("%i × %i: what stood at [i, j] stands at [j, i]", (rows, columns) => {
    const source = tensor(
      "float32",
      [rows, columns],
      Float32Array.from({ length: rows * columns }, (_, i) => i + 1),
    );
    const turned = transposed(source);
    expect(turned.shape).toEqual([columns, rows]);
    const at = (i: number, j: number) => turned.data[j * rows + i];
    expect([...source.data].map((_, k) => at(Math.floor(k / columns), k % columns))).toEqual([...source.data]);
    expect(transposed(turned)).toEqual(source);
  });

  test("refuses what is no matrix", () => {
    expect(() => transposed(zeros("float32", [2, 3, 4]))).toThrow("[2, 3, 4]: expected a matrix");
  });
});
