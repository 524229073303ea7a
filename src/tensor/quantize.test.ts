import { expect, test } from "vitest";
import { quantizeRows } from "./quantize.ts";
import { random } from "./random.ts";
import { tensor } from "./tensor.ts";

test("each row uses all of the codes, and no number is off by more than half a scale", () => {
  const stream = random(1, "quantize");
  const [rows, width] = [7, 50];
  const data = Float32Array.from(
    { length: rows * width },
    (_, i) => stream.normal() * 10 ** (Math.floor(i / width) - 3),
  );
  const { codes, scales } = quantizeRows(tensor("float32", [rows, width], data));
  expect([codes.shape, scales.shape]).toEqual([[rows, width], [rows]]);
  for (let row = 0; row < rows; row++) {
    const coded = codes.data.subarray(row * width, (row + 1) * width);
    expect(Math.max(...coded.map(Math.abs))).toBe(127);
    const scale = scales.data[row]!;
    const errors = Array.from(coded, (code, i) => Math.abs(code * scale - data[row * width + i]!));
    expect(Math.max(...errors)).toBeLessThanOrEqual(scale * 0.5001);
  }
});

test("both ends are symmetric", () => {
  const { codes, scales } = quantizeRows(tensor("float32", [2, 3], Float32Array.of(-254, 2, 254, 1, -1, 0)));
  expect(codes.data).toEqual(Int8Array.of(-127, 1, 127, 127, -127, 0));
  expect(scales.data).toEqual(Float32Array.of(2, 1 / 127));
});

test("a row of zeros stays one", () => {
  const { codes, scales } = quantizeRows(tensor("float32", [1, 2], new Float32Array(2)));
  expect([...codes.data, ...scales.data]).toEqual([0, 0, 1]);
});
