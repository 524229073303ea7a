/** 8 bits: what is stored is near what was given, and products of integers are near products of numbers, both as near as they must be. */
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
import type { Scheme } from "./scheme.ts";
import type { Parts } from "./scheme.ts";
import { asInputs, computed, matrixOf, normalMatrix, product, valueOf } from "./schemes.cases.ts";

const SEEDS = [1, 2, 3, 4, 5, 6];
/** The largest code. */
const MOST = 127;
/** Half the distance between two neighbouring float32 numbers, relative to them. */
const ROUNDING = 2 ** -24;

const codesOf = ({ codes }: Parts) => codes!.data as Int8Array;
const scalesOf = ({ scales }: Parts) => scales!.data as Float32Array;

describe("a matrix", () => {
  test.each(SEEDS)("is off by half a scale of its row at most, seed %i", (seed) => {
    const [rows, width] = [7, 37];
    const { data } = normalMatrix(rows, width, seed);
    const parts = int8.encode(tensor("float32", [rows, width], data));
    expect([parts["codes"]!.dtype, parts["codes"]!.shape]).toEqual(["int8", [rows, width]]);
    expect([parts["scales"]!.dtype, parts["scales"]!.shape]).toEqual(["float32", [rows]]);
    const decoded = int8.decode(parts);
    expect(decoded.shape).toEqual([rows, width]);
    for (let row = 0; row < rows; row++) {
      const [scale, from] = [scalesOf(parts)[row]!, row * width];
      const numbers = data.subarray(from, from + width);
      // The scale and the decoded number are each rounded to float32.
      const most = scale * (0.5 + 2 * MOST * ROUNDING);
      numbers.forEach((x, i) => expect(Math.abs(decoded.data[from + i]! - x)).toBeLessThanOrEqual(most));
      expect(
        codesOf(parts)
          .subarray(from, from + width)
          .reduce((a, b) => Math.max(a, Math.abs(b)), 0),
      ).toBe(MOST);
      const largest = numbers.reduce((a, b) => Math.max(a, Math.abs(b)), 0);
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

  test("of whole numbers up to 127 times a power of two is exact", () => {
    const matrix = matrixOf([127, -127, 1, 0, -64], [3 / 8, -127 / 8, 5 / 8, 0, 126 / 8]);
    const parts = int8.encode(matrix);
    expect([...codesOf(parts)]).toEqual([127, -127, 1, 0, -64, 3, -127, 5, 0, 126]);
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

/** A product's left side, the matrix's parts, and how each number of the matrix meets it. */
interface Side {
  readonly name: string;
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

const sidesOf = (suffix: string, finer: number, { timesTransposed, times }: Scheme): Side[] => [
  {
    name: `x·Wᵀ${suffix}`,
    finer,
    graph: (x, parts) => timesTransposed!(x, asInputs(parts)),
    inner: 1,
    coded: (x) => x,
    met: (row, column, width, parts) => codesOf(parts)[row * width + column]! * scalesOf(parts)[row]!,
  },
  {
    name: `y·W${suffix}`,
    finer,
    graph: (y, parts) => times!(y, asInputs(parts)),
    inner: 0,
    coded: (y, k, parts) => y * scalesOf(parts)[k]!,
    met: (row, column, width, parts) => codesOf(parts)[row * width + column]!,
  },
];

const sides: readonly Side[] = [...sidesOf("", 1, int8), ...sidesOf(", in two products", 2 * MOST, int8Twice)];

/** The product with the matrix that is stored, in float64, and how far off one of integers may be. */
function expected({ inner, coded, met }: Side, x: Array64, [rows, width]: readonly [number, number], parts: Parts) {
  const outer = inner === 1 ? rows : width;
  const summed = x.shape.at(-1)!;
  const left = { ...x, data: x.data.map((number, i) => coded(number, i % summed, parts)) };
  const at = (k: number, j: number) => (inner === 1 ? met(j, k, width, parts) : met(k, j, width, parts));
  const exact = product(left, outer, at);
  const sizes = { ...x, data: left.data.map(() => 1) };
  const sums = product(sizes, outer, (k, j) => Math.abs(at(k, j)));
  const steps = stepsOf(left);
  return { exact, bounds: sums.map((sum, place) => (steps[Math.floor(place / outer)]! / 2) * sum) };
}

/** The scale that each token's codes have. */
function stepsOf({ shape, data }: Array64): Float64Array {
  const n = shape.at(-1)!;
  return Float64Array.from({ length: data.length / n }, (_, row) =>
    data.subarray(row * n, (row + 1) * n).reduce((most, x) => Math.max(most, Math.abs(x) / MOST), 0),
  );
}

describe.each(sides)("$name", (side) => {
  const shape = [9, 13] as const;
  const drawn = (seed: number, leading: readonly number[]) => {
    const { normal } = random(seed, "left side");
    const parts = int8.encode(normalMatrix(...shape, seed));
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
          const rounding = roundings[i]! * 2 * MOST * bounds[place]!;
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
      for (let row = 0; row < shape[0]; row++) matrix.data[row * shape[1] + integer(shape[1])] = MOST;
      const exponents = Array.from({ length: shape[0] }, () => integer(7) - 3);
      const scaled = tensor(
        "float32",
        shape,
        matrix.data.map((x, i) => x * 2 ** exponents[Math.floor(i / shape[1])]!),
      );
      const parts = int8.encode(scaled);
      expect([...scalesOf(parts)]).toEqual(exponents.map((e) => 2 ** e));
      const n = shape[side.inner];
      // At most 0.4 from a whole number of steps, and one of each token at 127 of them.
      const near = () => integer(2 * MOST - 1) - MOST + 1 + 0.8 * (uniform() - 0.5);
      const tokens = Array.from({ length: 5 }, () => Array.from({ length: n }, near).with(integer(n), MOST));
      const x = matrixOf(...tokens.map((token) => token.map((k, i) => (k * 2 ** -5) / side.coded(1, i, parts))));
      const y = side.graph(input("x", x.shape), parts);
      const [exact] = interpret([y], all64({ ...parts, x }));
      expect(worstDifference(await computed(y, { ...parts, x }), exact!.data)).toBeLessThan(2e-6);
    },
  );

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
  const parts = int8.encode(matrixOf([127, 3, -8], [-127, 64, 1]));
  const x: Tensor<"float32"> = matrixOf([127, 0, -5]);
  const y = matrixOf([-127, 12]);
  const run = (graph: Value, fed: Tensor) => interpret([graph], all64({ ...parts, x: fed }))[0]!.data;
  const forward = run(int8.timesTransposed!(input("x", [1, 3]), asInputs(parts)), x);
  const backward = run(int8.times!(input("x", [1, 2]), asInputs(parts)), y);
  const dot = (a: ArrayLike<number>, b: ArrayLike<number>) => Array.from(a).reduce((sum, n, i) => sum + n * b[i]!, 0);
  expect(dot(forward, y.data)).toBe(dot(backward, x.data));
});
