/** Lowerings of the primitives that only move numbers. */
import type { Dim, Indexing, Reshaping, Shape } from "../../graph/primitive.ts";
import { minus } from "../../graph/dim.ts";
import { otherAxis } from "../../graph/shapes.ts";
import { axisFromFront } from "../../tensor/shape.ts";
import type { Value } from "../../graph/value.ts";
import type { Emitter } from "../emitter.ts";
import { elementTypes } from "../proto.ts";
import { type Lowerings, operator } from "./rules.ts";

const vector = (emit: Emitter, values: readonly number[]) => emit.constant("int64", values, [values.length]);
const isRun = (indices: readonly number[]) => indices.every((index, i) => index === indices[0]! + i);
const transposed = (emit: Emitter, x: string, perm: readonly number[]) =>
  emit.node("Transpose", [x], { attributes: { perm: { ints: perm } } });

/** x with `before` and `after` slices of zeros around it along `axis`. */
function pad(emit: Emitter, x: string, axis: number, before: number, after: string): string {
  const pads = emit.node("Concat", [vector(emit, [before]), after], { attributes: { axis: { int: 0 } } });
  return emit.node("Pad", [x, pads, emit.constant("float32", [0]), vector(emit, [axis])]);
}

/** Along `axis`: for each position of the result the slice of [x; rest] it comes from; `rest` is what positions outside `indices` show. */
function sources(size: Dim, indices: readonly number[], rest: (position: number) => number): number[] {
  if (typeof size !== "number")
    throw new Error(`a selection with gaps along the axis ${size}, whose size varies, has no lowering`);
  return Array.from({ length: size }, (_, position) => {
    const found = indices.indexOf(position);
    return found < 0 ? rest(position) : found;
  });
}

/** x with its slices at `indices` along `axis`, of the size `size`, replaced by `slices`. */
function replacedSlices(
  emit: Emitter,
  x: string,
  size: Dim,
  axis: number,
  indices: readonly number[],
  slices: string,
): string {
  const both = emit.node("Concat", [slices, x], { attributes: { axis: { int: axis } } });
  const from = vector(
    emit,
    sources(size, indices, (position) => indices.length + position),
  );
  return emit.node("Gather", [both, from], { attributes: { axis: { int: axis } } });
}

/** x with the last `slices` at `indices`, in place where nothing else reads x. */
function replacedInRows(emit: Emitter, x: string, indices: readonly number[], slices: string): string {
  const everywhere = emit.node("Expand", [vector(emit, indices), emit.node("Shape", [slices])]);
  return emit.node("ScatterElements", [x, everywhere, slices], { attributes: { axis: { int: -1 } } });
}

/** The elements of x, row by row. */
const flat = (emit: Emitter, x: Value) => emit.node("Reshape", [emit.name(x), vector(emit, [-1])]);

/** x [*i, n] as a matrix. */
const asRows = (emit: Emitter, name: string, x: Value) =>
  emit.node("Reshape", [name, vector(emit, [-1, Number(x.shape.at(-1))])]);

/**
 * Zeros of the size named `sizes`, whose rows have the shape `row`, with x added to the rows at `index`.
 * ScatterElements adds in one thread; ScatterND with reduction is a data race on the CPU where rows repeat.
 */
function addRows(emit: Emitter, x: Value, index: Value, sizes: string, row: Shape): string {
  const column = emit.node("Reshape", [emit.name(index), vector(emit, [-1, ...row.map(() => 1)])]);
  const flat = emit.node("Reshape", [emit.name(x), emit.sizes([-1, ...row])]);
  const everywhere = emit.node("Expand", [column, emit.node("Shape", [flat])]);
  const zeros = emit.node("Expand", [emit.constant("float32", [0]), sizes]);
  return emit.node("ScatterElements", [zeros, everywhere, flat], {
    attributes: { axis: { int: 0 }, reduction: { string: "add" } },
  });
}

