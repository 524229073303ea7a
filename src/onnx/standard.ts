/** A graph in ONNX's own operators: ONNX Runtime's additions to them are not in every program that reads ONNX, nor on every device. */
import {
  add,
  concat,
  div,
  erf,
  matmul,
  mergeAxes,
  mul,
  sigmoid,
  slice,
  splitAxis,
  squeeze,
  sub,
  take,
  transpose,
  unsqueeze,
} from "../graph/ops.ts";
import { type Rewrite, simplify } from "../graph/simplify.ts";
import { isOp, type Value } from "../graph/value.ts";
import { isTimesTransposed } from "./lower/standard.ts";

/** x·Φ(x) = x/2·(1 + erf(x/√2)), in the form that ONNX Runtime makes one operator of again. */
const geluByErf: Rewrite = (y) => {
  if (!isOp(y, "gelu")) return null;
  const [x] = y.operands;
  return mul(mul(x, 0.5), add(erf(div(x, Math.SQRT2)), 1));
};

/** silu(x) → x·σ(x) */
const siluBySigmoid: Rewrite = (y) => (isOp(y, "silu") ? mul(y.operands[0], sigmoid(y.operands[0])) : null);

/** A product that reads an operand transposed → the product with its transpose, but for x·Wᵀ, which Gemm computes. */
const transposedFirst: Rewrite = (y) => {
  if (!isOp(y, "matmul") || isTimesTransposed(y) || (!y.attrs.transposeA && !y.attrs.transposeB)) return null;
  const [a, b] = y.operands;
  return matmul(y.attrs.transposeA ? flipped(a) : a, y.attrs.transposeB ? flipped(b) : b);
};

/** The rotation of pairs, pair by pair. */
const rotateByParts: Rewrite = (y) => {
  if (!isOp(y, "rotate")) return null;
  const [x, ...angles] = y.operands;
  const [cos, sin] = angles.map((angle) => unsqueeze(angle, 1)) as [Value, Value];
  const r = Number(cos.shape[3]);
  const rest = 2 * r < Number(x.shape[3]) ? slice(x, -1, 2 * r) : null;
  const turned = rest ? slice(x, -1, 0, 2 * r) : x;
  const { split, join } = y.attrs.interleaved ? neighbours : halves(r);
  const [a, b] = split(turned);
  const result = join(sub(mul(a, cos), mul(b, sin)), add(mul(b, cos), mul(a, sin)));
  return rest ? concat(result, rest, -1) : result;
};

/** How the numbers of a head are pairs. */
interface Pairing {
  split(x: Value): [first: Value, second: Value];
  join(first: Value, second: Value): Value;
}

const halves = (r: number): Pairing => ({
  split: (x) => [slice(x, -1, 0, r), slice(x, -1, r)],
  join: (first, second) => concat(first, second, -1),
});

const neighbours: Pairing = {
  split: (x) => [0, 1].map((i) => squeeze(take(splitAxis(x, -1, 2), -1, [i]), -1)) as [Value, Value],
  join: (first, second) => mergeAxes(concat(unsqueeze(first, -1), unsqueeze(second, -1), -1), -2),
};

/** x with its last two axes exchanged. */
function flipped(x: Value): Value {
  const axes = x.shape.map((_, axis) => axis);
  return transpose(x, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]);
}

/** `outputs` without what only ONNX Runtime has an operator for. */
export function inStandardOperators(outputs: Readonly<Record<string, Value>>): Record<string, Value> {
  const values = simplify(Object.values(outputs), [geluByErf, siluBySigmoid, transposedFirst, rotateByParts]);
  return Object.fromEntries(Object.keys(outputs).map((name, i) => [name, values[i]!]));
}
