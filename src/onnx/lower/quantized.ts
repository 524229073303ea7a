/**
 * Lowerings over weights kept as 8-bit integers. A product reads them through DequantizeLinear: ONNX Runtime makes one operator of the
 * two, which multiplies with the integers as they lie; another program may make numbers of them first, and gets the same.
 */
import { isOp, type Value } from "../../graph/value.ts";
import { quantizeRows } from "../../tensor/quantize.ts";
import { type Tensor, tensor, toFloat32 } from "../../tensor/tensor.ts";
import type { Emitter } from "../emitter.ts";
import { elementTypes } from "../proto.ts";
import { linear, transposed } from "./linear.ts";
import { movement } from "./movement.ts";
import type { Lowerings } from "./rules.ts";
import { isTimesTransposed, standard } from "./standard.ts";

/** The lowerings of products and of `gather` that keep the weights named in `quantized` as integers, each row by its own scale. */
export function quantizedLowerings(quantized: ReadonlySet<string>): Lowerings<"linear" | "matmul" | "gather"> {
  const named = (value: Value, emit: Emitter): QuantizedWeight | null => {
    if (!isOp(value, "input") || !quantized.has(value.attrs.name)) return null;
    const weight = emit.weight(value);
    return weight && { value, name: value.attrs.name, numbers: toFloat32(weight) };
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

interface QuantizedWeight {
  readonly value: Value;
  readonly name: string;
  /** [out, in] */
  readonly numbers: Tensor<"float32">;
}

/** x [*i, in] · Wᵀ → [*i, out] */
function product(emit: Emitter, x: Value, { value, name, numbers }: QuantizedWeight): string {
  const { codes, scales } = quantizeRows(numbers);
  // The codes of a table that is looked up in, too, are there already.
  const table = emit.byProduct("codes", value, "");
  const columns = table ? transposed(emit, table) : emit.tensor(`${name}.codes_by_column`, byColumn(codes));
  const weight = emit.node("DequantizeLinear", [columns, emit.tensor(`${name}.scales`, scales)], {
    attributes: { axis: { int: 1 } },
  });
  return emit.node("MatMul", [emit.name(x), weight]);
}

/** Rows of a table [n, width] at `index`. */
function rowsOf(emit: Emitter, { value, name, numbers }: QuantizedWeight, index: string): string {
  const { codes, scales } = quantizeRows(numbers);
  const table = emit.tensor(`${name}.codes`, codes);
  const column = emit.tensor(`${name}.scale_column`, tensor("float32", [scales.data.length, 1], scales.data));
  emit.offer("codes", value, "", () => table);
  const rows = emit.node("Cast", [emit.node("Gather", [table, index])], {
    attributes: { to: { int: elementTypes.float32 } },
  });
  return emit.node("Mul", [rows, emit.node("Gather", [column, index])]);
}

/** Codes [out, in] → [in, out]. */
function byColumn({ shape, data }: Tensor<"int8">): Tensor<"int8"> {
  const [rows, columns] = shape as [number, number];
  const result = new Int8Array(data.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) result[column * rows + row] = data[row * columns + column]!;
  return tensor("int8", [columns, rows], result);
}
