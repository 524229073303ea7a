/** The words models are written in: one function a primitive, and the few phrases composed of them. */
import { sameShape } from "../tensor/shape.ts";
import type { Dim, Shape, ValueType } from "./primitive.ts";
import { apply, type Value } from "./value.ts";

/** A number where a value is expected stands for the constant of the other operand's type. */
export type Scalar = Value | number;

export function input(name: string, shape: Shape, type: ValueType = "float32"): Value<"input"> {
  return apply("input", [], { name, shape, type });
}

export function constant(value: number, type: ValueType = "float32", shape: readonly number[] = []): Value<"constant"> {
  // A constant zero has no sign, so that equal constants may become one.
  return apply("constant", [], { value: value === 0 ? 0 : value, type, shape });
}

export const vector = (values: readonly number[]): Value => apply("vector", [], { values });

/** `value` everywhere, shaped as `like`. */
export function fill(value: number, like: Value): Value {
  const { shape, type } = like;
  return shape.every((n) => typeof n === "number")
    ? constant(value, type, shape as readonly number[])
    : expand(constant(value, type), like);
}

function pair(a: Scalar, b: Scalar): [Value, Value] {
  if (typeof a === "number") return typeof b === "number" ? [constant(a), constant(b)] : [constant(a, b.type), b];
  return [a, typeof b === "number" ? constant(b, a.type) : b];
}

export const add = (a: Scalar, b: Scalar): Value => apply("add", pair(a, b), null);
export const sub = (a: Scalar, b: Scalar): Value => apply("sub", pair(a, b), null);
export const mul = (a: Scalar, b: Scalar): Value => apply("mul", pair(a, b), null);
export const div = (a: Scalar, b: Scalar): Value => apply("div", pair(a, b), null);
export const equal = (a: Scalar, b: Scalar): Value => apply("equal", pair(a, b), null);
export const greater = (a: Scalar, b: Scalar): Value => apply("greater", pair(a, b), null);
export const select = (condition: Value, a: Scalar, b: Scalar): Value =>
  apply("select", [condition, ...pair(a, b)], null);

export const neg = (x: Value): Value => apply("neg", [x], null);
export const exp = (x: Value): Value => apply("exp", [x], null);
export const log = (x: Value): Value => apply("log", [x], null);
export const sqrt = (x: Value): Value => apply("sqrt", [x], null);
export const tanh = (x: Value): Value => apply("tanh", [x], null);
export const cos = (x: Value): Value => apply("cos", [x], null);
export const sin = (x: Value): Value => apply("sin", [x], null);
export const erf = (x: Value): Value => apply("erf", [x], null);
export const sigmoid = (x: Value): Value => apply("sigmoid", [x], null);
export const relu = (x: Value): Value => apply("relu", [x], null);
export const gelu = (x: Value): Value => apply("gelu", [x], null);
export const silu = (x: Value): Value => apply("silu", [x], null);
export const cast = (x: Value, to: ValueType): Value => (x.type === to ? x : apply("cast", [x], { to }));
export const stopGradient = (x: Value): Value => apply("stopGradient", [x], null);
export const after = (x: Value, other: Value): Value => apply("after", [x, other], null);
export const cumsum = (x: Value, axis: number): Value => apply("cumsum", [x], { axis });
export const iota = (x: Value, axis: number): Value => apply("iota", [x], { axis });
export const count = (x: Value, axes: readonly number[]): Value => apply("count", [x], { axes });

export const sum = (x: Value, axes: readonly number[], keepDims = false): Value =>
  apply("sum", [x], { axes, keepDims });
export const mean = (x: Value, axes: readonly number[], keepDims = false): Value =>
  apply("mean", [x], { axes, keepDims });
/** The axes of x, all but the last `except`. */
export const axesOf = (x: Value, except = 0): number[] =>
  Array.from({ length: x.shape.length - except }, (_, axis) => axis);

export const expand = (x: Value, like: Value): Value =>
  sameShape(x.shape, like.shape) ? x : apply("expand", [x, like], null);
export const transpose = (x: Value, perm: readonly number[]): Value => apply("transpose", [x], { perm });
export const unsqueeze = (x: Value, axis: number): Value => apply("unsqueeze", [x], { axis });
export const squeeze = (x: Value, axis: number): Value => apply("squeeze", [x], { axis });
export const splitHeads = (x: Value, heads: number): Value => apply("splitHeads", [x], { heads });
export const mergeHeads = (x: Value): Value => apply("mergeHeads", [x], null);
export const splitAxis = (x: Value, axis: number, inner: number): Value => apply("splitAxis", [x], { axis, inner });
export const mergeAxes = (x: Value, axis: number): Value => apply("mergeAxes", [x], { axis });

