/** Where each rewrite must fire and where it must not: a rule without a row here fails the test of the table. */
import type { Draw } from "../../test/draw.ts";
import { factoredCases, linearBy, productBy } from "./factored.cases.ts";
import { likelihoodCases } from "./likelihood.cases.ts";
import { numberCases } from "./numbers.cases.ts";
import * as g from "./ops.ts";
import type { Value } from "./value.ts";

export type Case = (d: Draw) => Value;
export interface Cases {
  readonly fires: readonly Case[];
  readonly kept: readonly Case[];
}

const sizes = ({ shape }: Value) => shape as readonly number[];
const onX =
  (f: (x: Value) => Value): Case =>
  (d) =>
    f(d.awayFromZero(d.shape(3)));

/** A random axis, but not `except`, counted from the front or from the back. */
function someAxis(d: Draw, rank: number, except?: number): number {
  const axes = Array.from({ length: rank }, (_, axis) => axis).filter((axis) => axis !== except);
  const axis = axes[d.size(0, axes.length - 1)]!;
  return d.coin() ? axis : axis - rank;
}
const takeSome = (d: Draw, x: Value, axis: number) => g.take(x, axis, d.indices(sizes(x).at(axis)!));

/** A product of the shape of attention's scores, times such. */
function ofScores(d: Draw, attrs: { readonly transposeB?: boolean }): Value {
  const [leading, queries, keys, width] = [d.shape(2), d.size(), d.size(), d.size()];
  const b = d.normal([...leading, ...(attrs.transposeB ? [keys, width] : [width, keys])]);
  return g.mul(
    g.matmul(d.normal([...leading, queries, width]), b, attrs),
    g.softmax(d.normal([...leading, queries, keys])),
  );
}

/** Fewer than all of the last axis. */
const takeFew = (d: Draw, x: Value) => {
  const n = sizes(x).at(-1)!;
  return g.take(x, d.coin() ? -1 : sizes(x).length - 1, d.indices(n).slice(0, n - 1));
};

/** op(expand(v), y) and op(y, expand(v)), v broadcasting to y. */
const expanded = (op: typeof g.add): Case[] =>
  [true, false].map((left) => (d) => {
    const y = d.awayFromZero(d.shape(3));
    const v = d.awayFromZero(
      sizes(y)
        .slice(1)
        .map((n) => (d.coin() ? n : 1)),
    );
    const wide = g.expand(v, d.normal(sizes(y)));
    return left ? op(wide, y) : op(y, wide);
  });

const takeOfContract =
  (axis: number): Case =>
  (d) => {
    const leading = d.shape(d.size(1, 2));
    return takeSome(d, g.contract(d.normal([...leading, d.size()]), d.normal([...leading, d.size()])), axis);
  };

/** [2, 2] and what makes it longer along an axis. */
const joinedAt = (d: Draw, axis: number) => g.concat(d.normal([2, 2]), d.normal([2, 2].with(axis, 3)), axis);

const replaced = (d: Draw, shape: readonly number[], axis: number) => {
  const indices = d.indices(shape.at(axis)!);
  return g.replace(d.normal(shape), d.normal(shape.with(axis, indices.length)), axis, indices);
};

/** A matrix [4, 3] with rows replaced, as far as they lie `within` columns. */
const replacedAt = (d: Draw, rows: readonly number[], within: readonly number[] | null = null) =>
  g.replace(d.normal([4, 3]), d.normal([rows.length, within?.length ?? 3]), 0, rows, within);

