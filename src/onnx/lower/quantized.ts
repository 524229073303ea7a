/** Lowerings over weights kept as 8-bit integers. */
import { isOp, type Value } from "../../graph/value.ts";
import { quantizeRows } from "../../tensor/quantize.ts";
import { type Tensor, tensor, toFloat32 } from "../../tensor/tensor.ts";
import type { Emitter } from "../emitter.ts";
import { elementTypes } from "../proto.ts";
import { flatten, linear, transposed } from "./linear.ts";
import { movement } from "./movement.ts";
import type { Lowerings } from "./rules.ts";
import { isTimesTransposed, standard } from "./standard.ts";

/**
 * How products read integers: `dynamic` makes integers of what they are multiplied with, too, as it comes, which is least work where
 * texts are read whole; `weight-only` does not, which is nearer to the floats and as fast where tokens are read one by one.
 */
export type Quantization = "dynamic" | "weight-only";

/** Which weights are integers, by their names, and how they are read. */
export interface QuantizedWeights {
  readonly names: ReadonlySet<string>;
  readonly quantization: Quantization;
}

/** The lowerings of products and of `gather` that keep the weights named as integers, each row by its own scale. */
export function quantizedLowerings({
  names,
  quantization,
}: QuantizedWeights): Lowerings<"linear" | "matmul" | "gather"> {
  const product = products[quantization];
  const named = (value: Value, emit: Emitter): Weight | null => {
    if (!isOp(value, "input") || !names.has(value.attrs.name)) return null;
    const weight = emit.weight(value);
    return weight && { value, name: value.attrs.name, ...quantizeRows(toFloat32(weight)) };
  };
  return {
    linear(y, emit) {
      const [x, matrix, bias] = y.operands;
      const weight = named(matrix, emit);
      return weight ? emit.node("Add", [product(emit, x, weight), emit.name(bias)]) : linear.linear(y, emit);
    },
    matmul(y, emit) {
      const [x, matrix] = y.operands;
      const weight = isTimesTransposed(y) ? named(matrix, emit) : null;
      return weight ? product(emit, x, weight) : standard.matmul(y, emit);
    },
    gather(y, emit) {
      const [table, index] = y.operands;
      const weight = named(table, emit);
      return weight ? rowsOf(emit, weight, emit.name(index)) : movement.gather(y, emit);
    },
  };
}

interface Weight {
  readonly value: Value;
  readonly name: string;
  /** [out, in] */
  readonly codes: Tensor<"int8">;
  /** [out] */
  readonly scales: Tensor<"float32">;
}

/** x [*i, in] · Wᵀ → [*i, out] */
const products: { readonly [Q in Quantization]: (emit: Emitter, x: Value, weight: Weight) => string } = {
  dynamic(emit, x, { name, codes, scales }) {
    const tokens = codesOfTokens(emit, x);
    const columns = emit.tensor(`${name}.codes_by_column`, unsigned(byColumn(codes)));
    const whole = toFloat(emit, emit.node("MatMulInteger", [tokens.codes, columns, zeroCode(emit), zeroCode(emit)]));
    const scaled = emit.node("Mul", [whole, emit.tensor(`${name}.scales`, scales)]);
    const result = emit.node("Mul", [scaled, tokens.scales]);
    const shape = [...x.shape.slice(0, -1), scales.data.length];
    return shape.length === 2 ? result : emit.node("Reshape", [result, emit.sizes(shape)]);
  },
  // ONNX Runtime makes one operator of the two, which multiplies with the integers as they lie.
  "weight-only"(emit, x, { value, name, codes, scales }) {
    // Those of a table that is looked up in, too, are there already.
    const table = emit.byProduct("codes", value, "");
    const columns = table ? transposed(emit, table) : emit.tensor(`${name}.codes_by_column`, byColumn(codes));
    const weight = emit.node("DequantizeLinear", [columns, emit.tensor(`${name}.scales`, scales)], {
      attributes: { axis: { int: 1 } },
    });
    return emit.node("MatMul", [emit.name(x), weight]);
  },
};

/** What stands for zero in codes without a sign, and how far from it the largest is. */
const [ZERO, REACH] = [128, 127];
/** The scale of a token of zeros, by which something is divided. */
const SMALLEST = 1e-30;

/**
 * The codes of x [*i, in] as a matrix [∏i, in], and their scales [∏i, 1]: each token has its own, so that a text's result does not
 * depend on the texts beside it. Made once, however many layers read x.
 */
function codesOfTokens(emit: Emitter, x: Value): { readonly codes: string; readonly scales: string } {
  const [known, scale] = ["token codes", "token scales"].map((result) => emit.byProduct(result, x, ""));
  if (known && scale) return { codes: known, scales: scale };
  const tokens = flatten(emit, x);
  const last = emit.constant("int64", [1], [1]);
  const largest = emit.node("ReduceMax", [emit.node("Abs", [tokens]), last]);
  const bounded = emit.node("Max", [largest, emit.constant("float32", [SMALLEST])]);
  const scales = emit.node("Div", [bounded, emit.constant("float32", [REACH])]);
  const vector = emit.node("Squeeze", [scales, last]);
  const zeros = emit.node("Expand", [zeroCode(emit), emit.node("Shape", [vector])]);
  const codes = emit.node("QuantizeLinear", [tokens, vector, zeros], { attributes: { axis: { int: 0 } } });
  emit.offer("token codes", x, "", () => codes);
  emit.offer("token scales", x, "", () => scales);
  return { codes, scales };
}

/** Rows of a table [n, width] at `index`. */
function rowsOf(emit: Emitter, { value, name, codes, scales }: Weight, index: string): string {
  const table = emit.tensor(`${name}.codes`, codes);
  const column = emit.tensor(`${name}.scale_column`, tensor("float32", [scales.data.length, 1], scales.data));
  emit.offer("codes", value, "", () => table);
  return emit.node("Mul", [toFloat(emit, emit.node("Gather", [table, index])), emit.node("Gather", [column, index])]);
}

const toFloat = (emit: Emitter, x: string) =>
  emit.node("Cast", [x], { attributes: { to: { int: elementTypes.float32 } } });
const zeroCode = (emit: Emitter) => emit.tensor("zero_code", tensor("uint8", [], Uint8Array.of(ZERO)));

/** Codes [out, in] → [in, out]. */
function byColumn({ shape, data }: Tensor<"int8">): Tensor<"int8"> {
  const [rows, columns] = shape as [number, number];
  const result = new Int8Array(data.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) result[column * rows + row] = data[row * columns + column]!;
  return tensor("int8", [columns, rows], result);
}

/**
 * Codes without a sign: products of signed ones overflow on x86 processors without VNNI
 * (https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html#when-and-why-do-i-need-to-try-u8u8).
 */
function unsigned({ shape, data }: Tensor<"int8">): Tensor<"uint8"> {
  return tensor(
    "uint8",
    shape,
    Uint8Array.from(data, (code) => code + ZERO),
  );
}
