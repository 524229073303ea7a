/** Products over 8 bits are near products of numbers, as near as they must be, and right on every processor. */
import { describe, expect, test } from "vitest";
import { worstDifference } from "../../test/draw.ts";
import { all64, as64 } from "../../test/as64.ts";
import { input } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import type { Array64 } from "../interpret/array.ts";
import { interpret } from "../interpret/interpret.ts";
import { random } from "../tensor/random.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { int8, int8Twice, int8WeightsOnly } from "./int8.ts";
import type { Parts, Scheme } from "./scheme.ts";
import { asInputs, codesOf, computed, matrixOf, normalMatrix, product, scalesOf } from "./schemes.cases.ts";

const SEEDS = [1, 2, 3, 4, 5, 6];
/** The largest code. */
const MOST = 127;
/** Half the distance between two neighbouring float32 numbers, relative to them. */
const ROUNDING = 2 ** -24;

/** A product's left side, the matrix's parts, and how each number of the matrix meets it. */
interface Side {
  readonly name: string;
  readonly encode: Scheme["encode"];
  /** Neighbouring codes of a row, as large as they may be. */
  readonly pairs: readonly (readonly [number, number])[];
  /** The steps of the largest code. */
  readonly reach: number;
  /** How many steps of its last codes make one of its first. */
  readonly finer: number;
  readonly graph: (x: Value, parts: Parts) => Value;
  /** The axis of the matrix that is summed over. */
  readonly inner: 0 | 1;
  /** What is made codes of: x itself, or x times the scales of the axis that is summed over. */
  readonly coded: (x: number, k: number, parts: Parts) => number;
  /** The number of the matrix that it then meets. */
  readonly met: (row: number, column: number, width: number, parts: Parts) => number;
}

type Reaches = readonly [number, number];
type Pairs = Side["pairs"];
/** Of rows whose neighbours are bounded, and of others. */
const bounded: Pairs = [
  [126, 1],
  [63, 64],
  [-63, -64],
  [127, -127],
];
const unbounded: Pairs = [
  [127, 127],
  [-127, -127],
  [127, -127],
];
function sidesOf(suffix: string, reaches: Reaches, isTwice: boolean, scheme: Scheme): Side[] {
  const shared = (reach: number) => ({
    ...{ encode: scheme.encode, pairs: isTwice ? unbounded : bounded },
    ...{ reach, finer: isTwice ? 2 * reach : 1 },
  });
  return [
    {
      ...shared(reaches[0]),
      name: `x·Wᵀ${suffix}`,
      graph: (x, parts) => scheme.timesTransposed!(x, asInputs(parts)),
      inner: 1,
      coded: (x) => x,
      met: (row, column, width, parts) => codesOf(parts)[row * width + column]! * scalesOf(parts)[row]!,
    },
    {
      ...shared(reaches[1]),
      name: `y·W${suffix}`,
      graph: (y, parts) => scheme.times!(y, asInputs(parts)),
      inner: 0,
      coded: (y, k, parts) => y * scalesOf(parts)[k]!,
      met: (row, column, width, parts) => codesOf(parts)[row * width + column]!,
    },
  ];
}

const sides: readonly Side[] = [
  ...sidesOf("", [127, 63], false, int8),
  ...sidesOf(", in two products", [63, 63], true, int8Twice),
];

/** The product with the matrix that is stored, in float64, and how far off one of integers may be. */
function expected(
  { inner, coded, met, reach }: Side,
  x: Array64,
  [rows, width]: readonly [number, number],
  parts: Parts,
) {
  const outer = inner === 1 ? rows : width;
  const summed = x.shape.at(-1)!;
  const left = { ...x, data: x.data.map((number, i) => coded(number, i % summed, parts)) };
  const at = (k: number, j: number) => (inner === 1 ? met(j, k, width, parts) : met(k, j, width, parts));
  const exact = product(left, outer, at);
  const sizes = { ...x, data: left.data.map(() => 1) };
  const sums = product(sizes, outer, (k, j) => Math.abs(at(k, j)));
  const steps = stepsOf(left, reach);
  return { exact, bounds: sums.map((sum, place) => (steps[Math.floor(place / outer)]! / 2) * sum) };
}

/** The scale that each token's codes have. */
function stepsOf({ shape, data }: Array64, reach: number): Float64Array {
  const n = shape.at(-1)!;
  return Float64Array.from({ length: data.length / n }, (_, row) =>
    data.subarray(row * n, (row + 1) * n).reduce((most, x) => Math.max(most, Math.abs(x) / reach), 0),
  );
}

