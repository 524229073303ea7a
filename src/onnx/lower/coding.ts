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
  // A row as a block: with a scale for each place along an axis, the operator works in one thread. It takes no blocks of one scale.
  encode: ({ operands: [x, scale], attrs: { zero }, shape }, emit) => {
    const inputs = [emit.name(x), emit.name(scale), emit.filled("uint8", zero, scale.shape)];
    const rows = { axis: { int: -1 }, block_size: { int: Number(shape.at(-1)) } };
    return emit.node("QuantizeLinear", inputs, shape.length === 1 ? {} : { attributes: rows });
  },
  integerMatmul: ({ operands: [a, b, scale], attrs: { zero } }, emit) => {
    const scales = [emit.constant("float32", [1]), emit.name(scale)];
    const inputs = [emit.name(a), emit.name(b), ...scales, emit.constant("uint8", [zero])];
    return emit.node("MatMulIntegerToFloat", inputs, { domain: "com.microsoft" });
  },
  // The operator takes a scale for each row of a matrix.
  dequantize: ({ operands: [codes, scale], attrs: { zero }, shape }, emit) => {
    const vector = (x: string) => emit.node("Reshape", [x, emit.constant("int64", [-1], [1])]);
    const [scales, zeros] = [emit.name(scale), emit.filled(codes.type, zero, scale.shape)].map(vector);
    const floats = emit.node("DequantizeLinear", [flatten(emit, codes), scales!, zeros!], {
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
