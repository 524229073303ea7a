/** The meaning of every primitive, in float64 loops: the definition that pullbacks and lowerings are held against. */
import type { Primitive } from "../graph/primitive.ts";
import type { Value } from "../graph/value.ts";
import { otherAxis } from "../graph/shapes.ts";
import { axisFromFront, sizeOf } from "../tensor/shape.ts";
import { accumulate, array64, type Array64, build, read } from "./array.ts";

type Meaning<P extends Primitive> = (operands: readonly Array64[], value: Value<P>) => Array64;

const map =
  (f: (x: number) => number): Meaning<Primitive> =>
  ([x]) =>
    array64(x!.shape, x!.data.map(f));

const zip =
  (f: (a: number, b: number) => number): Meaning<Primitive> =>
  ([a, b]) =>
    build(broadcastShape(a!.shape, b!.shape), (index) => f(read(a!, index), read(b!, index)));

function broadcastShape(...shapes: readonly (readonly number[])[]): number[] {
  const rank = Math.max(...shapes.map((shape) => shape.length));
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = shapes.map((shape) => shape[axis - rank + shape.length] ?? 1);
    return sizes.find((n) => n !== 1) ?? 1;
  });
}

/** Applies `f` to each run of the last axis. */
const rowwise =
  (f: (row: Float64Array) => ArrayLike<number>): Meaning<Primitive> =>
  ([x]) => {
    const n = x!.shape.at(-1)!;
    const result = array64(x!.shape);
    for (let i = 0; i < x!.data.length; i += n) result.data.set(f(x!.data.subarray(i, i + n)), i);
    return result;
  };

/** What `f` makes of each run of the last axis. */
const lastToOne =
  (f: (row: Float64Array) => number): Meaning<Primitive> =>
  ([x]) => {
    const n = x!.shape.at(-1)!;
    const result = array64(x!.shape.with(-1, 1));
    for (let i = 0; i < result.data.length; i++) result.data[i] = f(x!.data.subarray(i * n, (i + 1) * n));
    return result;
  };

/** The same numbers as a matrix, one row for each index of the leading axes. */
const asRows = ({ shape, data }: Array64): Array64 => ({ shape: [data.length / shape.at(-1)!, shape.at(-1)!], data });

const total = (row: Float64Array) => row.reduce((a, b) => a + b, 0);
const average = (row: Float64Array) => total(row) / row.length;
const rootMeanSquare = (row: Float64Array, epsilon: number) =>
  Math.sqrt(row.reduce((sum, n) => sum + n * n, 0) / row.length + epsilon);
const deviation = (row: Float64Array, epsilon: number) => {
  const mean = average(row);
  return Math.sqrt(row.reduce((a, b) => a + (b - mean) ** 2, 0) / row.length + epsilon);
};
const largest = (row: Float64Array) => row.reduce((a, b) => Math.max(a, b), -Infinity);
const logSumExp = (row: Float64Array) => {
  const max = largest(row);
  return max + Math.log(row.reduce((a, b) => a + Math.exp(b - max), 0));
};

function reduceSum(x: Array64, { attrs }: Value<"sum"> | Value<"mean">): Array64 {
  const axes = new Set(attrs.axes.map((axis) => axisFromFront(axis, x.shape.length)));
  const kept = array64(x.shape.map((n, axis) => (axes.has(axis) ? 1 : n)));
  build(x.shape, (index) => {
    accumulate(
      kept,
      index.map((i, axis) => (axes.has(axis) ? 0 : i)),
      read(x, index),
    );
    return 0;
  });
  return attrs.keepDims
    ? kept
    : array64(
        x.shape.filter((_, axis) => !axes.has(axis)),
        kept.data,
      );
}

const countAlong = (x: Array64, axes: readonly number[]) =>
  axes.reduce((n, axis) => n * x.shape[axisFromFront(axis, x.shape.length)]!, 1);

/** The error function by its Maclaurin series where it converges fast, else by the continued fraction of erfc. */
export function errorFunction(x: number): number {
  const magnitude = Math.abs(x);
  if (magnitude > 6) return Math.sign(x);
  if (magnitude < 2.5) {
    let term = x;
    let result = x;
    for (let n = 1; Math.abs(term) > 1e-18 * Math.abs(result); n++) {
      term *= (-x * x) / n;
      result += term / (2 * n + 1);
    }
    return (2 / Math.sqrt(Math.PI)) * result;
  }
  let fraction = 0;
  for (let n = 120; n > 0; n--) fraction = n / 2 / (magnitude + fraction);
  return Math.sign(x) * (1 - Math.exp(-x * x) / (Math.sqrt(Math.PI) * (magnitude + fraction)));
}

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

