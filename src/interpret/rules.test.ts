import { describe, expect, test } from "vitest";
import * as g from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import { array64, build, read } from "./array.ts";
import { interpret } from "./interpret.ts";
import { errorFunction } from "./rules/elementwise.ts";

/** 2/√π·∫₀ˣ exp(−t²) dt by Gauss and Legendre's rule of five points on each of 64 pieces. */
function integratedErrorFunction(x: number): number {
  const nodes = [
    [0, 128 / 225],
    ...[-1, 1].flatMap((sign) =>
      [-1, 1].map((side) => [
        (side / 3) * Math.sqrt(5 - sign * 2 * Math.sqrt(10 / 7)),
        (322 + sign * 13 * Math.sqrt(70)) / 900,
      ]),
    ),
  ] as [number, number][];
  const half = x / 128;
  let sum = 0;
  for (let piece = 0; piece < 64; piece++)
    for (const [node, weight] of nodes) sum += weight * Math.exp(-((half * (2 * piece + 1 + node)) ** 2));
  return ((2 * half) / Math.sqrt(Math.PI)) * sum;
}

describe("the error function", () => {
  test("is the integral it stands for, on both sides of the seams", () => {
    const points = [2.4999, 2.5, 2.5001, 5.999, 6, 6.001, ...Array.from({ length: 700 }, (_, i) => (i + 0.5) / 100)];
    for (const x of points) expect(Math.abs(errorFunction(x) - integratedErrorFunction(x)), `${x}`).toBeLessThan(2e-14);
  });

  test("is odd, and 1 far out", () => {
    for (const x of [1e-300, 1e-9, 0.3, 1, 2.49, 2.51, 5, 7, 1e300, Infinity])
      expect(errorFunction(-x)).toBe(-errorFunction(x));
    expect(errorFunction(0)).toBe(0);
    expect(errorFunction(Infinity)).toBe(1);
    expect(errorFunction(1e-9)).toBeCloseTo((2e-9 / Math.sqrt(Math.PI)) * (1 - 1e-18 / 3), 24);
    expect(errorFunction(NaN)).toBeNaN();
  });
});

const given = (name: string, shape: readonly number[], data: readonly number[]) => ({
  value: g.input(name, shape),
  feed: { [name]: array64(shape, data) },
});
const a = given("a", [2, 1, 2], [1, 2, 3, 4]);
const b = given("b", [3, 1], [10, 20, 30]);
const c = given("c", [2], [100, 200]);
const feeds = { ...a.feed, ...b.feed, ...c.feed };
const run = (value: Value) => {
  const [{ shape, data }] = interpret([value], feeds) as [ReturnType<typeof array64>];
  return { shape, data: [...data] };
};

describe("broadcasting", () => {
  test.each<[string, Value, number[], number[]]>([
    ["leading axes are added", g.add(b.value, a.value), [2, 3, 2], [11, 12, 21, 22, 31, 32, 13, 14, 23, 24, 33, 34]],
    ["the order of operands stays", g.sub(c.value, b.value), [3, 2], [90, 190, 80, 180, 70, 170]],
    ["a scalar goes everywhere", g.div(b.value, 10), [3, 1], [1, 2, 3]],
    ["comparisons give ones and zeros", g.greater(b.value, 15), [3, 1], [0, 1, 1]],
    [
      "a choice takes all three",
      g.select(g.greater(b.value, 15), a.value, c.value),
      [2, 3, 2],
      [100, 200, 1, 2, 1, 2, 100, 200, 3, 4, 3, 4],
    ],
    ["expansion repeats", g.expand(c.value, a.value), [2, 1, 2], [100, 200, 100, 200]],
  ])("%s", (_, value, shape, data) => expect(run(value)).toEqual({ shape, data }));

  test("of an axis without elements leaves none", () => {
    const empty = g.input("empty", [0, 2]);
    const [{ shape, data }] = interpret([g.add(empty, c.value)], { ...feeds, empty: array64([0, 2]) }) as [
      ReturnType<typeof array64>,
    ];
    expect([shape, data.length]).toEqual([[0, 2], 0]);
  });

  test("reads axes of size 1 at 0, and drops leading ones", () => {
    const filled = build([2, 3], ([i, j]) => 10 * i! + j!);
    expect([...filled.data]).toEqual([0, 1, 2, 10, 11, 12]);
    expect(read(filled, [9, 1, 2])).toBe(12);
    expect(read(array64([1, 3], [7, 8, 9]), [5, 2])).toBe(9);
  });
});

/** The negative log-likelihood of each class of scores [3]. */
const likelihoods = (x: Value) => g.negativeLogLikelihood(g.expand(x, g.constant(0, "float32", [3, 3])), g.iota(x, 0));

describe("meanings that rounding could spoil", () => {
  test.each<[string, (x: Value) => Value, number[], number[]]>([
    ["softmax of large scores", g.softmax, [1e4, -1e4, -1e4], [1, 0, 0]],
    ["likelihoods of large scores", likelihoods, [1e4, 0, -1e4], [0, 1e4, 2e4]],
    ["sigmoid far out", g.sigmoid, [-1e3, 0, 1e3], [0, 0.5, 1]],
    ["silu far out", g.silu, [-1e3, 0, 1e3], [-0, 0, 1e3]],
    ["gelu far out", g.gelu, [-1e3, 0, 1e3], [-0, 0, 1e3]],
    ["relu", g.relu, [-2, 0, 3], [0, 0, 3]],
    ["whole numbers towards 0", (x) => g.cast(x, "int64"), [-1.9, 0.5, 2 ** 53], [-1, 0, 2 ** 53]],
    ["truth", (x) => g.cast(x, "bool"), [-2, 0, 0.1], [1, 0, 1]],
    ["running sums", (x) => g.cumsum(x, -1), [1, 2, -4], [1, 3, -1]],
  ])("%s", (_, f, data, expected) => {
    const [result] = interpret([f(g.input("x", [3]))], { x: array64([3], data) });
    expected.forEach((value, i) => expect(result!.data[i]! + 0).toBeCloseTo(value, 15));
  });
});

test("an input that is not fed is named, with those that are", () => {
  expect(() => interpret([g.add(a.value, g.input("missing", []))], feeds)).toThrow(
    new Error("interpret: input missing is not fed (fed: a, b, c)"),
  );
});

test.each([
  ["hidden altogether", [-3.4028234663852886e38, -3.4028234663852886e38]],
  ["of large scores", [1e4, 1e4]],
])("softmax of equal scores %s is uniform to the last digit", (_, scores) => {
  const [y] = interpret([g.softmax(g.input("x", [2]))], { x: array64([2], scores) });
  expect([...y!.data]).toEqual([0.5, 0.5]);
});
