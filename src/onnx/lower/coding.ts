/** Lowerings of the primitives of quantised numbers. */
import type { Coding } from "../../graph/primitive.ts";
import type { Emitter } from "../emitter.ts";
import { flatten } from "./linear.ts";
import type { Lowerings } from "./rules.ts";

const SMALLEST = 1e-30;
const lastAxis = (emit: Emitter) => emit.constant("int64", [-1], [1]);

export const coding: Lowerings<Coding> = {
  codeScale: ({ operands: [x], attrs: { reach } }, emit) => {
    const [most, least] = ["ReduceMax", "ReduceMin"].map((op) => emit.node(op, [emit.name(x), lastAxis(emit)]));
    const largest = emit.node("Max", [most!, emit.node("Neg", [least!]), emit.constant("float32", [reach * SMALLEST])]);
    return emit.node("Div", [largest, emit.constant("float32", [reach])]);
  },
  // The operator takes a scale for each row of a matrix.
  encode: ({ operands: [x, scale], attrs: { zero }, shape }, emit) => {
    const scales = emit.node("Reshape", [emit.name(scale), emit.constant("int64", [-1], [1])]);
    const zeros = emit.repeated("uint8", zero, shape.slice(0, -1));
    const codes = emit.node("QuantizeLinear", [flatten(emit, x), scales, zeros], { attributes: { axis: { int: 0 } } });
    return shape.length === 2 ? codes : emit.node("Reshape", [codes, emit.sizes(shape)]);
  },
  integerMatmul: ({ operands: [a, b, scale], attrs: { zero } }, emit) => {
    const scales = [emit.constant("float32", [1]), emit.name(scale)];
    const inputs = [emit.name(a), emit.name(b), ...scales, emit.constant("uint8", [zero])];
    return emit.node("MatMulIntegerToFloat", inputs, { domain: "com.microsoft" });
  },
  // The operator takes a scale for each row of a matrix.
  dequantize: ({ operands: [codes, scale], attrs: { zero }, shape }, emit) => {
    const scales = emit.node("Reshape", [emit.name(scale), emit.constant("int64", [-1], [1])]);
    const zeros = emit.repeated(codes.type, zero, scale.shape);
    const floats = emit.node("DequantizeLinear", [flatten(emit, codes), scales, zeros], {
      attributes: { axis: { int: 0 } },
    });
    return shape.length === 2 ? floats : emit.node("Reshape", [floats, emit.sizes(shape)]);
  },
  halfBytes: ({ operands: [x] }, emit) => {
    const bytes = emit.name(x);
    const lower = emit.node("BitwiseAnd", [bytes, emit.constant("uint8", [15])]);
    const upper = emit.node("BitShift", [bytes, emit.constant("uint8", [4])], {
      attributes: { direction: { string: "RIGHT" } },
    });
    return emit.node("Concat", [lower, upper], { attributes: { axis: { int: -1 } } });
  },
};