describe.each(sides)("$name", (side) => {
  const shape = [9, 13] as const;
  const drawn = (seed: number, leading: readonly number[]) => {
    const { normal } = random(seed, "left side");
    const parts = side.encode(normalMatrix(...shape, seed));
    const n = shape[side.inner];
    const x = tensor(
      "float32",
      [...leading, n],
      Float32Array.from({ length: leading.reduce((a, b) => a * b) * n }, normal),
    );
    return { parts, x, y: side.graph(input("x", x.shape), parts) };
  };

  test.each(SEEDS)("is off by half a step of each token's codes times Σ|W| at most, seed %i", async (seed) => {
    for (const leading of [[4], [2, 3], [2, 1, 3]]) {
      const { parts, x, y } = drawn(seed, leading);
      const { exact, bounds } = expected(side, as64(x), shape, parts);
      const results = [interpret([y], all64({ ...parts, x }))[0]!.data, await computed(y, { ...parts, x })];
      // Float64 rounds by nothing that shows; float32 the step, the scale, the sum and what is multiplied.
      const roundings = [1e-12, 8 * ROUNDING];
      results.forEach((result, i) => {
        expect(result).toHaveLength(exact.length);
        result.forEach((number, place) => {
          const rounding = roundings[i]! * 2 * side.reach * bounds[place]!;
          expect(Math.abs(number - exact[place]!)).toBeLessThanOrEqual(bounds[place]! / side.finer + rounding);
        });
      });
    }
  });

  test.each(side.finer === 1 ? SEEDS : [])(
    "is the same on ONNX Runtime as on the interpreter where no code is a toss-up, seed %i",
    async (seed) => {
      const { normal, uniform, integer } = random(seed, "grid");
      // Scales that are powers of two, so that float32 divides by them as float64 does.
      const matrix = tensor(
        "float32",
        shape,
        Float32Array.from({ length: shape[0] * shape[1] }, () => Math.round(9 * normal())),
      );
      for (let row = 0; row < shape[0]; row++) {
        const column = 2 * integer((shape[1] - 1) / 2);
        matrix.data.set([MOST, 0], row * shape[1] + column);
      }
      const exponents = Array.from({ length: shape[0] }, () => integer(7) - 3);
      const scaled = tensor(
        "float32",
        shape,
        matrix.data.map((x, i) => x * 2 ** exponents[Math.floor(i / shape[1])]!),
      );
      const parts = side.encode(scaled);
      expect([...scalesOf(parts)]).toEqual(exponents.map((e) => 2 ** e));
      const n = shape[side.inner];
      // At most 0.4 from a whole number of steps, and one of each token at the most of them.
      const near = () => integer(2 * side.reach - 1) - side.reach + 1 + 0.8 * (uniform() - 0.5);
      const tokens = Array.from({ length: 5 }, () => Array.from({ length: n }, near).with(integer(n), side.reach));
      const x = matrixOf(...tokens.map((token) => token.map((k, i) => (k * 2 ** -5) / side.coded(1, i, parts))));
      const y = side.graph(input("x", x.shape), parts);
      const [exact] = interpret([y], all64({ ...parts, x }));
      expect(worstDifference(await computed(y, { ...parts, x }), exact!.data)).toBeLessThan(2e-6);
    },
  );

  test("overflows on no processor: the largest codes of both sides, however many", async () => {
    const [rows, width] = [48, 70];
    // A row's neighbours add to all that they may: as one large and one small number, as two, as two below zero.
    const largest = side.pairs.map(([even, odd]) =>
      Array.from({ length: width }, (_, k) => (k % 2 === 0 ? even : odd)),
    );
    const matrix = matrixOf(...Array.from({ length: rows }, (_, row) => largest[row % largest.length]!));
    const parts = side.encode(matrix);
    expect(codesOf(parts)).toEqual(Int8Array.from(matrix.data));
    for (const tokens of [1, 5, 33])
      for (const sign of [1, -1]) {
        // Half a step short of a step less than the most: both of two codes are the largest.
        const number = sign * (side.reach - (side.finer === 1 ? 0 : 0.499));
        const token = Array.from({ length: side.inner === 1 ? width : rows }, () => number).with(0, sign * side.reach);
        const x = matrixOf(...Array.from({ length: tokens }, () => token));
        const y = side.graph(input("x", x.shape), parts);
        const [exact] = interpret([y], all64({ ...parts, x }));
        expect(worstDifference(await computed(y, { ...parts, x }), exact!.data)).toBeLessThan(2e-6);
      }
  });

  test("with zeros is zero, and with rows of zeros too", async () => {
    const parts = int8.encode(matrixOf([0, 0, 0], [1, -2, 3]));
    const n = side.inner === 1 ? 3 : 2;
    const x = matrixOf(
      Array.from({ length: n }, () => 0),
      Array.from({ length: n }, () => 1),
    );
    const result = await computed(side.graph(input("x", x.shape), parts), { ...parts, x });
    const outer = result.length / 2;
    expect([...result.subarray(0, outer)].map(Math.abs)).toEqual(Array.from({ length: outer }, () => 0));
    if (side.inner === 1) expect(Math.abs(result[outer]!)).toBe(0);
    expect(result.every(Number.isFinite)).toBe(true);
  });
});

test("each scheme has the products that it is for", () => {
  const ways = [int8, int8Twice, int8WeightsOnly].map(({ timesTransposed, times }) => [!!timesTransposed, !!times]);
  expect(ways).toEqual([
    [true, true],
    [true, true],
    [false, false],
  ]);
});

test("both directions read the same matrix: with codes that are exact, one is the adjoint of the other", () => {
  const parts = int8.encode(matrixOf([124, 3, -8], [-127, 64, 1]));
  const x: Tensor<"float32"> = matrixOf([127, 0, -5]);
  const y = matrixOf([-63, 12]);
  const run = (graph: Value, fed: Tensor) => interpret([graph], all64({ ...parts, x: fed }))[0]!.data;
  const forward = run(int8.timesTransposed!(input("x", [1, 3]), asInputs(parts)), x);
  const backward = run(int8.times!(input("x", [1, 2]), asInputs(parts)), y);
  const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((sum, n, i) => sum + n * b[i]!, 0);
  expect(dot(forward, y.data)).toBe(dot(backward, x.data));
});
