/** Lowerings of reductions and of what normalises along the last axis. */
import type { Dim } from "../../graph/primitive.ts";
import type { Value } from "../../graph/value.ts";
import { axisFromFront } from "../../tensor/shape.ts";
import type { Emitter } from "../emitter.ts";
import type { Lowering, Lowerings } from "./rules.ts";

const reduce =
  (op: string): Lowering<"sum" | "mean"> =>
  ({ operands: [x], attrs: { axes, keepDims } }, emit) => {
    const counted = axes.map((axis) => axisFromFront(axis, x.shape.length));
    return emit.node(op, [emit.name(x), emit.constant("int64", counted, [counted.length])], {
      attributes: { keepdims: { int: Number(keepDims) } },
    });
  };

/** The softmax of x, once: the pullback of a likelihood reads what the likelihood was made from. */
function softmax(emit: Emitter, x: Value): string {
  const known = emit.byProduct("softmax", x, "");
  if (known !== null) return known;
  const result = emit.node("Softmax", [emit.name(x)], { attributes: { axis: { int: -1 } } });
  emit.offer("softmax", x, "", () => result);
  return result;
}
const reduceMean = reduce("ReduceMean");

export const reduction: Lowerings<
  | "sum"
  | "mean"
  | "softmax"
  | "negativeLogLikelihood"
  | "layerNorm"
  | "inverseStd"
  | "rmsNorm"
  | "inverseRms"
  | "rotate"
> = {
  sum: reduce("ReduceSum"),
  mean: (y, emit) => {
    const overLast =
      y.attrs.keepDims &&
      y.attrs.axes.length === 1 &&
      axisFromFront(y.attrs.axes[0]!, y.operands[0].shape.length) === y.shape.length - 1;
    return (overLast ? emit.byProduct("mean", y.operands[0], "") : null) ?? reduceMean(y, emit);
  },
  softmax: ({ operands: [x] }, emit) => softmax(emit, x),
  negativeLogLikelihood: ({ operands: [x, index] }, emit) => {
    const last = emit.constant("int64", [-1], [1]);
    const scored = emit.node("GatherElements", [emit.name(x), emit.node("Unsqueeze", [emit.name(index), last])], {
      attributes: { axis: { int: -1 } },
    });
    const largest = emit.node("ReduceMax", [emit.name(x), last]);
    const logOfSum = emit.node("Sub", [largest, emit.node("Log", [emit.node("ReduceMax", [softmax(emit, x), last])])]);
    return emit.node("Squeeze", [emit.node("Sub", [logOfSum, scored]), last]);
  },
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
  rmsNorm: ({ operands: [x, scale], attrs: { epsilon } }, emit) => {
    const output = emit.node("SimplifiedLayerNormalization", [emit.name(x), emit.name(scale)], {
      attributes: { axis: { int: -1 }, epsilon: { float: epsilon } },
    });
    emit.offer("inverseRms", x, String(epsilon), () => emit.extraOutput(output, 1));
    return output;
  },
  inverseRms: ({ operands: [x], attrs: { epsilon } }, emit) => {
    const known = emit.byProduct("inverseRms", x, String(epsilon));
    if (known !== null) return known;
    const last = emit.constant("int64", [-1], [1]);
    const meanSquare = emit.node("ReduceMean", [emit.node("Mul", [emit.name(x), emit.name(x)]), last]);
    return emit.node("Reciprocal", [
      emit.node("Sqrt", [emit.node("Add", [meanSquare, emit.constant("float32", [epsilon])])]),
    ]);
  },
  // The kernel looks up rows of cos and sin by position: here a row for each token of the batch.
  rotate: ({ operands: [x, cos, sin], attrs: { interleaved } }, emit) => {
    const pairs = Number(cos.shape[2]);
    const [batch, heads, sequence, d] = x.shape as readonly [Dim, number, Dim, number];
    const asRows = (table: Value) => emit.node("Reshape", [emit.name(table), emit.constant("int64", [-1, pairs], [2])]);
    const tokens = emit.node("Squeeze", [emit.node("Mul", [emit.sizes([batch]), emit.sizes([sequence])])]);
    const range = emit.node("Range", [emit.constant("int64", [0]), tokens, emit.constant("int64", [1])]);
    const positions = emit.node("Reshape", [range, emit.sizes([batch, sequence])]);
    return emit.node("RotaryEmbedding", [emit.name(x), positions, asRows(cos), asRows(sin)], {
      domain: "com.microsoft",
      attributes: {
        interleaved: { int: Number(interleaved) },
        ...(2 * pairs < d && { num_heads: { int: heads }, rotary_embedding_dim: { int: 2 * pairs } }),
      },
    });
  },
};
