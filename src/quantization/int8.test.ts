/** 8 bits: what is stored is near what was given, as near as it must be. */
import { describe, expect, test } from "vitest";
import { largestNumber, largestPair, type Reach } from "../tensor/quantize.ts";
import { tensor } from "../tensor/tensor.ts";
import { int8, int8Twice, int8WeightsOnly } from "./int8.ts";
import type { Scheme } from "./scheme.ts";
import { asInputs, codesOf, computed, matrixOf, normalMatrix, scalesOf, valueOf } from "./schemes.cases.ts";

const SEEDS = [1, 2, 3, 4, 5, 6];
/** The largest code. */
const MOST = 127;
/** Half the distance between two neighbouring float32 numbers, relative to them. */
const ROUNDING = 2 ** -24;

describe("a matrix", () => {
  const reaches: readonly (readonly [string, Scheme, Reach])[] = [
    ["encoders", int8, largestPair],
    ["decoders", int8Twice, largestNumber],
  ];
  const cases = reaches.flatMap(([name, ...each]) => SEEDS.map((seed) => [name, seed, ...each] as const));
  test.each(cases)("of %s is off by half a scale of its row at most, seed %i", (_, seed, scheme, reach) => {
    const [rows, width] = [7, 37];
    const { data } = normalMatrix(rows, width, seed);
    const parts = scheme.encode(tensor("float32", [rows, width], data));
    expect([parts["codes"]!.dtype, parts["codes"]!.shape]).toEqual(["int8", [rows, width]]);
    expect([parts["scales"]!.dtype, parts["scales"]!.shape]).toEqual(["float32", [rows]]);
    expect(scheme.takes?.(parts) ?? true).toBe(true);
    const decoded = scheme.decode(parts);
    expect(decoded.shape).toEqual([rows, width]);
    for (let row = 0; row < rows; row++) {
      const [scale, from] = [scalesOf(parts)[row]!, row * width];
      const numbers = data.subarray(from, from + width);
      // The scale and the decoded number are each rounded to float32.
      const most = scale * (0.5 + 2 * MOST * ROUNDING);
      numbers.forEach((x, i) => expect(Math.abs(decoded.data[from + i]! - x)).toBeLessThanOrEqual(most));
      // Each of two that add to the largest is rounded by half a code at most.
      const reached = reach(Float32Array.from(codesOf(parts).subarray(from, from + width)));
      expect(Math.abs(reached - MOST)).toBeLessThanOrEqual(reach === largestPair ? 1 : 0);
      const largest = reach(numbers);
      expect(Math.abs(scale * MOST - largest)).toBeLessThanOrEqual(2 * ROUNDING * largest);
    }
  });

  test.each([int8, int8Twice, int8WeightsOnly])(
    "is put together by the graph as on the host, scheme %#",
    async (scheme) => {
      for (const seed of SEEDS) {
        const parts = scheme.encode(normalMatrix(5, 9, seed));
        const { shape, data } = scheme.decode(parts);
        const value = valueOf(scheme, parts);
        expect(value.shape).toEqual(shape);
        expect(Float32Array.from(value.data)).toEqual(data);
        expect(await computed(scheme.value(asInputs(parts)), parts)).toEqual(data);
      }
    },
  );

  test("of whole numbers up to 127 times a power of two is exact, and so are any two neighbours", () => {
    const matrix = matrixOf([127, -127, 126, 1, -64], [3 / 8, -127 / 8, 5 / 8, 0, 126 / 8]);
    const parts = int8.encode(matrix);
    expect([...codesOf(parts)]).toEqual([127, -127, 126, 1, -64, 3, -127, 5, 0, 126]);
    expect([...scalesOf(parts)]).toEqual([1, 1 / 8]);
    expect(int8.decode(parts)).toEqual(matrix);
  });

  test("has rows of zeros as they are, beside others", () => {
    const parts = int8.encode(matrixOf([0, 0, 0], [0, -2, 0], [0, 0, 0]));
    expect([...codesOf(parts)]).toEqual([0, 0, 0, 0, -127, 0, 0, 0, 0]);
    expect(scalesOf(parts).every((scale) => scale > 0)).toBe(true);
    expect([...int8.decode(parts).data].map((x) => x + 0)).toEqual([0, 0, 0, 0, -2, 0, 0, 0, 0]);
  });

  test.each([[0.3], [-5], [1e-30], [-3e30]])("has a number that is alone in its row as it is: %d", (x) => {
    const { data } = int8.decode(int8.encode(matrixOf([x], [1])));
    expect(Math.abs(data[0]! - Math.fround(x))).toBeLessThanOrEqual(2 * ROUNDING * Math.abs(x));
    expect(data[1]).toBe(1);
  });

  test("is stored where it is a matrix", () => {
    for (const scheme of [int8, int8Twice, int8WeightsOnly])
      expect([[3, 5], [1, 1], [4], [2, 3, 4]].map((shape) => scheme.fits(shape))).toEqual([true, true, false, false]);
  });
});
