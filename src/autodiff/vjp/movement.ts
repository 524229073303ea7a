/** Pullbacks of the primitives that only move numbers: each is its adjoint. */
import type { Indexing, Reshaping } from "../../graph/primitive.ts";
import {
  concat,
  fill,
  firstLike,
  gather,
  gatherRows,
  mergeAxes,
  mergeHeads,
  put,
  replace,
  replaceEntries,
  restLike,
  scatterAdd,
  scatterRows,
  skew,
  slice,
  splitAxis,
  splitHeads,
  squeeze,
  sumTo,
  take,
  takeEntries,
  transpose,
  unskew,
  unsqueeze,
} from "../../graph/ops.ts";
import { otherAxis } from "../../graph/shapes.ts";
import { axisFromFront } from "../../tensor/shape.ts";
import type { Pullbacks } from "./rules.ts";

export const movement: Pullbacks<"input" | "constant" | "vector" | "iota" | Reshaping | Indexing> = {
  input: () => [],
  constant: () => [],
  vector: () => [],
  iota: () => [null],
  after: (dy) => [dy, null],
  expand: (dy, { operands: [x] }) => [sumTo(dy, x.shape), null],
  transpose: (dy, { attrs: { perm } }) => [
    transpose(
      dy,
      perm.map((_, axis) => perm.indexOf(axis)),
    ),
  ],
  unsqueeze: (dy, { attrs: { axis } }) => [squeeze(dy, axis)],
  squeeze: (dy, { operands: [x], attrs: { axis } }) => [unsqueeze(dy, axis < 0 ? axis + x.shape.length : axis)],
  splitHeads: (dy) => [mergeHeads(dy)],
  mergeHeads: (dy, { operands: [x] }) => [splitHeads(dy, Number(x.shape[1]))],
  splitAxis: (dy, { operands: [x], attrs: { axis } }) => [mergeAxes(dy, axisFromFront(axis, x.shape.length))],
  mergeAxes: (dy, { operands: [x], attrs: { axis } }) => [
    splitAxis(dy, axis < 0 ? axis + 1 : axis, Number(x.shape[axisFromFront(axis, x.shape.length) + 1])),
  ],
  skew: (dy) => [unskew(dy)],
  unskew: (dy) => [skew(dy)],
  concat: (dy, { operands: [a], attrs: { axis } }) => [firstLike(dy, axis, a), restLike(dy, axis, a)],
  sliceLike: (dy, { operands: [x, like], attrs: { axis, likeAxis, side } }) => {
    const other = side === "first" ? restLike(x, axis, like, likeAxis) : firstLike(x, axis, like, likeAxis);
    return [side === "first" ? concat(dy, fill(0, other), axis) : concat(fill(0, other), dy, axis), null];
  },
  slice: (dy, { operands: [x], attrs: { axis, start, end } }) => {
    const before = start === 0 ? dy : concat(fill(0, slice(x, axis, 0, start)), dy, axis);
    return [end === null || end === x.shape.at(axis) ? before : concat(before, fill(0, slice(x, axis, end)), axis)];
  },
  take: (dy, { operands: [x], attrs: { axis, indices } }) => [put(dy, x, axis, indices)],
  put: (dy, { attrs: { axis, indices } }) => [take(dy, axis, indices), null],
  replace: (dy, { operands: [, slices], attrs: { axis, indices, within } }) => [
    replace(dy, fill(0, slices), axis, indices, within),
    take(within ? take(dy, otherAxis(axis), within) : dy, axis, indices),
  ],
  takeEntries: (dy, { operands: [x, index] }) => [replaceEntries(fill(0, x), dy, index), null],
  replaceEntries: (dy, { operands: [, values, index] }) => [
    replaceEntries(dy, fill(0, values), index),
    takeEntries(dy, index),
    null,
  ],
  gather: (dy, { operands: [table, index] }) => [scatterAdd(dy, index, table), null],
  scatterAdd: (dy, { operands: [, index] }) => [gather(dy, index), null, null],
  gatherRows: (dy, { operands: [x, index] }) => [scatterRows(dy, index, x), null],
  scatterRows: (dy, { operands: [, index] }) => [gatherRows(dy, index), null, null],
  minusOneHot: (dy) => [dy, null],
};
