/** The table of shapes: what each primitive makes of its operands' shapes and types, and its complaints. */
import { axisFromFront, formatShape, sameShape } from "../tensor/shape.ts";
import { minus, plus } from "./dim.ts";
import type { Attrs, Dim, Operands, Primitive, Shape, ValueType } from "./primitive.ts";
import type { Value } from "./value.ts";

interface Signature {
  readonly shape: Shape;
  readonly type: ValueType;
}
type ShapeRule<P extends Primitive> = (operands: Operands<P>, attrs: Attrs<P>) => Signature;

/** The shape that values of shapes a and b broadcast to; a name never broadcasts against a number other than 1. */
export function broadcast(op: string, a: Shape, b: Shape): Shape {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis): Dim => {
    const m = a[axis - rank + a.length] ?? 1;
    const n = b[axis - rank + b.length] ?? 1;
    if (m !== n && m !== 1 && n !== 1) throw mismatch(op, a, b);
    return m === 1 ? n : m;
  });
}

function mismatch(op: string, ...shapes: readonly Shape[]): Error {
  return new Error(`${op}: the shapes ${shapes.map(formatShape).join(" and ")} do not fit`);
}

function require(condition: boolean, op: string, ...operands: readonly Value[]): void {
  if (!condition) throw mismatch(op, ...operands.map((x) => x.shape));
}

function numberType(op: string, ...operands: readonly Value[]): ValueType {
  const type = operands[0]!.type;
  if (operands.some((x) => x.type !== type))
    throw new Error(`${op}: the types ${operands.map((x) => x.type).join(" and ")} differ`);
  return type;
}

function requireTypes(op: string, operands: readonly Value[], types: readonly ValueType[]): void {
  if (operands.some((x, i) => x.type !== types[i]))
    throw new Error(`${op}: the types ${operands.map((x) => x.type).join(" and ")}, expected ${types.join(" and ")}`);
}

const same = ({ shape, type }: Value): Signature => ({ shape, type });
const unary = ([x]: [Value]): Signature => same(x);
const arithmetic =
  (op: string) =>
  ([a, b]: [Value, Value]): Signature => ({ shape: broadcast(op, a.shape, b.shape), type: numberType(op, a, b) });
const comparison =
  (op: string) =>
  (operands: [Value, Value]): Signature => ({ ...arithmetic(op)(operands), type: "bool" });

function reduced({ shape, type }: Value, { axes, keepDims }: Attrs<"sum">): Signature {
  const gone = new Set(axes.map((axis) => axisFromFront(axis, shape.length)));
  return { shape: shape.flatMap((n, axis): Dim[] => (gone.has(axis) ? (keepDims ? [1] : []) : [n])), type };
}

/** `shape` with `size` in place of its axis. */
export function withAxis(shape: Shape, axis: number, size: Dim): Shape {
  const counted = axisFromFront(axis, shape.length);
  return shape.map((n, i) => (i === counted ? size : n));
}

/** The other axis of a matrix. */
export const otherAxis = (axis: number): number => 1 - axisFromFront(axis, 2);

function selection(op: string, { shape }: Value, { axis, indices }: Attrs<"take">): Shape {
  const size = shape[axisFromFront(axis, shape.length)]!;
  if (indices.length === 0) throw new Error(`${op}: no indices along axis ${axis} of ${formatShape(shape)}`);
  const outside = indices.find((i) => i < 0 || (typeof size === "number" && i >= size));
  if (outside !== undefined)
    throw new Error(`${op}: index ${outside} is outside axis ${axis} of ${formatShape(shape)}`);
  return withAxis(shape, axis, indices.length);
}

