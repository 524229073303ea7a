/** Every measure beside what numpy makes of the same kernels by the published formulas. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Kernel, traceKernel, zeroKernel } from "../kernel.ts";
import { alignment, centered, centeredAlignment } from "./alignment.ts";
import { effectiveRank, participationRatio } from "./effective-rank.ts";
import { frobeniusNorm, normalizedDistance, relativeDistance, scaledDistance } from "./frobenius.ts";
import { labelAlignment, labelKernel } from "./labels.ts";
import { compareKernels, describeKernel, type KernelComparison, type KernelDescription } from "./measures.ts";
import { singularValues, spectrum } from "./spectrum.ts";

interface Case {
  readonly name: string;
  readonly shape: readonly [number, number, number, number];
  readonly kernel: readonly number[];
  readonly reference: readonly number[];
  readonly relativeDistance: number;
  readonly comparison: KernelComparison;
  readonly labels?: readonly number[];
  readonly classes?: number;
  readonly description?: Omit<KernelDescription, "eigenvalues">;
  readonly eigenvalues?: readonly number[];
}

const fixture = join(import.meta.dirname, "../../../test/fixtures/kernel-measures.json");
const cases: readonly Case[] = JSON.parse(readFileSync(fixture, "utf8"));
const kernelOf = (shape: Kernel["shape"], data: readonly number[]): Kernel => ({
  shape,
  data: Float64Array.from(data),
});
const scaled = ({ shape, data }: Kernel, factor: number): Kernel => ({
  shape,
  data: data.map((entry) => factor * entry),
});

/** Within a few roundings of float64, in parts of 1 or of the number itself where that is larger. */
function expectClose(found: object, expected: object): void {
  const [a, b] = [new Map(Object.entries(found)), new Map(Object.entries(expected))];
  expect([...a.keys()].toSorted()).toEqual([...b.keys()].toSorted());
  for (const [name, value] of b)
    expect(Math.abs(a.get(name) - value), name).toBeLessThan(1e-12 * Math.max(1, Math.abs(value)));
}

describe.each(cases)("$name", ({ shape, kernel, reference, relativeDistance: moved, comparison, ...described }) => {
  const [k, l] = [kernelOf(shape, kernel), kernelOf(shape, reference)];

  test("is as far from the reference as numpy says", () => {
    expectClose(compareKernels(k, l), comparison);
    expectClose([relativeDistance(k, l)], [moved]);
  });

  test("is as far whatever its scale", () => {
    expectClose(compareKernels(scaled(k, 1e-6), l), comparison);
    expectClose(compareKernels(k, scaled(l, 1e6)), comparison);
  });

  test("the two distances are functions of the alignment", () => {
    const cosine = alignment(k, l);
    expectClose([normalizedDistance(k, l)], [Math.sqrt(2 - 2 * cosine)]);
    expectClose([scaledDistance(l, k)], [Math.sqrt(1 - cosine ** 2)]);
  });

  test("loses the mean of every row and column by centring", () => {
    const [n, a, m, b] = shape;
    const { data } = centered(k);
    const rowSums = new Float64Array(n * a);
    const columnSums = new Float64Array(m * b);
    data.forEach((entry, at) => {
      rowSums[Math.floor(at / (m * b))]! += entry;
      columnSums[at % (m * b)]! += entry;
    });
    for (const sum of [...rowSums, ...columnSums]) expect(Math.abs(sum)).toBeLessThan(1e-11);
  });

  test("is described as numpy does", () => {
    const { labels, classes, description, eigenvalues } = described;
    if (labels === undefined || classes === undefined) {
      expect(() => spectrum(k)).toThrow(
        new Error("spectrum: a kernel of 8 rows and 10 columns, expected a square one"),
      );
      return;
    }
    const { eigenvalues: found, ...rest } = describeKernel(k, labels, classes);
    expectClose(rest, description!);
    const largest = Math.max(...eigenvalues!.map(Math.abs));
    eigenvalues!.forEach((value, i) => expect(Math.abs(found[i]! - value)).toBeLessThan(1e-13 * largest));
    expect(found).toHaveLength(eigenvalues!.length);
  });
});

const [{ shape, kernel }] = cases as [Case];
const some = kernelOf(shape, kernel);

test("a kernel is at no distance from itself", () => {
  expect(compareKernels(some, some)).toEqual({
    normalizedDistance: 0,
    scaledDistance: 0,
    alignment: expect.closeTo(1, 14),
    centeredAlignment: expect.closeTo(1, 14),
    centeredAlignmentOfTrace: expect.closeTo(1, 14),
  });
  expect(relativeDistance(some, some)).toBe(0);
});

test("kernels that have nothing in common are √2 apart", () => {
  const [k, l] = [kernelOf([1, 2, 1, 2], [1, 0, 0, 0]), kernelOf([1, 2, 1, 2], [0, 0, 0, 5])];
  expect(normalizedDistance(k, l)).toBeCloseTo(Math.SQRT2, 15);
  expect(scaledDistance(k, l)).toBe(1);
  expect(alignment(k, l)).toBe(0);
});

