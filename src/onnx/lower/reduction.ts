/** Lowerings of reductions and of what normalises along the last axis. */
import type { Primitive } from "../../graph/primitive.ts";
import { axisFromFront } from "../../tensor/shape.ts";
import { type Lowering, type Lowerings, operator } from "./rules.ts";

const reduce =
  (op: string): Lowering<"sum" | "mean"> =>
  ({ operands: [x], attrs: { axes, keepDims } }, emit) => {
    const counted = axes.map((axis) => axisFromFront(axis, x.shape.length));
    return emit.node(op, [emit.name(x), emit.constant("int64", counted, [counted.length])], {
      attributes: { keepdims: { int: Number(keepDims) } },
    });
  };

const lastAxis = (op: string): Lowering<Primitive> => operator(op, { attributes: { axis: { int: -1 } } });
const reduceMean = reduce("ReduceMean");

export const reduction: Lowerings<"sum" | "mean" | "softmax" | "logSoftmax" | "layerNorm" | "inverseStd"> = {
  sum: reduce("ReduceSum"),
  mean: (y, emit) => {
    const overLast =
      y.attrs.keepDims &&
      y.attrs.axes.length === 1 &&
      axisFromFront(y.attrs.axes[0]!, y.operands[0].shape.length) === y.shape.length - 1;
    return (overLast ? emit.byProduct("mean", y.operands[0], "") : null) ?? reduceMean(y, emit);
  },
  softmax: lastAxis("Softmax"),
  logSoftmax: lastAxis("LogSoftmax"),
  // The kernel computes the mean and 1/σ anyway: its pullback reads them as second and third output.
  layerNorm: ({ operands: [x, scale, shift], attrs: { epsilon } }, emit) => {
    const output = emit.node("LayerNormalization", [emit.name(x), emit.name(scale), emit.name(shift)], {
      attributes: { axis: { int: -1 }, epsilon: { float: epsilon } },
    });
    emit.offer("mean", x, "", () => emit.extraOutput(output, 1));
    emit.offer("inverseStd", x, String(epsilon), () => emit.extraOutput(output, 2));
    return output;
  },
  inverseStd: ({ operands: [x], attrs: { epsilon } }, emit) => {
    const known = emit.byProduct("inverseStd", x, String(epsilon));
    if (known !== null) return known;
    const last = emit.constant("int64", [-1], [1]);
    const centred = emit.node("Sub", [emit.name(x), emit.node("ReduceMean", [emit.name(x), last])]);
    const variance = emit.node("ReduceMean", [emit.node("Mul", [centred, centred]), last]);
    return emit.node("Reciprocal", [
      emit.node("Sqrt", [emit.node("Add", [variance, emit.constant("float32", [epsilon])])]),
    ]);
  },
};
