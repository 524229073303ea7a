/** Meanings of the primitives that only move numbers. */
import type { Indexing, Reshaping } from "../../graph/primitive.ts";
import { otherAxis } from "../../graph/shapes.ts";
import { axisFromFront } from "../../tensor/shape.ts";
import { accumulate, array64, type Array64, build, read } from "../array.ts";
import type { Meanings } from "./meaning.ts";

/** The same numbers as a matrix, one row for each index of the leading axes. */
const asRows = ({ shape, data }: Array64): Array64 => ({ shape: [data.length / shape.at(-1)!, shape.at(-1)!], data });

const put = (base: Array64, slices: Array64, { axis, indices }: { axis: number; indices: readonly number[] }) => {
  const at = axisFromFront(axis, base.shape.length);
  return build(base.shape, (index) => {
    const position = indices.indexOf(index[at]!);
    return position < 0
      ? read(base, index)
      : read(
          slices,
          index.map((i, a) => (a === at ? position : i)),
        );
  });
};

export const movement: Meanings<Reshaping | Indexing> = {
  after: ([x]) => x!,
  expand: ([x, like]) => build(like!.shape, (index) => read(x!, index)),
  transpose: ([x], { attrs: { perm } }) =>
    build(
      perm.map((axis) => x!.shape[axis]!),
      (index) =>
        read(
          x!,
          perm.map((_, axis) => index[perm.indexOf(axis)]!),
        ),
    ),
  unsqueeze: ([x], { attrs: { axis } }) => {
    const at = axisFromFront(axis, x!.shape.length + 1);
    return array64([...x!.shape.slice(0, at), 1, ...x!.shape.slice(at)], x!.data);
  },
  squeeze: ([x], { attrs: { axis } }) => array64(x!.shape.toSpliced(axis, 1), x!.data),
  splitHeads: ([x], { attrs: { heads } }) => {
    const [batch, sequence, width] = x!.shape as [number, number, number];
    const d = width / heads;
    return build([batch, heads, sequence, d], ([b, h, s, i]) => read(x!, [b!, s!, h! * d + i!]));
  },
  mergeHeads: ([x]) => {
    const [batch, heads, sequence, d] = x!.shape as [number, number, number, number];
    return build([batch, sequence, heads * d], ([b, s, i]) => read(x!, [b!, Math.floor(i! / d), s!, i! % d]));
  },

  splitAxis: ([x], { attrs: { axis, inner } }) => {
    const at = axisFromFront(axis, x!.shape.length);
    return array64(x!.shape.toSpliced(at, 1, x!.shape[at]! / inner, inner), x!.data);
  },
  mergeAxes: ([x], { attrs: { axis } }) => {
    const at = axisFromFront(axis, x!.shape.length);
    return array64(x!.shape.toSpliced(at, 2, x!.shape[at]! * x!.shape[at + 1]!), x!.data);
  },

  skew: ([x]) => {
    const [rows, columns] = x!.shape.slice(-2) as [number, number];
    return build(x!.shape.with(-1, columns - rows), (at) => read(x!, at.with(-1, rows - 1 - at.at(-2)! + at.at(-1)!)));
  },
  unskew: ([x]) => {
    const [rows, columns] = x!.shape.slice(-2) as [number, number];
    return build(x!.shape.with(-1, rows + columns), (at) => {
      const j = at.at(-1)! - (rows - 1) + at.at(-2)!;
      return j >= 0 && j < columns ? read(x!, at.with(-1, j)) : 0;
    });
  },

  concat: ([a, b], { attrs: { axis } }) => {
    const at = axisFromFront(axis, a!.shape.length);
    const first = a!.shape[at]!;
    return build(a!.shape.with(at, first + b!.shape[at]!), (index) =>
      index[at]! < first ? read(a!, index) : read(b!, index.with(at, index[at]! - first)),
    );
  },
  slice: ([x], { attrs: { axis, start, end } }) => {
    const at = axisFromFront(axis, x!.shape.length);
    return build(x!.shape.with(at, (end ?? x!.shape[at]!) - start), (index) =>
      read(x!, index.with(at, start + index[at]!)),
    );
  },
  sliceLike: ([x, like], { attrs: { axis, likeAxis, side } }) => {
    const at = axisFromFront(axis, x!.shape.length);
    const first = like!.shape.at(likeAxis)!;
    const [start, size] = side === "first" ? [0, first] : [first, x!.shape[at]! - first];
    return build(x!.shape.with(at, size), (index) => read(x!, index.with(at, start + index[at]!)));
  },
  take: ([x], { attrs: { axis, indices } }) => {
    const at = axisFromFront(axis, x!.shape.length);
    return build(x!.shape.with(at, indices.length), (index) => read(x!, index.with(at, indices[index[at]!]!)));
  },
  put: ([x, like], { attrs }) => put(array64(like!.shape), x!, attrs),
  replace: ([base, slices], { attrs: { axis, indices, within } }) => {
    if (within === null) return put(base!, slices!, { axis, indices });
    const result = array64(base!.shape, base!.data.slice());
    const [at, other] = [axisFromFront(axis, 2), otherAxis(axis)];
    build(slices!.shape, (index) => {
      const place = [0, 0].with(at, indices[index[at]!]!).with(other, within[index[other]!]!);
      result.data[place[0]! * base!.shape[1]! + place[1]!] = read(slices!, index);
      return 0;
    });
    return result;
  },
  takeEntries: ([x, index]) =>
    array64(
      index!.shape,
      index!.data.map((i) => x!.data[i]!),
    ),
  replaceEntries: ([base, values, index]) => {
    const result = array64(base!.shape, base!.data.slice());
    index!.data.forEach((i, k) => (result.data[i] = values!.data[k]!));
    return result;
  },
  gather: ([table, index]) => {
    const rank = index!.shape.length;
    return build([...index!.shape, ...table!.shape.slice(1)], (at) =>
      read(table!, [read(index!, at.slice(0, rank)), ...at.slice(rank)]),
    );
  },
  scatterAdd: ([x, index, like]) => {
    const rank = index!.shape.length;
    const result = array64(like!.shape);
    build(x!.shape, (at) => {
      accumulate(result, [read(index!, at.slice(0, rank)), ...at.slice(rank)], read(x!, at));
      return 0;
    });
    return result;
  },
  gatherRows: ([x, index]) => {
    const rows = asRows(x!);
    return build([...index!.shape, ...rows.shape.slice(1)], (at) =>
      read(rows, [read(index!, at.slice(0, -1)), at.at(-1)!]),
    );
  },
  scatterRows: ([x, index, like]) => {
    const result = asRows(array64(like!.shape));
    build(x!.shape, (at) => {
      accumulate(result, [read(index!, at.slice(0, -1)), at.at(-1)!], read(x!, at));
      return 0;
    });
    return { ...result, shape: like!.shape };
  },
  minusOneHot: ([x, index]) => {
    const result = array64(x!.shape, x!.data.slice());
    index!.data.forEach((at, row) => (result.data[row * x!.shape.at(-1)! + at]! -= 1));
    return result;
  },
};
