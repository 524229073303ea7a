/** Lowerings of the elementwise primitives and of leaves. */
import type { Elementwise } from "../../graph/primitive.ts";
import { elementTypes } from "../proto.ts";
import { type Lowerings, operator } from "./rules.ts";

export const elementwise: Lowerings<"constant" | "vector" | "iota" | "count" | "cumsum" | Elementwise> = {
  constant: ({ attrs: { value, type, shape } }, emit) => {
    const scalar = emit.constant(type, [value]);
    return shape.length === 0 ? scalar : emit.node("Expand", [scalar, emit.sizes(shape)]);
  },
  vector: ({ attrs: { values } }, emit) => emit.constant("float32", values, [values.length]),
  iota: ({ shape }, emit) => {
    const end = emit.node("Squeeze", [emit.sizes(shape)]);
    return emit.node("Range", [emit.constant("int64", [0]), end, emit.constant("int64", [1])]);
  },
  count: ({ operands: [x], attrs: { axes } }, emit) => {
    const sizes = emit.sizes(axes.map((axis) => x.shape.at(axis)!));
    const product = emit.node("ReduceProd", [sizes], { attributes: { keepdims: { int: 0 } } });
    return emit.node("Cast", [product], { attributes: { to: { int: elementTypes.float32 } } });
  },
  add: operator("Add"),
  sub: operator("Sub"),
  mul: operator("Mul"),
  div: operator("Div"),
  equal: operator("Equal"),
  greater: operator("Greater"),
  select: operator("Where"),
  neg: operator("Neg"),
  exp: operator("Exp"),
  log: operator("Log"),
  sqrt: operator("Sqrt"),
  tanh: operator("Tanh"),
  erf: operator("Erf"),
  cos: operator("Cos"),
  sin: operator("Sin"),
  sigmoid: operator("Sigmoid"),
  relu: operator("Relu"),
  gelu: operator("Gelu", { domain: "com.microsoft" }),
  silu: operator("QuickGelu", { domain: "com.microsoft", attributes: { alpha: { float: 1 } } }),
  stopGradient: operator("Identity"),
  cast: ({ operands: [x], attrs: { to } }, emit) =>
    emit.node("Cast", [emit.name(x)], { attributes: { to: { int: elementTypes[to] } } }),
  cumsum: ({ operands: [x], attrs: { axis } }, emit) =>
    emit.node("CumSum", [emit.name(x), emit.constant("int64", [axis])]),
};