export const cases: Readonly<Record<string, Cases>> = {
  addZero: {
    fires: [
      onX((x) => g.add(x, 0)),
      onX((x) => g.add(0, x)),
      onX((x) => g.add(x, g.constant(0, "float32", sizes(x)))),
      onX((x) => g.add(g.constant(0, "float32", sizes(x).slice(2)), x)),
      onX((x) => g.add(x, g.expand(g.constant(0), x))),
    ],
    kept: [
      (d) => g.add(d.normal([3]), g.constant(0, "float32", [2, 3])),
      (d) => g.add(g.constant(0, "float32", [2, 3]), d.normal([1, 3])),
      onX((x) => g.add(x, 1)),
      onX((x) => g.sub(0, x)),
      onX((x) => g.mul(x, 0)),
    ],
  },
  timesOne: {
    fires: [
      onX((x) => g.mul(x, 1)),
      onX((x) => g.mul(1, x)),
      onX((x) => g.div(x, 1)),
      onX((x) => g.mul(g.constant(1, "float32", sizes(x).slice(1)), x)),
      onX((x) => g.div(x, g.expand(g.constant(1), x))),
    ],
    kept: [
      onX((x) => g.div(1, x)),
      (d) => g.mul(d.normal([3]), g.constant(1, "float32", [2, 3])),
      (d) => g.div(d.normal([3]), g.constant(1, "float32", [2, 3])),
      onX((x) => g.mul(x, -1)),
      onX((x) => g.add(x, 1)),
    ],
  },
  expandInside: {
    fires: [g.add, g.sub, g.mul, g.div].flatMap(expanded),
    kept: [
      (d) => g.mul(g.expand(d.normal([3]), d.normal([2, 3])), d.normal([3])),
      (d) => g.sub(d.normal([1, 3]), g.expand(d.normal([3]), d.normal([2, 3]))),
      (d) => g.tanh(g.expand(d.normal([3]), d.normal([2, 3]))),
      onX((x) => g.add(x, g.neg(x))),
    ],
  },
  takeInsideContract: {
    fires: [0, 1, -1, -2].map(takeOfContract),
    kept: [
      (d) => g.contract(d.normal([4, 3]), d.normal([4, 2])),
      (d) => g.take(g.matmul(d.normal([3, 4]), d.normal([4, 2])), 0, [1]),
    ],
  },
  takeInsideProduct: {
    fires: [
      (d) =>
        takeFew(
          d,
          linearBy(d, (w) => w),
        ),
      (d) =>
        takeFew(
          d,
          productBy(d, (w) => w),
        ),
      (d) => takeFew(d, g.matmul(d.normal([4, 3]), d.normal([3, 5]))),
      (d) => takeFew(d, g.matmul(d.normal([2, 3, 4]), d.normal([2, 3, 5]), { transposeA: true })),
      (d) => takeFew(d, g.matmul(d.normal([2, 4, 3]), d.normal([2, 5, 3]), { transposeB: true })),
    ],
    kept: [
      (d) => g.take(g.matmul(d.normal([3, 4]), d.normal([4, 2])), 0, [1]),
      (d) => g.take(g.matmul(d.normal([3, 4]), d.normal([4, 2])), 1, [1, 0]),
      (d) => takeFew(d, g.tanh(linearBy(d, (w) => w))),
      (d) => takeFew(d, g.contract(d.normal([4, 3]), d.normal([4, 2]))),
      (d) => linearBy(d, (w) => w),
    ],
  },
  takeInsideReplace: {
    fires: [2, 3]
      .map((rank): Case => (d) => {
        const axis = d.size(0, rank - 1);
        const inner = replaced(d, d.shape(rank), d.coin() ? axis : axis - rank);
        return takeSome(d, inner, someAxis(d, rank, axis));
      })
      .concat([
        (d) => g.take(replacedAt(d, [1, 3]), 0, [2, 0]),
        (d) => g.take(replacedAt(d, [1, 3], [0, 2]), -2, [0]),
        (d) => g.take(replacedAt(d, [1, 3], [0, 2]), 1, [1]),
        (d) => g.take(replacedAt(d, [1, 3], [0, 2]), -1, [2]),
        (d) => g.take(replacedAt(d, [3, 1], [2, 0]), 1, [0, 2]),
      ]),
    kept: [
      (d) => g.take(replacedAt(d, [1, 3]), 0, [2, 1]),
      (d) => g.take(replacedAt(d, [1, 3]), -2, [2, 1]),
      (d) => g.take(replacedAt(d, [1, 3], [0, 2]), 1, [1, 2]),
      (d) => g.take(g.put(d.normal([1, 3]), d.normal([4, 3]), 0, [2]), 1, [0]),
      (d) => replaced(d, [4, 3], 1),
    ],
  },
  takeInsideConcat: {
    fires: [
      (d) => g.take(joinedAt(d, 0), 0, [0]),
      (d) => g.take(joinedAt(d, 0), 0, [3, 2]),
      (d) => g.take(joinedAt(d, -1), 1, [1, 0, 4, 2]),
      (d) => g.take(joinedAt(d, 1), -1, [0, 2]),
    ],
    kept: [
      (d) => g.take(joinedAt(d, 0), 1, [0]),
      (d) => g.take(joinedAt(d, 1), 1, [2, 0]),
      (d) => g.concat(d.normal([2, 2]), d.normal([2, 2]), 0),
      (d) => g.take(d.normal([2, 2]), 0, [1]),
    ],
  },
  takeOfConstant: {
    fires: [
      (d) => takeSome(d, g.constant(2.5, "float32", d.shape(3)), someAxis(d, 3)),
      () => g.take(g.constant(7, "int64", [4, 2]), 0, [3, 1, 0]),
    ],
    kept: [
      (d) => g.take(d.normal([4]), 0, [1]),
      (d) => g.take(g.expand(g.constant(2), d.normal([4])), 0, [1]),
      () => g.constant(2.5, "float32", [3]),
    ],
  },
  takeAll: {
    fires: [
      (d) => {
        const [x, axis] = [d.normal(d.shape(3)), someAxis(d, 3)];
        return g.take(x, axis, [...Array(sizes(x).at(axis)!).keys()]);
      },
    ],
    kept: [
      (d) => g.take(d.normal([3, 2]), 0, [2, 1, 0]),
      (d) => g.take(d.normal([3, 2]), 0, [0, 1, 1]),
      (d) => g.take(d.normal([3, 2]), 0, [0, 1]),
      () => g.take(g.input("x", ["sequence", 2]), 0, [0, 1]),
    ],
  },
  transposeTwice: {
    fires: [
      [2, 0, 1],
      [1, 2, 0],
      [0, 2, 1],
    ].map((outer) => onX((x) => g.transpose(g.transpose(x, [1, 2, 0]), outer))),
    kept: [
      (d) => g.transpose(d.normal([3, 2]), [1, 0]),
      (d) => g.transpose(g.neg(g.transpose(d.normal([3, 2]), [1, 0])), [1, 0]),
      (d) => g.neg(g.transpose(d.normal([3, 2]), [1, 0])),
    ],
  },
  ...numberCases,
  ...factoredCases,
  ...likelihoodCases,
  eitherWay: {
    fires: [onX((x) => g.select(g.greater(x, 0), x, x))],
    kept: [
      onX((x) => g.select(g.greater(x, 0), x, g.neg(x))),
      onX((x) => g.select(g.greater(x, 0), g.mean(x, [0]), g.mean(x, [0]))),
    ],
  },
  rowSumsOfAttention: {
    fires: [true, false].map(
      (keepDims): Case =>
        (d) =>
          g.sum(ofScores(d, { transposeB: true }), [d.coin() ? -1 : 3], keepDims),
    ),
    kept: [
      (d) => g.sum(ofScores(d, {}), [-1], true),
      (d) => g.sum(ofScores(d, { transposeB: true }), [-2], true),
      (d) => g.sum(ofScores(d, { transposeB: true }), [-2, -1], true),
      (d) => g.sum(g.mul(g.matmul(d.normal([2, 3]), d.normal([3, 4])), d.normal([2, 4])), [-1], true),
      // One product with every row of scores, in each of several batches.
      (d) =>
        g.sum(
          g.mul(g.matmul(d.normal([2, 3]), d.normal([4, 3]), { transposeB: true }), g.softmax(d.normal([5, 2, 4]))),
          [-1],
        ),
    ],
  },
  inverses: {
    fires: [
      (d) => g.mergeHeads(g.splitHeads(d.normal([d.size(), d.size(), 6]), d.coin() ? 2 : 3)),
      (d) => {
        const shape = d.shape(4);
        return g.splitHeads(g.mergeHeads(d.normal(shape)), shape[1]!);
      },
      (d) => {
        const axis = d.size(0, 3);
        return g.squeeze(g.unsqueeze(d.normal(d.shape(3)), axis), axis);
      },
      (d) => g.squeeze(g.unsqueeze(d.normal([1, 3]), 0), 1),
      onX((x) => g.neg(g.neg(x))),
    ],
    kept: [
      (d) => g.splitHeads(g.mergeHeads(d.normal([2, 2, 5, 3])), 3),
      (d) => g.squeeze(g.unsqueeze(d.normal([1, 3]), 2), 0),
      (d) => g.mergeHeads(g.transpose(d.normal([2, 3, 4, 1]), [0, 2, 1, 3])),
      (d) => g.neg(g.tanh(g.neg(d.normal([3])))),
      (d) => g.neg(d.normal([3])),
    ],
  },
};
