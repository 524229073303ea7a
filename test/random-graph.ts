/** Random graphs put together from small phrases, with much in them that can be simplified. */
import * as g from "../src/graph/ops.ts";
import type { Value } from "../src/graph/value.ts";
import type { Draw } from "./draw.ts";

interface Phrase {
  readonly fits: (x: Value) => boolean;
  readonly make: (x: Value, d: Draw) => Value;
}
type Make = Phrase["make"];

const always = (make: Make): Phrase => ({ fits: () => true, make });
const ofRank = (from: number, to: number, make: Make): Phrase => ({
  fits: ({ shape: { length } }) => length >= from && length <= to,
  make,
});
const sizes = (x: Value) => x.shape as readonly number[];
const range = (n: number) => [...Array(n).keys()];
const axisOf = (x: Value, d: Draw) => d.size(0, x.shape.length - 1);
const binary = (d: Draw) => [g.add, g.sub, g.mul][d.size(0, 2)]!;

/** A linear layer over a matrix that a fine-tuning method has made of another. */
function adaptedLinear(x: Value, d: Draw): Value {
  const [out, inner] = [d.size(), sizes(x).at(-1)!];
  const [weight, bias] = [d.normal([out, inner]), d.normal([out])];
  const l = d.normal([out]);
  const product = g.matmul(d.normal([out, 2]), g.mul(d.normal([2, inner]), d.normal([2, 1])));
  const methods: readonly (() => Value)[] = [
    () => g.linear(x, g.add(weight, g.mul(product, 0.5)), bias),
    () => g.linear(x, g.add(weight, g.mul(product, g.unsqueeze(l, 1))), bias),
    () => g.linear(x, g.mul(g.add(weight, product), g.unsqueeze(l, 1)), bias),
    () => g.linear(x, g.mul(weight, g.unsqueeze(l, 1)), g.mul(bias, l)),
    () => g.linear(x, g.mul(weight, d.normal([inner])), bias),
  ];
  return methods[d.size(0, methods.length - 1)]!();
}

/** What the gradient of a cross-entropy of scores x goes into: hidden states, a table of words, a bias. */
function likelihoodGradient(x: Value, d: Draw): Value {
  const leading = sizes(x).slice(0, -1);
  const words = sizes(x).at(-1)!;
  const gradient = g.mul(g.minusOneHot(g.softmax(x), d.index(leading, words)), d.normal([...leading, 1]));
  const products: readonly (() => Value)[] = [
    () => g.matmul(gradient, d.normal([words, d.size()])),
    () => g.contract(gradient, d.normal([...leading, d.size()])),
    () => g.sum(gradient, g.axesOf(gradient, 1)),
  ];
  return products[d.size(0, products.length - 1)]!();
}