test("distances of kernels that are almost equal keep their digits", () => {
  const [k, l] = [kernelOf([1, 2, 1, 2], [1, 0, 0, 1]), kernelOf([1, 2, 1, 2], [1, 1e-10, 1e-10, 1])];
  expect(normalizedDistance(k, l) / 1e-10).toBeCloseTo(1, 6);
  expect(scaledDistance(k, l) / 1e-10).toBeCloseTo(1, 6);
});

test("a kernel of zeros, and one that is the same everywhere, have no direction", () => {
  const zero = zeroKernel(6, 6, 2);
  expect(Object.values(compareKernels(zero, some))).toEqual([NaN, NaN, NaN, NaN, NaN]);
  const constant: Kernel = { shape: some.shape, data: some.data.map(() => 0.1) };
  expect(centeredAlignment(constant, some)).toBeNaN();
  expect(alignment(constant, some)).toBeGreaterThan(0);
});

test("the labels' kernel is centred one-hot times itself", () => {
  const { shape, data } = traceKernel(labelKernel([0, 1, 1], 2));
  expect(shape).toEqual([3, 1, 3, 1]);
  // y = (2/3, −2/3), (−1/3, 1/3), (−1/3, 1/3)
  [8, -4, -4, -4, 2, 2, -4, 2, 2].forEach((ninths, at) => expect(data[at]).toBeCloseTo(ninths / 9, 15));
});

test("a kernel that is the labels' is aligned with them, and labels of one class align with nothing", () => {
  const labels = [0, 1, 2, 2, 1];
  expect(labelAlignment(labelKernel(labels, 3), labels, 3)).toBeCloseTo(1, 14);
  expect(labelAlignment(traceKernel(labelKernel(labels, 3)), labels, 3)).toBeCloseTo(1, 14);
  expect(labelAlignment(some, [1, 1, 1, 1, 1, 1], 2)).toBeNaN();
});

test("ranks count directions by weight", () => {
  expect([effectiveRank([5, 0, 0]), participationRatio([5, 0, 0])]).toEqual([1, 1]);
  expect(effectiveRank([2, 2, 2, 2])).toBeCloseTo(4, 14);
  expect(participationRatio([2, 2, 2, 2])).toBe(4);
  expect([effectiveRank([0, 0]), participationRatio([0, 0])]).toEqual([0, 0]);
});

test.for<[string, () => unknown, string]>([
  [
    "shapes that differ",
    () => compareKernels(some, zeroKernel(6, 5, 2)),
    "comparison: kernels of shapes [6, 2, 6, 2] and [6, 2, 5, 2], expected the same",
  ],
  ["a label of no class", () => labelKernel([0, 2], 2), "label kernel: label 2 of input 1, expected 0 to 1"],
  ["a label that is no number", () => labelKernel([NaN], 2), "label kernel: label NaN of input 0, expected 0 to 1"],
  [
    "labels of fewer inputs",
    () => labelAlignment(some, [0, 1], 2),
    "comparison: kernels of shapes [6, 2, 6, 2] and [2, 2, 2, 2], expected the same",
  ],
  [
    "a kernel that is not symmetric",
    () => spectrum(kernelOf([1, 2, 1, 2], [2, 1, 0.5, 1])),
    "spectrum: entries across the diagonal differ by 0.500, the largest being 2.00, expected a symmetric kernel",
  ],
  [
    "a kernel with NaN",
    () => spectrum(kernelOf([2, 1, 2, 1], [2, NaN, NaN, 1])),
    "eigenvalues: NaN at [1, 0], expected a finite number",
  ],
])("%s: one line", ([, act, message], { expect }) => {
  expect(act).toThrow(new Error(message));
});

test("a kernel that is not symmetric is described by its singular values", () => {
  // KᵀK is [[25, 20], [20, 25]], whose eigenvalues are 45 and 5.
  const k = kernelOf([2, 1, 2, 1], [3, 0, 4, 5]);
  const [first, second] = singularValues(k);
  expectClose([first, second], [Math.sqrt(45), Math.sqrt(5)]);
  const described = describeKernel(k, [0, 1], 2, false);
  expectClose(described.eigenvalues, [Math.sqrt(45), Math.sqrt(5)]);
  expectClose([described.participationRatio, described.trace], [(3 + 1) ** 2 / (9 + 1), 8]);
  expect(() => describeKernel(k, [0, 1], 2)).toThrow("expected a symmetric kernel");
  const even = kernelOf([2, 1, 2, 1], [1, 2, 2, 1]);
  expectClose(singularValues(even), [3, 1]);
  expectClose(spectrum(even), [3, -1]);
});

test("the norm is that of all entries", () => {
  expect(frobeniusNorm(kernelOf([1, 2, 1, 2], [1, -2, 2, 4]))).toBe(5);
});