export const shapes: { readonly [P in Primitive]: ShapeRule<P> } = {
  input: (_, { shape, type }) => ({ shape, type }),
  constant: (_, { shape, type }) => ({ shape, type }),
  vector: (_, { values }) => ({ shape: [values.length], type: "float32" }),
  iota: ([x], { axis }) => ({ shape: [x.shape[axisFromFront(axis, x.shape.length)]!], type: "int64" }),
  count: () => ({ shape: [], type: "float32" }),

  add: arithmetic("add"),
  sub: arithmetic("sub"),
  mul: arithmetic("mul"),
  div: arithmetic("div"),
  equal: comparison("equal"),
  greater: comparison("greater"),
  select: ([condition, a, b]) => ({
    shape: broadcast("select", condition.shape, broadcast("select", a.shape, b.shape)),
    type: numberType("select", a, b),
  }),

  neg: unary,
  exp: unary,
  log: unary,
  sqrt: unary,
  cos: unary,
  sin: unary,
  tanh: unary,
  erf: unary,
  sigmoid: unary,
  relu: unary,
  gelu: unary,
  silu: unary,
  cast: ([x], { to }) => ({ shape: x.shape, type: to }),
  stopGradient: unary,
  after: ([x]) => same(x),
  cumsum: unary,

  sum: ([x], attrs) => reduced(x, attrs),
  mean: ([x], attrs) => reduced(x, attrs),

  expand: ([x, like]) => {
    require(sameShape(broadcast("expand", x.shape, like.shape), like.shape), "expand", x, like);
    return { shape: like.shape, type: x.type };
  },
  transpose: ([x], { perm }) => {
    require(sameShape(perm.toSorted(), [...x.shape.keys()]), `transpose by ${perm.join(" ")}`, x);
    return { shape: perm.map((axis) => x.shape[axis]!), type: x.type };
  },
  unsqueeze: ([x], { axis }) => {
    const at = axisFromFront(axis, x.shape.length + 1);
    return { shape: [...x.shape.slice(0, at), 1, ...x.shape.slice(at)], type: x.type };
  },
  squeeze: ([x], { axis }) => {
    const at = axisFromFront(axis, x.shape.length);
    require(x.shape[at] === 1, "squeeze", x);
    return { shape: x.shape.filter((_, i) => i !== at), type: x.type };
  },
  splitHeads: ([x], { heads }) => {
    const [batch, sequence, width] = x.shape as [Dim, Dim, Dim];
    require(x.shape.length === 3 && typeof width === "number" && width % heads === 0, "splitHeads", x);
    return { shape: [batch, heads, sequence, (width as number) / heads], type: x.type };
  },
  mergeHeads: ([x]) => {
    const [batch, heads, sequence, width] = x.shape as [Dim, Dim, Dim, Dim];
    require(x.shape.length === 4 && typeof heads === "number" && typeof width === "number", "mergeHeads", x);
    return { shape: [batch, sequence, (heads as number) * (width as number)], type: x.type };
  },

  splitAxis: ([x], { axis, inner }) => {
    const at = axisFromFront(axis, x.shape.length);
    const size = x.shape[at];
    require(typeof size === "number" && size % inner === 0, "splitAxis", x);
    return { shape: x.shape.toSpliced(at, 1, Number(size) / inner, inner), type: x.type };
  },
  mergeAxes: ([x], { axis }) => {
    const at = axisFromFront(axis, x.shape.length);
    const [outer, inner] = x.shape.slice(at, at + 2);
    require(typeof outer === "number" && typeof inner === "number", "mergeAxes", x);
    return { shape: x.shape.toSpliced(at, 2, Number(outer) * Number(inner)), type: x.type };
  },

  unpad: ([x, mask], { tokens }) => {
    require(mask.shape.length === 2 && sameShape(x.shape.slice(0, 2), mask.shape), "unpad", x, mask);
    return { shape: [1, tokens, ...x.shape.slice(2)], type: x.type };
  },
  pad: ([x, mask]) => {
    require(mask.shape.length === 2 && x.shape.length >= 2 && x.shape[0] === 1, "pad", x, mask);
    return { shape: [...mask.shape, ...x.shape.slice(2)], type: x.type };
  },
  unpadHeads: ([x, mask], attrs) => shapes.unpad([{ ...x, ...shapes.mergeHeads([x], null) }, mask], attrs),
  padHeads: ([x, mask], attrs) => shapes.splitHeads([{ ...x, ...shapes.pad([x, mask], null) }], attrs),

  skew: ([x]) => {
    const [rows, columns] = matrixOf(x, false);
    const left = minus(columns, rows);
    require(typeof left !== "number" || left > 0, "skew", x);
    return { shape: withAxis(x.shape, -1, left), type: x.type };
  },
  unskew: ([x]) => ({ shape: withAxis(x.shape, -1, plus(...matrixOf(x, false))), type: x.type }),

  concat: ([a, b], { axis }) => {
    const at = axisFromFront(axis, a.shape.length);
    require(sameShape(withAxis(a.shape, at, 0), withAxis(b.shape, at, 0)), "concat", a, b);
    return { shape: withAxis(a.shape, at, plus(a.shape[at]!, b.shape[at]!)), type: numberType("concat", a, b) };
  },
  slice: ([x], { axis, start, end }) => {
    const at = axisFromFront(axis, x.shape.length);
    const size = x.shape[at]!;
    require(start >= 0 && (end === null || (end > start && (typeof size !== "number" || end <= size))), "slice", x);
    return { shape: withAxis(x.shape, at, end === null ? plus(size, -start) : end - start), type: x.type };
  },
  sliceLike: ([x, like], { axis, likeAxis, side }) => {
    const at = axisFromFront(axis, x.shape.length);
    const first = like.shape[axisFromFront(likeAxis, like.shape.length)]!;
    const size = side === "first" ? first : minus(x.shape[at]!, first);
    require(typeof size !== "number" || (size > 0 && !(size > Number(x.shape[at]))), "sliceLike", x, like);
    return { shape: withAxis(x.shape, at, size), type: x.type };
  },
  take: ([x], attrs) => ({ shape: selection("take", x, attrs), type: x.type }),
  put: ([x, like], attrs) => {
    require(sameShape(x.shape, selection("put", like, attrs)), "put", x, like);
    return { shape: like.shape, type: x.type };
  },
  replace: ([base, slices], attrs) => {
    const { axis, within } = attrs;
    const whole = selection("replace", base, attrs);
    if (within) require(base.shape.length === 2, "replace", base, slices);
    const cut = within ? withAxis(whole, otherAxis(axis), within.length) : whole;
    require(sameShape(slices.shape, cut), "replace", base, slices);
    return { shape: base.shape, type: numberType("replace", base, slices) };
  },
  takeEntries: ([x, index]) => ({ shape: index.shape, type: x.type }),
  replaceEntries: ([base, values, index]) => {
    require(index.shape.length === 1 && sameShape(values.shape, index.shape), "replaceEntries", base, values, index);
    return { shape: base.shape, type: numberType("replaceEntries", base, values) };
  },
  gather: ([table, index]) => ({ shape: [...index.shape, ...table.shape.slice(1)], type: table.type }),
  scatterAdd: ([x, index, like]) => {
    require(sameShape(x.shape, [...index.shape, ...like.shape.slice(1)]), "scatterAdd", x, index, like);
    return same(like);
  },
  gatherRows: ([x, index]) => ({ shape: [...index.shape, x.shape.at(-1)!], type: x.type }),
  scatterRows: ([x, index, like]) => {
    require(sameShape(x.shape, [...index.shape, like.shape.at(-1)!]), "scatterRows", x, index, like);
    return same(like);
  },
  minusOneHot: ([x, index]) => {
    require(sameShape(x.shape.slice(0, -1), index.shape), "minusOneHot", x, index);
    return same(x);
  },

  matmul: ([a, b], { transposeA, transposeB }) => {
    require(a.shape.length >= 2 && b.shape.length >= 2, "matmul", a, b);
    const [m, k] = matrixOf(a, transposeA);
    const [inner, n] = matrixOf(b, transposeB);
    const [before, after] = [a.shape.slice(0, -2), b.shape.slice(0, -2)];
    const fits = after.every((size, axis) => size === before[axis] || size === 1 || before[axis] === 1);
    require(k === inner && (after.length === 0 || (after.length === before.length && fits)), "matmul", a, b);
    return { shape: [...broadcast("matmul", before, after), m, n], type: numberType("matmul", a, b) };
  },
  linear: ([x, weight, bias]) => {
    const [out, inner] = weight.shape as [Dim, Dim];
    require(weight.shape.length === 2 &&
      x.shape.at(-1) === inner &&
      sameShape(bias.shape, [out]), "linear", x, weight, bias);
    return { shape: [...x.shape.slice(0, -1), out], type: numberType("linear", x, weight, bias) };
  },
  contract: ([a, b]) => {
    require(a.shape.length >= 2 && sameShape(a.shape.slice(0, -1), b.shape.slice(0, -1)), "contract", a, b);
    return { shape: [a.shape.at(-1)!, b.shape.at(-1)!], type: numberType("contract", a, b) };
  },

  codeScale: ([x]) => ({ shape: withAxis(x.shape, -1, 1), type: x.type }),
  encode: ([x, scale]) => {
    require(sameShape(scale.shape, withAxis(x.shape, -1, 1)), "encode", x, scale);
    return { shape: x.shape, type: "uint8" };
  },
  integerMatmul: ([a, b, scale]) => {
    const [inner, n] = b.shape as [Dim, Dim];
    const fits = scale.shape.length === 0 || sameShape(scale.shape, [n]);
    require(b.shape.length === 2 && a.shape.at(-1) === inner && fits, "integerMatmul", a, b, scale);
    requireTypes("integerMatmul", [a, b, scale], ["uint8", "int8", "float32"]);
    return { shape: withAxis(a.shape, -1, n), type: "float32" };
  },
  dequantize: ([codes, scale]) => {
    require(sameShape(scale.shape, codes.shape.slice(0, -1)), "dequantize", codes, scale);
    return { shape: codes.shape, type: "float32" };
  },
  halfBytes: ([x]) => {
    requireTypes("halfBytes", [x], ["uint8"]);
    return { shape: withAxis(x.shape, -1, 2 * Number(x.shape.at(-1))), type: "uint8" };
  },

  softmax: unary,
  negativeLogLikelihood: ([x, index]) => {
    require(sameShape(x.shape.slice(0, -1), index.shape), "negativeLogLikelihood", x, index);
    return { shape: index.shape, type: x.type };
  },
  layerNorm: ([x, scale, shift]) => {
    const width = [x.shape.at(-1)!];
    require(sameShape(scale.shape, width) && sameShape(shift.shape, width), "layerNorm", x, scale, shift);
    return same(x);
  },
  inverseStd: ([x]) => ({ shape: withAxis(x.shape, -1, 1), type: x.type }),
  rmsNorm: ([x, scale]) => {
    require(sameShape(scale.shape, [x.shape.at(-1)!]), "rmsNorm", x, scale);
    return same(x);
  },
  inverseRms: ([x]) => ({ shape: withAxis(x.shape, -1, 1), type: x.type }),
  rotate: ([x, cos, sin]) => {
    const [batch, , sequence, d] = x.shape;
    const pairs = Number(cos.shape[2]);
    require(x.shape.length === 4 &&
      sameShape(cos.shape, [batch!, sequence!, pairs]) &&
      sameShape(sin.shape, cos.shape) &&
      2 * pairs <= Number(d), "rotate", x, cos, sin);
    return same(x);
  },
};

function matrixOf({ shape }: Value, transposed: boolean): [Dim, Dim] {
  const [rows, columns] = shape.slice(-2) as [Dim, Dim];
  return transposed ? [columns, rows] : [rows, columns];
}
