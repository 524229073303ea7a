/** Where the rewrites of matrices with replaced rows or columns must fire and where they must not. */
import type { Draw } from "../../test/draw.ts";
import * as g from "./ops.ts";
import type { Case, Cases } from "./simplify.cases.ts";
import type { Value } from "./value.ts";

/** Rows along axis 0, columns along axis 1, each counted from the front and from the back. */
const AXES = [0, 1, -1, -2];
const RANKS = [2, 3];
const sizes = ({ shape }: Value) => shape as readonly number[];

/** A matrix with some slices along `axis` replaced, as far as they lie `within` slices of the other one. */
function replaced(d: Draw, base: Value, axis: number, within: readonly number[] | null = null): Value {
  const indices = d.indices(sizes(base).at(axis)!);
  const cut = within ? sizes(base).with(axis === 0 || axis === -2 ? 1 : 0, within.length) : sizes(base);
  return g.replace(base, d.normal(cut.with(axis, indices.length)), axis, indices, within);
}

const matrix = (d: Draw) => d.normal([d.size(2), d.size(2)]);
/** x of a rank, with `inner` numbers along its last axis. */
const rowsOf = (d: Draw, rank: number, inner: number) => d.normal([...d.shape(rank - 1), inner]);

function linearOver(d: Draw, weight: Value, rank = 2): Value {
  const [out, inner] = sizes(weight) as [number, number];
  return g.linear(rowsOf(d, rank, inner), weight, d.normal([out]));
}

function productOver(d: Draw, weight: Value, transposeB: boolean, rank = 2): Value {
  return g.matmul(rowsOf(d, rank, sizes(weight)[transposeB ? 1 : 0]!), weight, { transposeB });
}

const eachLinear = AXES.flatMap((axis) =>
  RANKS.map(
    (rank): Case =>
      (d) =>
        linearOver(d, replaced(d, matrix(d), axis), rank),
  ),
);
const eachProduct = AXES.flatMap((axis) =>
  RANKS.flatMap((rank) =>
    [true, false].map(
      (transposeB): Case =>
        (d) =>
          productOver(d, replaced(d, matrix(d), axis), transposeB, rank),
    ),
  ),
);

/** Rows and columns of one matrix, the one over the other. */
export const nested: readonly Case[] = [
  [0, 1],
  [1, 0],
  [0, 0],
  [1, 1],
].flatMap(([inner, outer]) => {
  const both = (d: Draw) => replaced(d, replaced(d, matrix(d), inner!), outer!);
  const over: readonly ((d: Draw, rank: number) => Value)[] = [
    (d, rank) => linearOver(d, both(d), rank),
    (d, rank) => productOver(d, both(d), true, rank),
    (d, rank) => productOver(d, both(d), false, rank),
  ];
  return over.flatMap((product) =>
    RANKS.map(
      (rank): Case =>
        (d) =>
          product(d, rank),
    ),
  );
});

/** x scaled by vectors, one after the other. */
const scaled = (d: Draw, rank: number, make: (n: number) => readonly Value[]) => {
  const n = d.size(2);
  return make(n).reduce((x, by) => g.mul(x, by), rowsOf(d, rank, n));
};

export const cases: Readonly<Record<string, Cases>> = {
  linearOfReplaced: {
    fires: [...eachLinear, ...nested.slice(0, 2)],
    kept: [
      (d) => linearOver(d, matrix(d)),
      (d) => linearOver(d, replaced(d, d.normal([4, 3]), 0, [2, 0])),
      (d) => linearOver(d, replaced(d, d.normal([4, 3]), 1, [1])),
      (d) => g.linear(d.normal([3]), replaced(d, d.normal([4, 3]), 0), d.normal([4])),
      (d) => g.linear(d.normal([3]), replaced(d, d.normal([4, 3]), 1), d.normal([4])),
      (d) => linearOver(d, g.put(d.normal([1, 3]), d.normal([4, 3]), 0, [2])),
      (d) => linearOver(d, g.replaceEntries(d.normal([4, 3]), d.normal([1]), d.index([1], 12))),
      (d) => linearOver(d, g.neg(replaced(d, d.normal([4, 3]), 0))),
      (d) => g.linear(replaced(d, d.normal([4, 3]), 0), d.normal([2, 3]), d.normal([2])),
      (d) => productOver(d, replaced(d, matrix(d), 0), true),
      (d) => replaced(d, matrix(d), 0),
    ],
  },
  productOfReplaced: {
    fires: eachProduct,
    kept: [
      (d) => productOver(d, matrix(d), true),
      (d) => productOver(d, replaced(d, d.normal([4, 3]), 0, [2, 0]), true),
      (d) => productOver(d, replaced(d, d.normal([4, 3]), 1, [1]), false),
      (d) => g.matmul(d.normal([4, 2]), replaced(d, d.normal([4, 3]), 0), { transposeA: true }),
      (d) => g.matmul(d.normal([3, 2]), replaced(d, d.normal([4, 3]), 1), { transposeA: true, transposeB: true }),
      (d) => g.matmul(d.normal([2, 5, 4]), replaced(d, d.normal([2, 4, 3]), 1)),
      (d) => g.matmul(replaced(d, d.normal([4, 3]), 0), d.normal([3, 2])),
      (d) => productOver(d, g.put(d.normal([1, 3]), d.normal([4, 3]), 0, [2]), true),
      (d) => productOver(d, g.transpose(replaced(d, d.normal([4, 3]), 0), [1, 0]), true),
      (d) => linearOver(d, replaced(d, matrix(d), 0)),
    ],
  },
  scaleOnce: {
    fires: [
      ...RANKS.map(
        (rank): Case =>
          (d) =>
            scaled(d, rank, (n) => [d.normal([n]), d.normal([n])]),
      ),
      ...RANKS.map(
        (rank): Case =>
          (d) =>
            scaled(d, rank, (n) => [d.normal([1]), d.normal([n])]),
      ),
      ...RANKS.map(
        (rank): Case =>
          (d) =>
            scaled(d, rank, (n) => [d.normal([n]), d.normal([1])]),
      ),
      (d) => scaled(d, 2, (n) => [g.vector(Array.from({ length: n }, (_, i) => i % 2)), d.normal([n])]),
      (d) => g.mul(g.mul(d.normal([4, 1]), d.normal([3])), d.normal([3])),
      (d) => g.mul(g.mul(d.normal([4, 1]), d.normal([1])), d.normal([3])),
    ],
    kept: [
      (d) => scaled(d, 1, (n) => [d.normal([n]), d.normal([n])]),
      (d) => scaled(d, 2, (n) => [d.normal([n])]),
      (d) => scaled(d, 2, (n) => [d.normal([n]), d.normal([])]),
      (d) => scaled(d, 2, (n) => [d.normal([]), d.normal([n])]),
      (d) => scaled(d, 2, (n) => [d.normal([1, n]), d.normal([n])]),
      (d) => scaled(d, 2, (n) => [d.normal([n]), d.normal([1, n])]),
      (d) => g.mul(g.mul(d.normal([3]), d.normal([4, 3])), d.normal([3])),
      (d) => g.mul(d.normal([3]), g.mul(d.normal([4, 3]), d.normal([3]))),
      (d) => g.div(g.mul(d.normal([4, 3]), d.normal([3])), d.awayFromZero([3])),
      (d) => g.mul(g.add(d.normal([4, 3]), d.normal([3])), d.normal([3])),
    ],
  },
};
