/** A graph in ONNX's own operators: ONNX Runtime's additions to them are not in every program that reads ONNX, nor on every device. */
import { add, div, erf, matmul, mul, sigmoid, transpose } from "../graph/ops.ts";
import { type Rewrite, simplify } from "../graph/simplify.ts";
import { isOp, type Value } from "../graph/value.ts";

/** x·Φ(x) = x/2·(1 + erf(x/√2)), in the form that ONNX Runtime makes one operator of again. */
const geluByErf: Rewrite = (y) => {
  if (!isOp(y, "gelu")) return null;
  const [x] = y.operands;
  return mul(mul(x, 0.5), add(erf(div(x, Math.SQRT2)), 1));
};

/** silu(x) → x·σ(x) */
const siluBySigmoid: Rewrite = (y) => (isOp(y, "silu") ? mul(y.operands[0], sigmoid(y.operands[0])) : null);

/** A product that reads an operand transposed → the product with its transpose. */
const transposedFirst: Rewrite = (y) => {
  if (!isOp(y, "matmul") || (!y.attrs.transposeA && !y.attrs.transposeB)) return null;
  const [a, b] = y.operands;
  return matmul(y.attrs.transposeA ? flipped(a) : a, y.attrs.transposeB ? flipped(b) : b);
};

/** x with its last two axes exchanged. */
function flipped(x: Value): Value {
  const axes = x.shape.map((_, axis) => axis);
  return transpose(x, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]);
}

/** `outputs` without what only ONNX Runtime has an operator for. */
export function inStandardOperators(outputs: Readonly<Record<string, Value>>): Record<string, Value> {
  const values = simplify(Object.values(outputs), [geluByErf, siluBySigmoid, transposedFirst]);
  return Object.fromEntries(Object.keys(outputs).map((name, i) => [name, values[i]!]));
}
