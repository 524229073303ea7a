/** Problems of random Jacobians, with what scikit-learn and scipy make of them, for the tests of kernel classifiers. */
import reference from "../../../test/fixtures/kernel-classifiers.json" with { type: "json" };
import { random } from "../../tensor/random.ts";
import { type Kernel, zeroKernel } from "../kernel.ts";
import type { Problem } from "./classifier.ts";
import type { ConvexFunction } from "./newton.ts";

/** [inputs, outputs, parameters] */
export type Jacobians = readonly (readonly (readonly number[])[])[];

export function kernelOf(rows: Jacobians, columns: Jacobians): Kernel {
  const kernel = zeroKernel(rows.length, columns.length, rows[0]!.length);
  const [left, right] = [rows.flat(), columns.flat()];
  left.forEach((x, i) =>
    right.forEach((y, j) => {
      kernel.data[i * right.length + j] = x.reduce((sum, value, k) => sum + value * y[k]!, 0);
    }),
  );
  return kernel;
}

export interface Case {
  readonly name: string;
  readonly problem: Problem;
  /** The same with f⁰. */
  readonly offset: Problem;
  /** Between the test inputs and those of training. */
  readonly kernel: Kernel;
  readonly initial: Float64Array;
  readonly expected: (typeof reference)[number];
}

export const cases: readonly Case[] = reference.map((expected) => {
  const problem: Problem = {
    kernel: kernelOf(expected.train, expected.train),
    labels: Int32Array.from(expected.labels),
    classes: expected.classes,
  };
  return {
    name: expected.name,
    problem,
    offset: { ...problem, initial: Float64Array.from(expected.initial.flat()) },
    kernel: kernelOf(expected.test, expected.train),
    initial: Float64Array.from(expected.initial_test.flat()),
    expected,
  };
});

/** The value of each output, from scores: of one output, f₁ − f₀. */
export function outputsOf(scores: Float64Array, outputs: number): number[] {
  if (outputs > 1) return [...scores];
  return Array.from({ length: scores.length / 2 }, (_, i) => scores[2 * i + 1]! - scores[2 * i]!);
}

/**
 * At a random point x of size `size`, by differences of a function alone: −H·step along a random direction, which should be
 * the slope in that direction, and the slope along Newton's step.
 */
export function newtonByDifferences(
  f: ConvexFunction,
  length: number,
  size: number,
): { atDirection: number; wanted: number; slope: number; wantedSlope: number } {
  const { normal } = random(length, "differences");
  const draw = () => Float64Array.from({ length }, () => 0.2 * size * normal());
  const [x, e] = [draw(), draw()];
  const { step, slope } = f.step(x);
  const h = 1e-3;
  const at = (alongStep: number, alongE: number) =>
    f.at(x.map((value, i) => value + h * (alongStep * step[i]! + alongE * e[i]!)));
  return {
    atDirection: -(at(1, 1) - at(1, -1) - at(-1, 1) + at(-1, -1)) / (4 * h * h),
    wanted: (at(0, 1) - at(0, -1)) / (2 * h),
    slope,
    wantedSlope: (at(1, 0) - at(-1, 0)) / (2 * h),
  };
}

/** A multiple of a kernel. */
export function scaled(kernel: Kernel, factor: number): Kernel {
  return { shape: kernel.shape, data: kernel.data.map((value) => value * factor) };
}

/**
 * Training inputs and new ones of `classes` classes far apart, of `perClass` each, in order 0, 1, …, 0, 1, …: output a is
 * linear in the input with parameters of its own, and inputs lie near their class's corner. One output of two classes has
 * corners 1 and −1.
 */
export function separable(classes: number, outputs: number, perClass: number): { problem: Problem; kernel: Kernel } {
  const { normal } = random(classes, "separable");
  const labels = Int32Array.from({ length: classes * perClass }, (_, i) => i % classes);
  const jacobians = () =>
    [...labels].map((label) => {
      if (outputs === 1) return [[(label === 1 ? 1 : -1) + 0.1 * normal()]];
      const x = Array.from({ length: classes }, (_, c) => Number(c === label) + 0.1 * normal());
      return x.map((_, a) => x.flatMap((_, block) => x.map((value) => (block === a ? value : 0))));
    });
  const [train, test] = [jacobians(), jacobians()];
  return { problem: { kernel: kernelOf(train, train), labels, classes }, kernel: kernelOf(test, train) };
}
