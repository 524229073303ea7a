/** Pullbacks of the primitives that only move numbers: each is its adjoint. */
import type { Indexing, Reshaping } from "../../graph/primitive.ts";
import {
  concat,
  fill,
  gather,
  gatherRows,
  mergeHeads,
  pick,
  place,
  put,
  replace,
  replaceEntries,
  scatterAdd,
  scatterRows,
  slice,
  splitHeads,
  squeeze,
  sumTo,
  take,
  takeEntries,
  transpose,
  unsqueeze,
} from "../../graph/ops.ts";
import type { Pullbacks } from "./rules.ts";

export const movement: Pullbacks<"input" | "constant" | "iota" | Reshaping | Indexing> = {
  input: () => [],
  constant: () => [],
  iota: () => [null],
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
  concat: (dy, { operands: [a], attrs: { axis } }) => {
    const first = Number(a.shape.at(axis));
    return [slice(dy, axis, 0, first), slice(dy, axis, first)];
  },
  slice: (dy, { operands: [x], attrs: { axis, start, end } }) => {
    const before = start === 0 ? dy : concat(fill(0, slice(x, axis, 0, start)), dy, axis);
    return [end === null || end === x.shape.at(axis) ? before : concat(before, fill(0, slice(x, axis, end)), axis)];
  },
  take: (dy, { operands: [x], attrs: { axis, indices } }) => [put(dy, x, axis, indices)],
  put: (dy, { attrs: { axis, indices } }) => [take(dy, axis, indices), null],
  replace: (dy, { operands: [, slices], attrs: { axis, indices } }) => [
    replace(dy, fill(0, slices), axis, indices),
    take(dy, axis, indices),
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
  pick: (dy, { operands: [x, index] }) => [place(dy, index, x), null],
  place: (dy, { operands: [, index] }) => [pick(dy, index), null, null],
};
