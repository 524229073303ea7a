/** A random use of each primitive: the table every rule is tried on. A primitive without a row here does not compile. */
import * as g from "../src/graph/ops.ts";
import type { Primitive } from "../src/graph/primitive.ts";
import type { Value } from "../src/graph/value.ts";
import type { Draw } from "./draw.ts";

type Case = (d: Draw) => Value;

const unary =
  (f: (x: Value) => Value): Case =>
  (d) =>
    f(d.normal(d.shape(d.size(1, 3))));

/** Two shapes that broadcast: the second lacks leading axes or has ones. */
const binary =
  (f: (a: Value, b: Value) => Value): Case =>
  (d) => {
    const shape = d.shape(3);
    const other = shape.slice(d.size(0, 2)).map((n) => (d.coin() ? n : 1));
    const operands: [Value, Value] = [d.awayFromZero(shape), d.awayFromZero(other)];
    return d.coin() ? f(...operands) : f(operands[1], operands[0]);
  };

/** A mask [batch, sequence] of whole numbers, and how many of them are not zero: one at least. */
function masked(d: Draw): { mask: Value; tokens: number } {
  const mask = d.index(d.shape(2), 3);
  const { data } = d.feeds[(mask as Value<"input">).attrs.name]!;
  data[d.size(0, data.length - 1)] = 1;
  return { mask, tokens: data.filter((n) => n !== 0).length };
}

const reduction =
  (f: typeof g.sum): Case =>
  (d) => {
    const rank = d.size(1, 3);
    const axes = [0, 1, 2].slice(0, rank).filter(() => d.coin());
    return f(d.normal(d.shape(rank)), axes.length > 0 ? axes : [rank - 1], d.coin());
  };

const lastAxis =
  (f: (x: Value) => Value): Case =>
  (d) =>
    f(d.normal([...d.shape(d.size(0, 2)), d.size(2, 6)]));