export const unpad = (x: Value, mask: Value, tokens: Dim): Value => apply("unpad", [x, mask], { tokens });
export const pad = (x: Value, mask: Value): Value => apply("pad", [x, mask], null);
export const unpadHeads = (x: Value, mask: Value, tokens: Dim): Value => apply("unpadHeads", [x, mask], { tokens });
export const padHeads = (x: Value, mask: Value, heads: number): Value => apply("padHeads", [x, mask], { heads });

export const skew = (x: Value): Value => apply("skew", [x], null);
export const unskew = (x: Value): Value => apply("unskew", [x], null);

export const concat = (a: Value, b: Value, axis: number): Value => apply("concat", [a, b], { axis });
export const slice = (x: Value, axis: number, start: number, end: number | null = null): Value =>
  apply("slice", [x], { axis, start, end });
/** The first slices of x along `axis`, as many as `like` has along `likeAxis`, which is the same unless given. */
export const firstLike = (x: Value, axis: number, like: Value, likeAxis: number = axis): Value =>
  apply("sliceLike", [x, like], { axis, likeAxis, side: "first" });
/** The slices after {@link firstLike}. */
export const restLike = (x: Value, axis: number, like: Value, likeAxis: number = axis): Value =>
  apply("sliceLike", [x, like], { axis, likeAxis, side: "rest" });
export const take = (x: Value, axis: number, indices: readonly number[]): Value =>
  apply("take", [x], { axis, indices });
export const put = (x: Value, like: Value, axis: number, indices: readonly number[]): Value =>
  apply("put", [x, like], { axis, indices });
export const replace = (
  base: Value,
  slices: Value,
  axis: number,
  indices: readonly number[],
  within: readonly number[] | null = null,
): Value => apply("replace", [base, slices], { axis, indices, within });
export const takeEntries = (x: Value, index: Value): Value => apply("takeEntries", [x, index], null);
export const replaceEntries = (base: Value, values: Value, index: Value): Value =>
  apply("replaceEntries", [base, values, index], null);
export const gather = (table: Value, index: Value): Value => apply("gather", [table, index], null);
export const scatterAdd = (x: Value, index: Value, like: Value): Value => apply("scatterAdd", [x, index, like], null);
export const gatherRows = (x: Value, index: Value): Value => apply("gatherRows", [x, index], null);
export const scatterRows = (x: Value, index: Value, like: Value): Value => apply("scatterRows", [x, index, like], null);
export const minusOneHot = (x: Value, index: Value): Value => apply("minusOneHot", [x, index], null);

/** a·b over the last two axes, either read transposed. */
export const matmul = (
  a: Value,
  b: Value,
  { transposeA = false, transposeB = false }: { transposeA?: boolean; transposeB?: boolean } = {},
): Value => apply("matmul", [a, b], { transposeA, transposeB });
export const linear = (x: Value, weight: Value, bias: Value): Value => apply("linear", [x, weight, bias], null);
export const contract = (a: Value, b: Value): Value => apply("contract", [a, b], null);

export const codeScale = (x: Value, reach: number): Value => apply("codeScale", [x], { reach });
export const encode = (x: Value, scale: Value, zero: number): Value => apply("encode", [x, scale], { zero });
export const integerMatmul = (a: Value, b: Value, scale: Scalar, zero: number): Value =>
  apply("integerMatmul", [a, b, typeof scale === "number" ? constant(scale) : scale], { zero });
export const dequantize = (codes: Value, scale: Value, zero: number): Value =>
  apply("dequantize", [codes, scale], { zero });
export const halfBytes = (x: Value): Value => apply("halfBytes", [x], null);

export const softmax = (x: Value): Value => apply("softmax", [x], null);
export const negativeLogLikelihood = (x: Value, index: Value): Value =>
  apply("negativeLogLikelihood", [x, index], null);
export const layerNorm = (x: Value, scale: Value, shift: Value, epsilon: number): Value =>
  apply("layerNorm", [x, scale, shift], { epsilon });
export const inverseStd = (x: Value, epsilon: number): Value => apply("inverseStd", [x], { epsilon });
export const rmsNorm = (x: Value, scale: Value, epsilon: number): Value => apply("rmsNorm", [x, scale], { epsilon });
export const inverseRms = (x: Value, epsilon: number): Value => apply("inverseRms", [x], { epsilon });
export const rotate = (x: Value, cos: Value, sin: Value, interleaved = false): Value =>
  apply("rotate", [x, cos, sin], { interleaved });

/** x summed over the axes along which `shape` was broadcast to x's: the adjoint of broadcasting. */
export function sumTo(x: Value, shape: Shape): Value {
  if (sameShape(x.shape, shape)) return x;
  const added = x.shape.length - shape.length;
  const leading = Array.from({ length: added }, (_, axis) => axis);
  const rest = added > 0 ? sum(x, leading) : x;
  const stretched = shape.flatMap((n, axis) => (n === 1 && rest.shape[axis] !== 1 ? [axis] : []));
  return stretched.length > 0 ? sum(rest, stretched, true) : rest;
}
