/** Meanings of the primitives that sum, normalise or count along axes. */
import type { Primitive } from "../../graph/primitive.ts";
import type { Value } from "../../graph/value.ts";
import { axisFromFront } from "../../tensor/shape.ts";
import { accumulate, array64, type Array64, build, read } from "../array.ts";
import type { Meaning, Meanings } from "./meaning.ts";

/** Applies `f` to each run of the last axis. */
const rowwise =
  (f: (row: Float64Array) => ArrayLike<number>): Meaning<Primitive> =>
  ([x]) => {
    const n = x!.shape.at(-1)!;
    const result = array64(x!.shape);
    for (let i = 0; i < x!.data.length; i += n) result.data.set(f(x!.data.subarray(i, i + n)), i);
    return result;
  };

/** What `f` makes of each run of the last axis. */
const lastToOne =
  (f: (row: Float64Array) => number): Meaning<Primitive> =>
  ([x]) => {
    const n = x!.shape.at(-1)!;
    const result = array64(x!.shape.with(-1, 1));
    for (let i = 0; i < result.data.length; i++) result.data[i] = f(x!.data.subarray(i * n, (i + 1) * n));
    return result;
  };

const total = (row: Float64Array) => row.reduce((a, b) => a + b, 0);
const average = (row: Float64Array) => total(row) / row.length;
const rootMeanSquare = (row: Float64Array, epsilon: number) =>
  Math.sqrt(row.reduce((sum, n) => sum + n * n, 0) / row.length + epsilon);
const deviation = (row: Float64Array, epsilon: number) => {
  const mean = average(row);
  return Math.sqrt(row.reduce((a, b) => a + (b - mean) ** 2, 0) / row.length + epsilon);
};
const largest = (row: Float64Array) => row.reduce((a, b) => Math.max(a, b), -Infinity);
const logSumExp = (row: Float64Array) => {
  const max = largest(row);
  return max + Math.log(row.reduce((a, b) => a + Math.exp(b - max), 0));
};

function reduceSum(x: Array64, { attrs }: Value<"sum"> | Value<"mean">): Array64 {
  const axes = new Set(attrs.axes.map((axis) => axisFromFront(axis, x.shape.length)));
  const kept = array64(x.shape.map((n, axis) => (axes.has(axis) ? 1 : n)));
  build(x.shape, (index) => {
    accumulate(
      kept,
      index.map((i, axis) => (axes.has(axis) ? 0 : i)),
      read(x, index),
    );
    return 0;
  });
  return attrs.keepDims
    ? kept
    : array64(
        x.shape.filter((_, axis) => !axes.has(axis)),
        kept.data,
      );
}

const countAlong = (x: Array64, axes: readonly number[]) =>
  axes.reduce((n, axis) => n * x.shape[axisFromFront(axis, x.shape.length)]!, 1);

export const reduction: Meanings<
  | "count"
  | "cumsum"
  | "sum"
  | "mean"
  | "softmax"
  | "negativeLogLikelihood"
  | "layerNorm"
  | "inverseStd"
  | "rmsNorm"
  | "inverseRms"
> = {
  count: ([x], { attrs }) => array64([], [countAlong(x!, attrs.axes)]),
  cumsum: ([x], { attrs }) => {
    const axis = axisFromFront(attrs.axis, x!.shape.length);
    return build(x!.shape, (index) => {
      let sum = 0;
      for (let i = 0; i <= index[axis]!; i++) sum += read(x!, index.with(axis, i));
      return sum;
    });
  },

  sum: ([x], value) => reduceSum(x!, value),
  mean: ([x], value) => {
    const sums = reduceSum(x!, value);
    return array64(
      sums.shape,
      sums.data.map((s) => s / countAlong(x!, value.attrs.axes)),
    );
  },

  softmax: rowwise((row) => {
    const powers = row.map((x) => Math.exp(x - largest(row)));
    return powers.map((power) => power / total(powers));
  }),
  negativeLogLikelihood: ([x, index]) => {
    const n = x!.shape.at(-1)!;
    const row = (i: number) => x!.data.subarray(i * n, (i + 1) * n);
    return array64(
      index!.shape,
      index!.data.map((label, i) => logSumExp(row(i)) - row(i)[label]!),
    );
  },
  layerNorm: ([x, scale, shift], value) =>
    rowwise((row) => {
      const mean = average(row);
      const std = deviation(row, value.attrs.epsilon);
      return row.map((n, i) => ((n - mean) / std) * scale!.data[i]! + shift!.data[i]!);
    })([x!], value),
  inverseStd: (operands, value) => lastToOne((row) => 1 / deviation(row, value.attrs.epsilon))(operands, value),
  rmsNorm: ([x, scale], value) =>
    rowwise((row) => {
      const rms = rootMeanSquare(row, value.attrs.epsilon);
      return row.map((n, i) => (n / rms) * scale!.data[i]!);
    })([x!], value),
  inverseRms: (operands, value) => lastToOne((row) => 1 / rootMeanSquare(row, value.attrs.epsilon))(operands, value),
};