export const meanings: { readonly [P in Exclude<Primitive, "input">]: Meaning<P> } = {
  constant: (_, { attrs }) => build(attrs.shape, () => attrs.value),
  vector: (_, { attrs: { values } }) => array64([values.length], Float64Array.from(values)),
  iota: ([x], { attrs }) => build([x!.shape.at(attrs.axis)!], ([i]) => i!),
  count: ([x], { attrs }) => array64([], [countAlong(x!, attrs.axes)]),

  add: zip((a, b) => a + b),
  sub: zip((a, b) => a - b),
  mul: zip((a, b) => a * b),
  div: zip((a, b) => a / b),
  equal: zip((a, b) => Number(a === b)),
  greater: zip((a, b) => Number(a > b)),
  select: ([condition, a, b]) =>
    build(broadcastShape(condition!.shape, a!.shape, b!.shape), (index) =>
      read(read(condition!, index) ? a! : b!, index),
    ),

  neg: map((x) => -x),
  exp: map(Math.exp),
  log: map(Math.log),
  sqrt: map(Math.sqrt),
  tanh: map(Math.tanh),
  erf: map(errorFunction),
  sigmoid: map((x) => 1 / (1 + Math.exp(-x))),
  relu: map((x) => Math.max(0, x)),
  gelu: map((x) => (x * (1 + errorFunction(x / Math.SQRT2))) / 2),
  silu: map((x) => x / (1 + Math.exp(-x))),
  cast: ([x], { attrs: { to } }) =>
    array64(
      x!.shape,
      x!.data.map((n) => (to === "bool" ? Number(n !== 0) : to === "int64" ? Math.trunc(n) : n)),
    ),
  stopGradient: ([x]) => x!,
  cumsum: ([x], { attrs }) => {
    const axis = axisFromFront(attrs.axis, x!.shape.length);
    return build(x!.shape, (index) => {
      let sum = 0;
      for (let i = 0; i <= index[axis]!; i++) sum += read(x!, index.with(axis, i));
      return sum;
    });
  },

  sum: ([x], value) => reduceSum(x!, value),
  mean: ([x], value) => {
    const sums = reduceSum(x!, value);
    return array64(
      sums.shape,
      sums.data.map((s) => s / countAlong(x!, value.attrs.axes)),
    );
  },

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

  matmul: ([a, b], { attrs }) => {
    const at = (x: Array64, leading: readonly number[], i: number, j: number, transposed: boolean) => {
      const own = leading.slice(leading.length + 2 - x.shape.length).map((n, axis) => (x.shape[axis] === 1 ? 0 : n));
      return read(x, [...own, ...(transposed ? [j, i] : [i, j])]);
    };
    const inner = a!.shape.at(attrs.transposeA ? -2 : -1)!;
    const shape = [
      ...a!.shape.slice(0, -2).map((n, axis) => (b!.shape.length > 2 ? Math.max(n, b!.shape[axis]!) : n)),
      a!.shape.at(attrs.transposeA ? -1 : -2)!,
      b!.shape.at(attrs.transposeB ? -2 : -1)!,
    ];
    return build(shape, (index) => {
      const leading = index.slice(0, -2);
      let sum = 0;
      for (let k = 0; k < inner; k++)
        sum +=
          at(a!, leading, index.at(-2)!, k, attrs.transposeA) * at(b!, leading, k, index.at(-1)!, attrs.transposeB);
      return sum;
    });
  },
  linear: ([x, weight, bias]) =>
    build([...x!.shape.slice(0, -1), weight!.shape[0]!], (index) => {
      const out = index.at(-1)!;
      let sum = bias!.data[out]!;
      for (let k = 0; k < weight!.shape[1]!; k++) sum += read(x!, index.with(-1, k)) * read(weight!, [out, k]);
      return sum;
    }),
  contract: ([a, b]) => {
    const m = a!.shape.at(-1)!;
    const n = b!.shape.at(-1)!;
    const rows = sizeOf(a!.shape) / m;
    return build([m, n], ([i, j]) => {
      let sum = 0;
      for (let row = 0; row < rows; row++) sum += a!.data[row * m + i!]! * b!.data[row * n + j!]!;
      return sum;
    });
  },

  softmax: rowwise((row) => {
    const powers = row.map((x) => Math.exp(x - largest(row)));
    return powers.map((power) => power / total(powers));
  }),
  negativeLogLikelihood: ([x, index]) => {
    const n = x!.shape.at(-1)!;
    const row = (i: number) => x!.data.subarray(i * n, (i + 1) * n);
    return array64(
      index!.shape,
      index!.data.map((label, i) => logSumExp(row(i)) - row(i)[label]!),
    );
  },
  layerNorm: ([x, scale, shift], value) =>
    rowwise((row) => {
      const mean = average(row);
      const std = deviation(row, value.attrs.epsilon);
      return row.map((n, i) => ((n - mean) / std) * scale!.data[i]! + shift!.data[i]!);
    })([x!], value),
  inverseStd: (operands, value) => lastToOne((row) => 1 / deviation(row, value.attrs.epsilon))(operands, value),
  rmsNorm: ([x, scale], value) =>
    rowwise((row) => {
      const rms = rootMeanSquare(row, value.attrs.epsilon);
      return row.map((n, i) => (n / rms) * scale!.data[i]!);
    })([x!], value),
  inverseRms: (operands, value) => lastToOne((row) => 1 / rootMeanSquare(row, value.attrs.epsilon))(operands, value),
  rotate: ([x, cos, sin], { attrs: { interleaved } }) => {
    const pairs = cos!.shape[2]!;
    return build(x!.shape, ([b, h, s, i]) => {
      if (i! >= 2 * pairs) return read(x!, [b!, h!, s!, i!]);
      const pair = interleaved ? i! >> 1 : i! % pairs;
      const isFirst = interleaved ? i! % 2 === 0 : i! < pairs;
      const partner = interleaved ? i! ^ 1 : (i! + pairs) % (2 * pairs);
      const along = read(x!, [b!, h!, s!, i!]) * read(cos!, [b!, s!, pair]);
      const across = read(x!, [b!, h!, s!, partner]) * read(sin!, [b!, s!, pair]);
      return isFirst ? along - across : along + across;
    });
  },
};