const phrases: readonly Phrase[] = [
  always((x) => g.tanh(x)),
  always((x) => g.neg(x)),
  always((x, d) => (d.coin() ? g.add(x, 0) : g.add(g.fill(0, x), x))),
  always((x, d) => (d.coin() ? g.mul(x, 1) : g.div(x, g.fill(1, x)))),
  always((x, d) => binary(d)(x, d.normal(sizes(x).slice(1)))),
  always((x, d) => g.mul(g.mul(x, d.normal(sizes(x).slice(1))), 1.5)),
  always((x, d) => g.mul(g.mul(x, 1.5), d.normal(sizes(x).slice(1)))),
  always((x, d) => binary(d)(x, x)),
  ofRank(1, 4, (x, d) => {
    const axis = axisOf(x, d);
    return g.take(g.mul(x, 0.5), axis, d.indices(sizes(x)[axis]!));
  }),
  ofRank(2, 4, (x, d) => g.sum(g.mul(x, 0.5), [axisOf(x, d)])),
  ofRank(2, 4, (x, d) => g.matmul(g.mul(g.concat(x, x, -1), 0.5), d.normal([2 * sizes(x).at(-1)!, sizes(x).at(-1)!]))),
  always((x) => g.select(g.greater(x, 0), x, x)),
  ofRank(1, 4, (x, d) => binary(d)(x, g.expand(d.normal(sizes(x).slice(1)), x))),
  ofRank(1, 4, (x, d) => binary(d)(g.expand(g.sum(x, [axisOf(x, d)], true), x), x)),
  ofRank(1, 4, (x, d) => {
    const axis = axisOf(x, d);
    return g.take(x, d.coin() ? axis : axis - x.shape.length, d.indices(sizes(x)[axis]!));
  }),
  ofRank(1, 4, (x, d) => {
    const axis = axisOf(x, d);
    return g.take(x, axis, range(sizes(x)[axis]!));
  }),
  ofRank(1, 4, (x, d) => {
    const axis = axisOf(x, d);
    const size = sizes(x)[axis]!;
    const start = d.size(0, size);
    const indices = range(size).map((i) => start + i);
    return g.take(g.concat(x, d.normal(sizes(x)), axis), axis, indices);
  }),
  ofRank(1, 4, (x, d) => {
    const axis = axisOf(x, d);
    const indices = range(sizes(x)[axis]!);
    return g.mul(x, g.take(g.constant(1.5, "float32", sizes(x).with(axis, 99)), axis, indices));
  }),
  ofRank(1, 3, (x, d) => {
    const axis = axisOf(x, d);
    const indices = d.indices(sizes(x)[axis]!);
    return g.replace(x, d.normal(sizes(x).with(axis, indices.length)), axis, indices);
  }),
  ofRank(1, 3, (x, d) => {
    const axis = axisOf(x, d);
    const size = sizes(x)[axis]!;
    return g.put(x, d.normal(sizes(x).with(axis, size + 1)), axis, range(size).toReversed());
  }),
  ofRank(2, 2, (x) => g.transpose(x, [1, 0])),
  ofRank(3, 3, (x, d) => g.transpose(x, d.coin() ? [2, 0, 1] : [1, 0, 2])),
  ofRank(3, 3, (x) => g.transpose(g.transpose(x, [1, 2, 0]), [0, 2, 1])),
  ofRank(2, 3, (x, d) => g.contract(x, d.normal([...sizes(x).slice(0, -1), d.size()]))),
  ofRank(2, 3, (x, d) => g.matmul(x, d.normal([sizes(x).at(-1)!, d.size()]))),
  ofRank(2, 3, (x, d) => adaptedLinear(x, d)),
  ofRank(2, 3, (x, d) => likelihoodGradient(x, d)),
  ofRank(2, 4, (x, d) => {
    const [leading, [queries, keys], width] = [sizes(x).slice(0, -2), sizes(x).slice(-2), d.size()];
    const [a, b] = [d.normal([...leading, queries!, width]), d.normal([...leading, keys!, width])];
    return g.sum(g.mul(g.matmul(a, b, { transposeB: true }), g.softmax(x)), [-1], d.coin());
  }),
  ofRank(0, 3, (x, d) => g.unsqueeze(x, d.size(0, x.shape.length))),
  { fits: ({ shape }) => shape.includes(1), make: (x) => g.squeeze(x, x.shape.indexOf(1)) },
  { fits: ({ shape }) => shape.length === 3 && Number(shape[2]) % 2 === 0, make: (x) => g.splitHeads(x, 2) },
  ofRank(4, 4, (x) => g.mergeHeads(x)),
];

/** Three values of one random graph, the first made last. */
export function randomGraph(d: Draw, steps = 20): Value[] {
  const values: Value[] = [d.normal(d.shape(2)), d.normal(d.shape(3))];
  for (let step = 0; step < steps; step++) {
    // Mostly the newest value, so that phrases meet.
    const x = d.size(0, 3) > 0 ? values.at(-1)! : values[d.size(0, values.length - 1)]!;
    const fitting = phrases.filter(({ fits }) => fits(x));
    values.push(fitting[d.size(0, fitting.length - 1)]!.make(x, d));
  }
  return [values.at(-1)!, values.at(-2)!, values[Math.floor(steps / 2)]!];
}
