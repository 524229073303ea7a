/**
 * Lowerings over weights kept as 8-bit integers, as ONNX Runtime's dynamic quantisation does it: what a linear layer reads is
 * quantised as it comes, by one scale and zero point, and multiplied in whole numbers.
 */
import { isOp, type Value } from "../../graph/value.ts";
import { quantizeRows } from "../../tensor/quantize.ts";
import { type Tensor, tensor, toFloat32 } from "../../tensor/tensor.ts";
import type { Emitter } from "../emitter.ts";
import { elementTypes } from "../proto.ts";
import { linear } from "./linear.ts";
import { movement } from "./movement.ts";
import type { Lowerings } from "./rules.ts";
import { isTimesTransposed, standard } from "./standard.ts";

/** What stands for zero in an unsigned weight. */
const ZERO = 128;

/**
 * The lowerings of `linear` and `gather` that keep the weights named in `quantized` as integers, each row by its own scale. Weights
 * of products are unsigned: signed ones overflow on x86 processors without VNNI
 * (https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html#when-and-why-do-i-need-to-try-u8u8).
 */
export function quantizedLowerings(quantized: ReadonlySet<string>): Lowerings<"linear" | "matmul" | "gather"> {
  const named = (value: Value, emit: Emitter): readonly [string, Tensor<"float32">] | null => {
    if (!isOp(value, "input") || !quantized.has(value.attrs.name)) return null;
    const weight = emit.weight(value);
    return weight && [value.attrs.name, toFloat32(weight)];
  };
  return {
    linear(y, emit) {
      const [x, matrix, bias] = y.operands;
      const weight = named(matrix, emit);
      return weight
        ? emit.node("Add", [productInIntegers(emit, x, ...weight), emit.name(bias)])
        : linear.linear(y, emit);
    },
    matmul(y, emit) {
      const [x, matrix] = y.operands;
      const weight = isTimesTransposed(y) ? named(matrix, emit) : null;
      return weight ? productInIntegers(emit, x, ...weight) : standard.matmul(y, emit);
    },
    gather(y, emit) {
      const weight = named(y.operands[0], emit);
      return weight ? rowsOf(emit, ...weight, emit.name(y.operands[1])) : movement.gather(y, emit);
    },
  };
}

/** x·Wᵀ in the form that ONNX Runtime makes one operator of. */
function productInIntegers(emit: Emitter, x: Value, name: string, weight: Tensor<"float32">): string {
  const { codes, scales } = quantizeRows(weight);
  const product = emit.node("MatMulInteger", [
    quantized(emit, x),
    emit.tensor(`${name}.codes_by_column`, unsignedTransposed(codes)),
    emit.extraOutput(quantized(emit, x), 2),
    emit.tensor("zero_code", tensor("uint8", [], Uint8Array.of(ZERO))),
  ]);
  const scale = emit.node("Mul", [emit.extraOutput(quantized(emit, x), 1), emit.tensor(`${name}.scales`, scales)]);
  return emit.node("Mul", [toFloat(emit, product), scale]);
}

/** x in unsigned integers, its scale and its zero point being the next outputs; once, however many layers read it. */
function quantized(emit: Emitter, x: Value): string {
  const known = emit.byProduct("quantized", x, "");
  if (known !== null) return known;
  const codes = emit.node("DynamicQuantizeLinear", [emit.name(x)]);
  emit.offer("quantized", x, "", () => codes);
  return codes;
}

/** Codes [out, in] → [in, out], from signed to unsigned. */
function unsignedTransposed({ shape, data }: Tensor<"int8">): Tensor<"uint8"> {
  const [rows, columns] = shape as [number, number];
  const result = new Uint8Array(data.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) result[column * rows + row] = data[row * columns + column]! + ZERO;
  return tensor("uint8", [columns, rows], result);
}

/** Rows of a table [n, width] at `index`. */
function rowsOf(emit: Emitter, name: string, table: Tensor<"float32">, index: string): string {
  const { codes, scales } = quantizeRows(table);
  const column = tensor("float32", [scales.data.length, 1], scales.data);
  const rows = emit.node("Gather", [emit.tensor(`${name}.codes`, codes), index]);
  return emit.node("Mul", [
    toFloat(emit, rows),
    emit.node("Gather", [emit.tensor(`${name}.scale_column`, column), index]),
  ]);
}

const toFloat = (emit: Emitter, x: string) =>
  emit.node("Cast", [x], { attributes: { to: { int: elementTypes.float32 } } });
