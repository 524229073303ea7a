import { expect, test } from "vitest";
import { largestPair, pairsFit, quantizeRows } from "./quantize.ts";
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

test("what two neighbours reach is the sum of those of one sign, one at an even place and the next", () => {
  const reached = (...row: number[]) => largestPair(Float32Array.from(row));
  expect(reached(1, 2, 3, 4, 5)).toBe(7);
  expect(reached(-1, -2, 6, -3)).toBe(6);
  expect(reached(1, 5, 4, 1)).toBe(6);
  expect(reached(-4, -3.5)).toBe(7.5);
  expect(reached(1, 2, 9)).toBe(9);
});

test("codes of rows so scaled have no two neighbours that add to more than 128", () => {
  const stream = random(2, "pairs");
  for (const width of [1, 2, 5, 64]) {
    const matrix = tensor(
      "float32",
      [50, width],
      Float32Array.from({ length: 50 * width }, () => stream.normal()),
    );
    const { codes, scales } = quantizeRows(matrix, largestPair);
    expect(pairsFit(codes)).toBe(true);
    codes.data.forEach((code, i) => {
      const scale = scales.data[Math.floor(i / width)]!;
      expect(Math.abs(code * scale - matrix.data[i]!)).toBeLessThanOrEqual(scale * 0.5001);
    });
    expect(pairsFit(quantizeRows(matrix).codes)).toBe(width === 1);
  }
});

test.each([
  [[64, 64, 64], true],
  [[65, 64, 0], false],
  [[0, 65, 64], true],
  [[-100, -29, 0], false],
  [[-100, 127, 127], true],
])("neighbours %j fit: %s", (row, fits) => {
  expect(pairsFit(tensor("int8", [2, 3], Int8Array.from([1, 1, 1, ...row])))).toBe(fits);
});
