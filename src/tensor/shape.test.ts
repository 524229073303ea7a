import { expect, test } from "vitest";
import { axisFromFront, formatShape, sameShape, sizeOf, stridesOf } from "./shape.ts";
import { tensor, toFloat32, zeros } from "./tensor.ts";

test.each([
  [[], 1, []],
  [[3], 3, [1]],
  [[2, 3, 4], 24, [12, 4, 1]],
  [[2, 0, 4], 0, [0, 4, 1]],
  [[1, 5, 1], 5, [5, 1, 1]],
])("size and strides of %j", (shape, size, strides) => {
  expect(sizeOf(shape)).toBe(size);
  expect(stridesOf(shape)).toEqual(strides);
});

test.each<[(number | string)[], (number | string)[], boolean]>([
  [[], [], true],
  [["batch", 2], ["batch", 2], true],
  [["batch"], ["sequence"], false],
  [[2], [2, 1], false],
  [[2, 1], [2], false],
  [[2], ["2"], false],
])("%j and %j are the same shape: %s", (a, b, same) => expect(sameShape(a, b)).toBe(same));

test("axes count from the front or from the back", () => {
  expect([0, 2, -1, -3].map((axis) => axisFromFront(axis, 3))).toEqual([0, 2, 2, 0]);
  for (const axis of [3, -4]) expect(() => axisFromFront(axis, 3)).toThrow(`axis ${axis} of a tensor of rank 3`);
  expect(() => axisFromFront(0, 0)).toThrow("axis 0 of a tensor of rank 0");
});

test("a shape as people write it", () => {
  expect([formatShape([]), formatShape([8, "sequence", 768])]).toEqual(["[]", "[8, sequence, 768]"]);
});

test("a tensor keeps its data, and refuses data that does not fill it", () => {
  const data = Float32Array.of(1, 2, 3, 4, 5, 6);
  expect(tensor("float32", [2, 3], data).data).toBe(data);
  expect(zeros("int64", [2])).toEqual({ dtype: "int64", shape: [2], data: new BigInt64Array(2) });
  expect(() => tensor("float32", [2, 2], data)).toThrow("tensor: 6 elements do not fill the shape [2, 2]");
});

test("everything widens to float32; what is float32 stays the same tensor", () => {
  const source = tensor("float32", [1], Float32Array.of(0.1));
  expect(toFloat32(source)).toBe(source);
  const widened = [
    tensor("float16", [2], Uint16Array.of(0x3c00, 0xc000)),
    tensor("bfloat16", [2], Uint16Array.of(0x3f80, 0xc000)),
    tensor("float64", [2], Float64Array.of(1, -2)),
    tensor("int64", [2], BigInt64Array.of(1n, -2n)),
    tensor("int8", [2], Int8Array.of(1, -2)),
  ].map(toFloat32);
  for (const result of widened) expect(result).toEqual(tensor("float32", [2], Float32Array.of(1, -2)));
  expect(toFloat32(tensor("bool", [2], Uint8Array.of(1, 0))).data).toEqual(Float32Array.of(1, 0));
});