export const cases: { readonly [P in Primitive]: Case } = {
  input: (d) => d.normal(d.shape(2)),
  constant: (d) => g.mul(d.normal([3]), d.coin() ? 2.5 : g.constant(2.5, "float32", [2, 3])),
  vector: (d) => g.mul(d.normal([2, 3]), g.vector([0.5, -2, 3])),
  iota: (d) => g.mul(d.normal([3, 4]), g.cast(g.iota(d.normal([2, 4]), 1), "float32")),
  count: (d) => g.mul(d.normal([3, 4]), g.count(d.normal(d.shape(3)), [0, 2])),

  add: binary(g.add),
  sub: binary(g.sub),
  mul: binary(g.mul),
  div: binary(g.div),
  equal: (d) => g.mul(d.normal([2, 3]), g.cast(g.equal(d.index([2, 3], 2), d.index([3], 2)), "float32")),
  greater: (d) => g.mul(d.normal([2, 3]), g.cast(g.greater(d.awayFromZero([2, 3]), d.awayFromZero([3])), "float32")),
  select: (d) => {
    const shape = d.shape(2);
    return g.select(d.bool(shape), d.normal(shape.slice(1)), d.normal(shape));
  },

  neg: unary(g.neg),
  exp: unary(g.exp),
  log: (d) => g.log(d.positive(d.shape(2))),
  sqrt: (d) => g.sqrt(d.positive(d.shape(2))),
  tanh: unary(g.tanh),
  erf: unary(g.erf),
  cos: unary(g.cos),
  sin: unary(g.sin),
  sigmoid: unary(g.sigmoid),
  relu: (d) => g.relu(d.awayFromZero(d.shape(2))),
  gelu: unary(g.gelu),
  silu: unary(g.silu),
  cast: (d) => g.mul(d.normal([4]), g.cast(d.index([3, 4], 5), "float32")),
  cumsum: (d) => g.mul(d.normal([2, 5]), g.cast(g.cumsum(d.index([2, 5], 3), 1), "float32")),

  // Over what the gradient is not asked for, since it is not what finite differences see.
  stopGradient: (d) => g.mul(d.normal([2, 3]), g.stopGradient(g.cast(d.index([3], 5), "float32"))),

  after: (d) => g.mul(g.after(d.normal(d.shape(d.size(1, 3))), d.normal(d.shape(2))), 2),

  sum: reduction(g.sum),
  mean: reduction(g.mean),

  expand: (d) => {
    const shape = d.shape(3);
    return g.expand(d.normal(shape.slice(1).map((n) => (d.coin() ? n : 1))), d.normal(shape));
  },
  transpose: (d) => g.transpose(d.normal(d.shape(3)), [2, 0, 1]),
  unsqueeze: (d) => g.unsqueeze(d.normal(d.shape(2)), d.size(0, 2)),
  squeeze: (d) => g.squeeze(d.normal([d.size(), 1, d.size()]), 1),
  splitHeads: (d) => g.splitHeads(d.normal([d.size(), d.size(), 6]), d.coin() ? 2 : 3),
  mergeHeads: (d) => g.mergeHeads(d.normal(d.shape(4))),

  splitAxis: (d) => {
    const [outer, inner] = [d.size(), d.size()];
    return g.splitAxis(d.normal([...d.shape(d.size(0, 1)), outer * inner, ...d.shape(1)]), -2, inner);
  },
  mergeAxes: (d) => g.mergeAxes(d.normal(d.shape(3)), d.size(0, 1)),

  skew: (d) => {
    const [rows, columns] = [d.size(), d.size()];
    return g.skew(d.normal([...d.shape(d.size(0, 2)), rows, rows + columns]));
  },
  unskew: (d) => g.unskew(d.normal(d.shape(d.size(2, 4)))),

  unpad: (d) => {
    const { mask, tokens } = masked(d);
    return g.unpad(d.normal([...(mask.shape as number[]), ...d.shape(d.size(0, 2))]), mask, tokens);
  },
  pad: (d) => {
    const { mask, tokens } = masked(d);
    return g.pad(d.normal([1, tokens, ...d.shape(d.size(0, 2))]), mask);
  },
  unpadHeads: (d) => {
    const { mask, tokens } = masked(d);
    const [batch, sequence] = mask.shape as [number, number];
    return g.unpadHeads(d.normal([batch, d.size(), sequence, d.size()]), mask, tokens);
  },
  padHeads: (d) => {
    const { mask, tokens } = masked(d);
    const heads = d.size();
    return g.padHeads(d.normal([1, tokens, heads * d.size()]), mask, heads);
  },

  concat: (d) => {
    const shape = d.shape(3);
    const axis = d.size(-3, 2);
    const counted = axis < 0 ? axis + 3 : axis;
    return g.concat(d.normal(shape), d.normal(shape.with(counted, d.size())), axis);
  },
  slice: (d) => {
    const [shape, axis] = [d.shape(3), d.size(0, 2)];
    const start = d.size(0, shape[axis]! - 1);
    return g.slice(d.normal(shape), axis, start, d.coin() ? null : d.size(start + 1, shape[axis]!));
  },
  sliceLike: (d) => {
    const [shape, axis] = [d.shape(3).with(1, d.size(2, 5)), 1];
    const [x, like] = [d.normal(shape), d.normal([2, 3, d.size(1, shape[1]! - 1)])];
    return d.coin() ? g.firstLike(x, axis, like, 2) : g.restLike(x, axis, like, -1);
  },
  take: (d) => {
    const shape = d.shape(3);
    const axis = d.size(0, 2);
    return g.take(d.normal(shape), axis, d.indices(shape[axis]!));
  },
  put: (d) => {
    const shape = d.shape(3);
    const axis = d.size(0, 2);
    const indices = d.indices(shape[axis]!);
    return g.put(d.normal(shape.with(axis, indices.length)), d.normal(shape), axis, indices);
  },
  replace: (d) => {
    const shape = d.shape(2);
    const axis = d.size(0, 1);
    const indices = d.indices(shape[axis]!);
    const within = d.coin() ? d.indices(shape[1 - axis]!) : null;
    const part = [...shape].with(axis, indices.length).with(1 - axis, within?.length ?? shape[1 - axis]!);
    return g.replace(d.normal(shape), d.normal(part), axis, indices, within);
  },
  takeEntries: (d) => {
    const shape = d.shape(2);
    return g.takeEntries(d.normal(shape), d.distinct(shape[0]! * shape[1]!));
  },
  replaceEntries: (d) => {
    const shape = d.shape(2);
    const index = d.distinct(shape[0]! * shape[1]!);
    return g.replaceEntries(d.normal(shape), d.normal(index.shape as number[]), index);
  },
  gather: (d) => {
    const rows = d.size();
    return g.gather(d.normal([rows, d.size()]), d.index(d.shape(2), rows));
  },
  scatterAdd: (d) => {
    const [rows, width] = [d.size(), d.size()];
    const index = d.shape(2);
    return g.scatterAdd(d.normal([...index, width]), d.index(index, rows), d.normal([rows, width]));
  },
  gatherRows: (d) => {
    const leading = d.shape(d.size(1, 2));
    const rows = leading.reduce((product, n) => product * n, 1);
    return g.gatherRows(d.normal([...leading, d.size()]), d.index(d.shape(d.size(1, 2)), rows));
  },
  scatterRows: (d) => {
    const [leading, width] = [d.shape(d.size(1, 2)), d.size()];
    const rows = leading.reduce((product, n) => product * n, 1);
    const index = d.shape(d.size(1, 2));
    return g.scatterRows(d.normal([...index, width]), d.index(index, rows), d.normal([...leading, width]));
  },
  minusOneHot: (d) => {
    const shape = d.shape(2);
    return g.minusOneHot(d.normal([...shape, 4]), d.index(shape, 4));
  },

  matmul: (d) => {
    const [m, k, n] = [d.size(), d.size(), d.size()];
    const leading = d.shape(d.size(0, 3));
    const transposed = { transposeA: d.coin(), transposeB: d.coin() };
    const stretched = () => leading.map((size) => (d.size(0, 3) === 0 ? 1 : size));
    const a = d.normal([...stretched(), ...(transposed.transposeA ? [k, m] : [m, k])]);
    const b = d.normal([...(d.coin() ? stretched() : []), ...(transposed.transposeB ? [n, k] : [k, n])]);
    return g.matmul(a, b, transposed);
  },
  linear: (d) => {
    const [inner, out] = [d.size(), d.size()];
    return g.linear(d.normal([...d.shape(d.size(1, 2)), inner]), d.normal([out, inner]), d.normal([out]));
  },
  codeScale: (d) =>
    g.codeScale(g.cast(d.index([...d.shape(d.size(0, 2)), d.size(2, 6)], 9), "float32"), d.coin() ? 127 : 63),
  encode: (d) => {
    const x = g.sub(g.cast(d.index([...d.shape(d.size(0, 2)), d.size(2, 6)], 40), "float32"), 20);
    const tenths = g.constant(0.1, "float32", [...x.shape.slice(0, -1), 1] as number[]);
    return g.cast(g.encode(x, d.coin() ? g.codeScale(x, 127) : tenths, d.coin() ? 128 : 64), "float32");
  },
  integerMatmul: (d) => {
    const [inner, n] = [d.size(), d.size()];
    const scales = g.mul(g.cast(d.index([n], 5), "float32"), 0.25);
    // What two neighbouring products add to fits 16 bits.
    const [left, right, zero] = d.coin() ? [127, 127, 64] : [255, 64, 128];
    const a = d.uint8([...d.shape(d.size(1, 2)), inner], left);
    return g.integerMatmul(a, d.int8([inner, n], right), d.coin() ? scales : 0.5, zero);
  },
  dequantize: (d) => {
    const shape = [...d.shape(d.size(1, 3)), d.size(2, 6)];
    const scale = g.mul(g.cast(d.index(shape.slice(0, -1), 5), "float32"), 0.25);
    return d.coin() ? g.dequantize(d.uint8(shape), scale, 8) : g.dequantize(d.int8(shape), scale, 0);
  },
  halfBytes: (d) => g.cast(g.halfBytes(d.uint8(d.shape(d.size(1, 3)))), "float32"),

  contract: (d) => {
    const leading = d.shape(d.size(1, 2));
    const wide = () => (d.coin() ? 70 : d.size());
    const [rows, columns] = d.coin() ? [wide(), wide()] : [d.size(2, 3), 1536];
    return g.contract(d.normal([...leading, rows]), d.normal([...leading, columns]));
  },

  softmax: lastAxis(g.softmax),
  negativeLogLikelihood: (d) => {
    const shape = d.shape(d.size(0, 2));
    return g.negativeLogLikelihood(d.normal([...shape, 5]), d.index(shape, 5));
  },
  layerNorm: (d) => {
    const n = d.size(2, 6);
    return g.layerNorm(d.normal([...d.shape(2), n]), d.normal([n]), d.normal([n]), 1e-5);
  },
  inverseStd: (d) => g.inverseStd(d.normal([...d.shape(2), d.size(2, 6)]), 1e-5),
  rmsNorm: (d) => {
    const width = d.size(2, 6);
    return g.rmsNorm(d.normal([...d.shape(d.size(1, 2)), width]), d.normal([width]), 1e-5);
  },
  inverseRms: (d) => g.inverseRms(d.normal([...d.shape(2), d.size(2, 6)]), 1e-5),
  rotate: (d) => {
    const [batch, heads, sequence, pairs] = [d.size(1, 3), d.size(1, 3), d.size(1, 4), 8];
    const angles = () => g.mul(g.cast(d.index([batch, sequence, pairs], 7), "float32"), 0.3);
    const x = d.normal([batch, heads, sequence, 2 * pairs + (d.coin() ? 0 : 16)]);
    return g.rotate(x, angles(), angles(), d.coin());
  },
};
