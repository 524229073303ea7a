/** A graph as the bytes of an ONNX model. */
import type { Primitive, ValueType } from "../graph/primitive.ts";
import { isOp, type Value } from "../graph/value.ts";
import { topological } from "../graph/walk.ts";
import { type Constant, createEmitter } from "./emitter.ts";
import { lower } from "./lower/index.ts";
import * as proto from "./proto.ts";

/** IR version 10 and opset 21: the newest whose every operator used here ONNX Runtime 1.30 runs in its own kernels. */
const IR_VERSION = 10;
const OPSETS = { "": 21, "com.microsoft": 1 };

/**
 * The ONNX model that computes `outputs`, under their names. Inputs keep their names and named dimensions.
 *
 * ONNX Runtime orders nodes by a depth-first walk that takes the latest node first; nodes are therefore written last to first,
 * so that it runs them in the order of the graph, each gradient as soon as it can be had and its operands freed after it.
 */
export function onnxModel(outputs: Readonly<Record<string, Value>>): Uint8Array {
  const named = Object.entries(outputs);
  const { emitter, bind, nodes, ...collected } = lowerAll(named.map(([, value]) => value));
  const outputFields = named.map(([name, value]) => {
    nodes.push({ op: "Identity", domain: "", inputs: [emitter.name(value)], outputs: [name], attributes: {} });
    return proto.graphOutput(name, value.type, value.shape);
  });
  return proto.model(
    [
      ...nodes.toReversed().map(proto.node),
      ...collected.constants.map(({ name, type, shape, values }) =>
        proto.initializer(name, type, shape, encode[type](values)),
      ),
      ...collected.inputs.map(({ attrs: { name, type, shape } }) => proto.graphInput(name, type, shape)),
      ...outputFields,
    ],
    IR_VERSION,
    OPSETS,
  );
}

function lowerAll(
  outputs: readonly Value[],
): ReturnType<typeof createEmitter> & { inputs: Value<"input">[]; constants: Constant[] } {
  const state = createEmitter();
  const order = topological(outputs);
  const inputs = order.filter((value) => isOp(value, "input"));
  for (const value of inputs) state.bind(value, value.attrs.name);
  for (const value of order)
    if (!isOp(value, "input")) state.bind(value, lower(value as Value<Exclude<Primitive, "input">>, state.emitter));
  return { ...state, inputs, constants: state.constants };
}

const encode: { readonly [T in ValueType]: (values: readonly number[]) => Uint8Array } = {
  float32: (values) => new Uint8Array(Float32Array.from(values).buffer),
  int64: (values) => new Uint8Array(BigInt64Array.from(values.map(BigInt)).buffer),
  bool: (values) => Uint8Array.from(values),
};
