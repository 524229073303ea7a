/** Random inputs for graphs under test: each drawn input remembers the array it is fed. */
import { input } from "../src/graph/ops.ts";
import type { Shape, ValueType } from "../src/graph/primitive.ts";
import type { Value } from "../src/graph/value.ts";
import { array64, type Array64 } from "../src/interpret/array.ts";
import { random } from "../src/tensor/random.ts";
import { sizeOf } from "../src/tensor/shape.ts";
import { type Tensor, tensor } from "../src/tensor/tensor.ts";

export interface Draw {
  readonly feeds: Record<string, Array64>;
  readonly types: Record<string, ValueType>;
  /** A whole number from `from` to `to`, both included. */
  size(from?: number, to?: number): number;
  coin(): boolean;
  /** Some distinct indices below `bound`, in random order or as a run. */
  indices(bound: number): number[];
  shape(rank: number): number[];
  normal(shape: readonly number[]): Value;
  /** Between 0.5 and 2. */
  positive(shape: readonly number[]): Value;
  /** Away from 0, where a kink may be. */
  awayFromZero(shape: readonly number[]): Value;
  index(shape: readonly number[], bound: number): Value;
  /** Distinct indices below `bound`, as a vector. */
  distinct(bound: number): Value;
  bool(shape: readonly number[]): Value;
  /** Codes of quantised numbers. */
  int8(shape: readonly number[], largest?: number): Value;
  uint8(shape: readonly number[], largest?: number): Value;
}

/**
 * @param symbolic whether the inputs' sizes are declared by name, so that the same graph would serve every size.
 */
export function draw(seed: number, symbolic = false): Draw {
  const stream = random(seed, "draw");
  const feeds: Record<string, Array64> = {};
  const types: Record<string, ValueType> = {};
  const size = (from = 1, to = 5) => from + stream.integer(to - from + 1);
  const named = (shape: readonly number[]): Shape => (symbolic ? shape.map((n) => (n === 1 ? 1 : `n${n}`)) : shape);
  const make = (shape: readonly number[], type: ValueType, next: () => number) => {
    const name = `x${Object.keys(feeds).length}`;
    // Rounded to float32, so that both sides start from the same numbers.
    feeds[name] = array64(
      shape,
      Float64Array.from({ length: sizeOf(shape) }, () => Math.fround(next())),
    );
    types[name] = type;
    return input(name, type === "float32" ? named(shape) : shape, type);
  };
  return {
    feeds,
    types,
    size,
    coin: () => stream.uniform() < 0.5,
    indices(bound) {
      const count = size(1, bound);
      const start = stream.integer(bound - count + 1);
      return stream.uniform() < 0.5
        ? [...stream.permutation(bound).slice(0, count)]
        : Array.from({ length: count }, (_, i) => start + i);
    },
    shape: (rank) => Array.from({ length: rank }, () => size()),
    normal: (shape) => make(shape, "float32", stream.normal),
    positive: (shape) => make(shape, "float32", () => 0.5 + 1.5 * stream.uniform()),
    awayFromZero: (shape) => make(shape, "float32", () => (stream.uniform() < 0.5 ? -1 : 1) * (0.5 + stream.uniform())),
    index: (shape, bound) => make(shape, "int64", () => stream.integer(bound)),
    distinct: (bound) => {
      const order = [...stream.permutation(bound).slice(0, size(1, bound))];
      return make([order.length], "int64", () => order.pop()!);
    },
    bool: (shape) => make(shape, "bool", () => Number(stream.uniform() < 0.5)),
    int8: (shape, largest = 127) => make(shape, "int8", () => stream.integer(2 * largest + 1) - largest),
    uint8: (shape, largest = 255) => make(shape, "uint8", () => stream.integer(largest + 1)),
  };
}

const fromArray: { readonly [T in ValueType]: (x: Array64) => Tensor } = {
  float32: (x) => tensor("float32", x.shape, Float32Array.from(x.data)),
  int64: (x) => tensor("int64", x.shape, BigInt64Array.from(x.data, BigInt)),
  bool: (x) => tensor("bool", x.shape, Uint8Array.from(x.data)),
  int8: (x) => tensor("int8", x.shape, Int8Array.from(x.data)),
  uint8: (x) => tensor("uint8", x.shape, Uint8Array.from(x.data)),
};

/** What was drawn, as tensors for the runtime. */
export function tensorsOf({ feeds, types }: Draw): Record<string, Tensor> {
  return Object.fromEntries(Object.entries(feeds).map(([name, x]) => [name, fromArray[types[name]!](x)]));
}

/** The largest difference, relative to the largest magnitude of `expected` (at least 1). */
export function worstDifference(actual: ArrayLike<number | bigint>, expected: ArrayLike<number>): number {
  let worst = 0;
  let scale = 1;
  for (let i = 0; i < expected.length; i++) {
    worst = Math.max(worst, Math.abs(Number(actual[i]) - expected[i]!));
    scale = Math.max(scale, Math.abs(expected[i]!));
  }
  return Number.isNaN(worst) || actual.length !== expected.length ? Infinity : worst / scale;
}
