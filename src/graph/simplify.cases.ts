/** Where each rewrite must fire and where it must not: a rule without a row here fails the test of the table. */
import type { Draw } from "../../test/draw.ts";
import { likelihoodCases } from "./likelihood.cases.ts";
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

const replaced = (d: Draw, shape: readonly number[], axis: number) => {
  const indices = d.indices(shape.at(axis)!);
  return g.replace(d.normal(shape), d.normal(shape.with(axis, indices.length)), axis, indices);
};

/** A matrix [4, 3] with rows replaced, as far as they lie `within` columns. */
const replacedAt = (d: Draw, rows: readonly number[], within: readonly number[] | null = null) =>
  g.replace(d.normal([4, 3]), d.normal([rows.length, within?.length ?? 3]), 0, rows, within);

/** B·A [m, n] of a rank of its own. */
const product = (d: Draw, [m, n]: readonly number[]) => {
  const rank = d.size();
  return g.matmul(d.normal([m!, rank]), d.normal([rank, n!]));
};

/** A linear layer whose weight is made of a matrix. */
function linearBy(d: Draw, make: (weight: Value) => Value): Value {
  const [out, inner] = [d.size(2), d.size(2)];
  return g.linear(d.normal([...d.shape(d.size(1, 2)), inner]), make(d.normal([out, inner])), d.normal([out]));
}

/** x·Mᵀ, with a matrix made of another. */
function productBy(d: Draw, make: (matrix: Value) => Value): Value {
  const [out, inner] = [d.size(2), d.size(2)];
  return g.matmul(d.normal([...d.shape(d.size(1, 2)), inner]), make(d.normal([out, inner])), { transposeB: true });
}

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
  linearOfSum: {
    fires: [
      (d) => linearBy(d, (w) => g.add(w, product(d, sizes(w)))),
      (d) => linearBy(d, (w) => g.add(g.mul(0.5, product(d, sizes(w))), w)),
      (d) => linearBy(d, (w) => g.add(w, g.mul(product(d, sizes(w)), d.normal([sizes(w)[0]!, 1])))),
      (d) => linearBy(d, (w) => g.add(g.add(w, product(d, sizes(w))), product(d, sizes(w)))),
      (d) => linearBy(d, (w) => g.add(w, g.add(product(d, sizes(w)), product(d, sizes(w))))),
    ],
    kept: [
      (d) => linearBy(d, (w) => w),
      (d) => linearBy(d, (w) => g.add(w, d.normal(sizes(w)))),
      (d) => linearBy(d, (w) => product(d, sizes(w))),
      (d) => g.add(d.normal([4, 3]), product(d, [4, 3])),
    ],
  },
  productOfSum: {
    fires: [(d) => productBy(d, (w) => g.add(w, product(d, sizes(w))))],
    kept: [
      (d) => productBy(d, (w) => g.add(w, product(d, [sizes(w)[0]!, 1]))),
      (d) => productBy(d, (w) => g.add(w, d.normal(sizes(w)))),
      (d) => g.matmul(d.normal([5, 4]), g.add(d.normal([4, 3]), product(d, [4, 3]))),
    ],
  },
  productOfFactors: {
    fires: [(d) => productBy(d, (w) => product(d, sizes(w)))],
    kept: [
      (d) => productBy(d, (w) => w),
      (d) =>
        productBy(d, (w) => g.matmul(d.normal([sizes(w)[0]!, 2]), d.normal([sizes(w)[1]!, 2]), { transposeB: true })),
      (d) => g.matmul(d.normal([5, 4]), product(d, [4, 3])),
      (d) => g.matmul(d.normal([2, 5, 3]), g.matmul(d.normal([2, 4, 2]), d.normal([2, 2, 3])), { transposeB: true }),
    ],
  },
  productOfScaledRows: {
    fires: [
      (d) => productBy(d, (w) => g.mul(w, d.normal([sizes(w)[0]!, 1]))),
      (d) => productBy(d, (w) => g.mul(g.unsqueeze(d.normal([sizes(w)[0]!]), 1), w)),
    ],
    kept: [
      (d) => productBy(d, (w) => g.mul(w, 2)),
      (d) => productBy(d, (w) => g.mul(w, d.normal([sizes(w)[1]!]))),
      (d) => g.matmul(d.normal([5, 4]), g.mul(d.normal([4, 3]), d.normal([4, 1]))),
    ],
  },
  linearOfScaledRows: {
    fires: [
      (d) => linearBy(d, (w) => g.mul(w, d.normal([sizes(w)[0]!, 1]))),
      (d) => {
        const [out, inner, l] = [d.size(2), d.size(2), d.normal([4])];
        const bias = d.coin() ? g.mul(l, d.normal([4])) : g.mul(d.normal([4]), l);
        return g.linear(d.normal([out, inner]), g.mul(d.normal([4, inner]), g.unsqueeze(l, 1)), bias);
      },
      (d) => {
        const [out, inner, l] = [d.size(2), d.size(2), d.normal([4, 1])];
        const bias = d.coin() ? g.mul(g.squeeze(l, 1), d.normal([4])) : g.mul(d.normal([4]), g.squeeze(l, 1));
        return g.linear(d.normal([out, inner]), g.mul(d.normal([4, inner]), l), bias);
      },
    ],
    kept: [
      (d) => linearBy(d, (w) => g.mul(w, d.normal([sizes(w)[1]!]))),
      (d) => linearBy(d, (w) => g.mul(w, d.normal(sizes(w)))),
    ],
  },
  linearOfScaledColumns: {
    fires: [
      (d) => linearBy(d, (w) => g.mul(w, d.normal([sizes(w)[1]!]))),
      (d) => linearBy(d, (w) => g.mul(d.normal([1, sizes(w)[1]!]), w)),
    ],
    kept: [
      (d) => linearBy(d, (w) => g.mul(w, d.normal([sizes(w)[0]!, 1]))),
      (d) => linearBy(d, (w) => g.mul(w, d.normal(sizes(w)))),
      (d) => linearBy(d, (w) => g.mul(w, 3)),
    ],
  },
  ...likelihoodCases,
  eitherWay: {
    fires: [onX((x) => g.select(g.greater(x, 0), x, x))],
    kept: [
      onX((x) => g.select(g.greater(x, 0), x, g.neg(x))),
      onX((x) => g.select(g.greater(x, 0), g.mean(x, [0]), g.mean(x, [0]))),
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
