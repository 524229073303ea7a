/** Which primitives make slices of their result of slices of their operands, and along which axes. */
import { axisFromFront } from "../tensor/shape.ts";
import type { Elementwise, Primitive } from "./primitive.ts";
import type { Value } from "./value.ts";

/** For each operand the axis of its slices, counted from the front; null where all of it is read. */
type Axes = readonly (number | null)[];
type Rule<P extends Primitive> = (y: Value<P>, axis: number) => Axes | null;

/** The axis of x that becomes y's where x is broadcast to y; null where x is repeated along it. */
function broadcastAxis(x: Value, y: Value, axis: number): number | null {
  const own = axis - (y.shape.length - x.shape.length);
  return own < 0 || x.shape[own] === 1 ? null : own;
}

const everyOperand: Rule<Primitive> = (y, axis) =>
  (y.operands as readonly Value[]).map((x) => broadcastAxis(x, y, axis));

/** Of what is computed over the last axis, any other one of the first operand. */
const byRows: Rule<Primitive> = ({ operands, shape }, axis) =>
  axis === shape.length - 1 ? null : operands.map((_, i) => (i === 0 ? axis : null));

const elementwise: { readonly [P in Elementwise]: Rule<P> } = {
  add: everyOperand,
  sub: everyOperand,
  mul: everyOperand,
  div: everyOperand,
  equal: everyOperand,
  greater: everyOperand,
  select: everyOperand,
  neg: everyOperand,
  exp: everyOperand,
  log: everyOperand,
  sqrt: everyOperand,
  cos: everyOperand,
  sin: everyOperand,
  tanh: everyOperand,
  erf: everyOperand,
  sigmoid: everyOperand,
  relu: everyOperand,
  gelu: everyOperand,
  silu: everyOperand,
  cast: everyOperand,
  stopGradient: everyOperand,
};

export const sliceRules: { readonly [P in Primitive]?: Rule<P> } = {
  ...elementwise,
  expand: everyOperand,
  transpose: ({ attrs: { perm } }, axis) => [perm[axis]!],
  unsqueeze({ attrs, shape }, axis) {
    const added = axisFromFront(attrs.axis, shape.length);
    return axis === added ? null : [axis < added ? axis : axis - 1];
  },
  squeeze({ attrs, shape }, axis) {
    const gone = axisFromFront(attrs.axis, shape.length + 1);
    return [axis < gone ? axis : axis + 1];
  },
  splitHeads: (_, axis) => (axis === 0 ? [0] : axis === 2 ? [1] : null),
  mergeHeads: (_, axis) => (axis === 0 ? [0] : axis === 1 ? [2] : null),
  matmul({ operands: [a, b], attrs, shape }, axis) {
    const [rows, columns] = [shape.length - 2, shape.length - 1];
    if (axis === rows) return [a.shape.length - (attrs.transposeA ? 1 : 2), null];
    if (axis === columns) return [null, b.shape.length - (attrs.transposeB ? 2 : 1)];
    return [a, b].map((x) => (x.shape.length === 2 || x.shape[axis] === 1 ? null : axis));
  },
  linear: byRows,
  softmax: byRows,
  layerNorm: byRows,
  rmsNorm: byRows,
  rotate: (_, axis) => (axis === 0 ? [0, 0, 0] : axis === 2 ? [2, 1, 1] : null),
};

/** For each operand of `y` the axis along whose slices those of y's `axis` are made; null where slices are not made of slices. */
export function sliceAxes(y: Value, axis: number): Axes | null {
  const axes = (sliceRules[y.op] as Rule<Primitive> | undefined)?.(y, axis);
  return axes?.some((own) => own !== null) ? axes : null;
}