export const movement: Lowerings<Reshaping | Indexing> = {
  // A reshape to x's own sizes, of which a number of `other` is a part, times zero: it costs nothing and nobody can see through it.
  after: ({ operands: [x, other] }, emit) => {
    const number = emit.node("Slice", [flat(emit, other), vector(emit, [0]), vector(emit, [1])]);
    const whole = emit.node("Cast", [number], { attributes: { to: { int: elementTypes.int64 } } });
    const zero = emit.node("Mul", [whole, vector(emit, [0])]);
    return emit.node("Reshape", [emit.name(x), emit.node("Add", [emit.sizes(x.shape), zero])]);
  },
  expand: ({ operands: [x, like] }, emit) => emit.node("Expand", [emit.name(x), emit.sizes(like.shape)]),
  transpose: ({ operands: [x], attrs: { perm } }, emit) => transposed(emit, emit.name(x), perm),
  unsqueeze: ({ operands: [x], attrs: { axis } }, emit) => emit.node("Unsqueeze", [emit.name(x), vector(emit, [axis])]),
  squeeze: ({ operands: [x], attrs: { axis } }, emit) => emit.node("Squeeze", [emit.name(x), vector(emit, [axis])]),
  splitHeads: ({ operands: [x], shape }, emit) =>
    transposed(
      emit,
      emit.node("Reshape", [emit.name(x), vector(emit, [0, 0, Number(shape[1]), Number(shape[3])])]),
      [0, 2, 1, 3],
    ),
  mergeHeads: ({ operands: [x], shape }, emit) =>
    emit.node("Reshape", [transposed(emit, emit.name(x), [0, 2, 1, 3]), vector(emit, [0, 0, Number(shape[2])])]),

  splitAxis: ({ operands: [x], shape }, emit) => emit.node("Reshape", [emit.name(x), emit.sizes(shape)]),
  mergeAxes: ({ operands: [x], shape }, emit) => emit.node("Reshape", [emit.name(x), emit.sizes(shape)]),

  // With w columns, rows of w − 1 read from the n-th number on stand one column further to the left in each row.
  skew: ({ operands: [x], shape }, emit) => {
    const [rows, columns] = [x.shape.at(-2)!, x.shape.at(-1)!];
    const leading = x.shape.slice(0, -2);
    const flat = emit.node("Reshape", [emit.name(x), emit.sizes([...leading, -1])]);
    const last = vector(emit, [-1]);
    const read = emit.node("Slice", [flat, emit.sizes([minus(rows, 1)]), last, last]);
    const skewed = emit.node("Reshape", [read, emit.sizes([...leading, rows, minus(columns, 1)])]);
    return emit.node("Slice", [skewed, vector(emit, [0]), emit.sizes([shape.at(-1)!]), last]);
  },
  unskew: ({ operands: [x], shape }, emit) => {
    const rows = emit.sizes([minus(x.shape.at(-2)!, 1)]);
    const one = vector(emit, [1]);
    const padded = (name: string, pads: readonly string[]) =>
      emit.node("Pad", [
        name,
        emit.node("Concat", pads, { attributes: { axis: { int: 0 } } }),
        emit.constant("float32", [0]),
        vector(emit, [-1]),
      ]);
    const wide = padded(emit.name(x), [vector(emit, [0]), rows]);
    const flat = emit.node("Reshape", [wide, emit.sizes([...shape.slice(0, -2), -1])]);
    return emit.node("Reshape", [padded(flat, [rows, one]), emit.sizes(shape)]);
  },

  concat: ({ operands: [a, b], attrs: { axis } }, emit) =>
    emit.node("Concat", [emit.name(a), emit.name(b)], { attributes: { axis: { int: axis } } }),
  slice: ({ operands: [x], attrs: { axis, start, end } }, emit) =>
    emit.node("Slice", [
      emit.name(x),
      vector(emit, [start]),
      vector(emit, [end ?? Number.MAX_SAFE_INTEGER]),
      vector(emit, [axis]),
    ]),
  sliceLike: ({ operands: [x, like], attrs: { axis, likeAxis, side } }, emit) => {
    const first = emit.sizes([like.shape.at(likeAxis)!]);
    const [start, end] =
      side === "first" ? [vector(emit, [0]), first] : [first, vector(emit, [Number.MAX_SAFE_INTEGER])];
    return emit.node("Slice", [emit.name(x), start, end, vector(emit, [axis])]);
  },
  take: ({ operands: [x], attrs: { axis, indices } }, emit) => {
    if (!isRun(indices))
      return emit.node("Gather", [emit.name(x), vector(emit, indices)], { attributes: { axis: { int: axis } } });
    const start = indices[0]!;
    return emit.node("Slice", [
      emit.name(x),
      vector(emit, [start]),
      vector(emit, [start + indices.length]),
      vector(emit, [axis]),
    ]);
  },
  put: ({ operands: [x, like], attrs: { axis, indices } }, emit) => {
    const at = axisFromFront(axis, like.shape.length);
    const size = like.shape[at]!;
    if (isRun(indices)) {
      const end = vector(emit, [indices[0]! + indices.length]);
      return pad(emit, emit.name(x), at, indices[0]!, emit.node("Sub", [emit.sizes([size]), end]));
    }
    const withZeros = pad(emit, emit.name(x), at, 0, vector(emit, [1]));
    const from = vector(
      emit,
      sources(size, indices, () => indices.length),
    );
    return emit.node("Gather", [withZeros, from], { attributes: { axis: { int: at } } });
  },
  replace: ({ operands: [base, slices], attrs: { axis, indices, within } }, emit) => {
    const at = axisFromFront(axis, base.shape.length);
    const replaced = (x: string, size: Dim, by: string) => replacedSlices(emit, x, size, at, indices, by);
    const [whole, part] = [emit.name(base), emit.name(slices)];
    if (within === null)
      return at === base.shape.length - 1
        ? replacedInRows(emit, whole, indices, part)
        : replaced(whole, base.shape[at]!, part);
    const other = otherAxis(axis);
    const crossing = emit.node("Gather", [whole, vector(emit, within)], { attributes: { axis: { int: other } } });
    const made = replaced(crossing, base.shape[at]!, part);
    return replacedSlices(emit, whole, base.shape[other]!, other, within, made);
  },
  takeEntries: ({ operands: [x, index] }, emit) => emit.node("Gather", [flat(emit, x), emit.name(index)]),
  replaceEntries: ({ operands: [base, values, index] }, emit) =>
    emit.node("Reshape", [
      emit.node("ScatterElements", [flat(emit, base), emit.name(index), emit.name(values)], {
        attributes: { axis: { int: 0 } },
      }),
      emit.sizes(base.shape),
    ]),
  gather: operator("Gather"),
  scatterAdd: ({ operands: [x, index, like] }, emit) =>
    addRows(emit, x, index, emit.sizes(like.shape), like.shape.slice(1)),
  gatherRows: ({ operands: [x, index] }, emit) =>
    emit.node("Gather", [asRows(emit, emit.name(x), x), emit.name(index)]),
  scatterRows: ({ operands: [x, index, like] }, emit) => {
    const rows = emit.node("Shape", [asRows(emit, emit.name(like), like)]);
    return emit.node("Reshape", [addRows(emit, x, index, rows, x.shape.slice(-1)), emit.sizes(like.shape)]);
  },
  minusOneHot: ({ operands: [x, index] }, emit) => {
    const at = emit.node("Unsqueeze", [emit.name(index), vector(emit, [-1])]);
    const minusOnes = emit.node("Expand", [emit.constant("float32", [-1]), emit.node("Shape", [at])]);
    return emit.node("ScatterElements", [emit.name(x), at, minusOnes], {
      attributes: { axis: { int: -1 }, reduction: { string: "add" } },
    });
  },
};
