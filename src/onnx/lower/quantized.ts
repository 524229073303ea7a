/**
 * Lowerings over weights kept as 8-bit integers. What a linear layer reads becomes integers as it comes, each token by its own scale:
 * one scale for all would be that of the few tokens whose numbers are thousands of times those of the others, as decoders have
 * them, and would make a text's result depend on the texts beside it.
 */
import { isOp, type Value } from "../../graph/value.ts";
import { quantizeRows } from "../../tensor/quantize.ts";
import { type Tensor, tensor, toFloat32 } from "../../tensor/tensor.ts";
import type { Emitter } from "../emitter.ts";
import { elementTypes } from "../proto.ts";
import { flatten, product } from "./linear.ts";
import { movement } from "./movement.ts";
import type { Lowerings } from "./rules.ts";
import { isTimesTransposed, standard } from "./standard.ts";

/** What stands for zero. */
const ZERO = 128;
/** The largest code is so far from it. */
const REACH = 127;
/** The scale of a token of zeros, which something is divided by. */
const SMALLEST = 1e-30;

/**
 * The lowerings of products and of `gather` that keep the weights named in `quantized` as integers, each row by its own scale. Codes
 * are unsigned: products with signed ones overflow on x86 processors without VNNI
 * (https://onnxruntime.ai/docs/performance/model-optimizations/quantization.html#when-and-why-do-i-need-to-try-u8u8).
 */
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
      return weight ? emit.node("Add", [productInIntegers(emit, x, weight), emit.name(bias)]) : product(y, emit);
    },
    matmul(y, emit) {
      const [x, matrix] = y.operands;
      const weight = isTimesTransposed(y) ? named(matrix, emit) : null;
      return weight ? productInIntegers(emit, x, weight) : standard.matmul(y, emit);
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
function productInIntegers(emit: Emitter, x: Value, { value, name, numbers }: QuantizedWeight): string {
  const BLOCK = Number(process.env["BLOCK"] ?? 0);
  const [rows, width] = numbers.shape as [number, number];
  const block = BLOCK && width % BLOCK === 0 ? BLOCK : width;
  const n = width / block;
  const { codes, scales } = quantizeRows(tensor("float32", [rows * n, block], numbers.data as Float32Array));
  const table = n === 1 ? emit.byProduct("codes", value, "") : null;
  const columns = table ? transposed(emit, table) : emit.tensor(`${name}.codes_by_column`, unsigned({ ...codes, shape: [rows, width] } as any, true));
  const t = new Float32Array(rows * n);
  for (let r = 0; r < rows; r++) for (let j = 0; j < n; j++) t[j * rows + r] = scales.data[r * n + j]!;
  const shape = n === 1 ? [rows] : [n, rows];
  const zeros = emit.tensor(`zeros.${n}.${rows}`, tensor("uint8", shape, new Uint8Array(rows * n).fill(ZERO)));
  const w = emit.node("DequantizeLinear", [columns, emit.tensor(`${name}.scales`, tensor("float32", shape, t)), zeros], { attributes: n === 1 ? { axis: { int: 1 } } : { axis: { int: 0 }, block_size: { int: block } } });
  return emit.node("MatMul", [emit.name(x), w]);
}

/** The codes of x [*i, in] as a matrix [∏i, in], and their scales [∏i, 1]; made once, however many layers read x. */
function codesOfTokens(emit: Emitter, x: Value): { readonly codes: string; readonly scales: string } {
  const [known, scale] = ["codes", "scales"].map((result) => emit.byProduct(result, x, ""));
  if (known && scale) return { codes: known, scales: scale };
  const tokens = flatten(emit, x);
  const last = emit.constant("int64", [1], [1]);
  const largest = emit.node("ReduceMax", [emit.node("Abs", [tokens]), last]);
  const bounded = emit.node("Max", [largest, emit.constant("float32", [SMALLEST])]);
  const scales = emit.node("Div", [bounded, emit.constant("float32", [REACH])]);
  const vector = emit.node("Squeeze", [scales, last]);
  const zeros = emit.node("Expand", [zeroCode(emit), emit.node("Shape", [vector])]);
  const codes = emit.node("QuantizeLinear", [tokens, vector, zeros], { attributes: { axis: { int: 0 } } });
  emit.offer("codes", x, "", () => codes);
  emit.offer("scales", x, "", () => scales);
  return { codes, scales };
}

/** Rows of a table [n, width] at `index`. */
function rowsOf(emit: Emitter, { value, name, numbers }: QuantizedWeight, index: string): string {
  const { codes, scales } = quantizeRows(numbers);
  const table = emit.tensor(`${name}.codes`, unsigned(codes));
  const column = emit.tensor(`${name}.scale_column`, tensor("float32", [scales.data.length, 1], scales.data));
  emit.offer("codes", value, "", () => table);
  const rows = toFloat(emit, emit.node("Gather", [table, index]));
  const centred = emit.node("Sub", [rows, emit.constant("float32", [ZERO])]);
  return emit.node("Mul", [centred, emit.node("Gather", [column, index])]);
}

const zeroCode = (emit: Emitter) => emit.tensor("zero_code", tensor("uint8", [], Uint8Array.of(ZERO)));
const toFloat = (emit: Emitter, x: string) =>
  emit.node("Cast", [x], { attributes: { to: { int: elementTypes.float32 } } });
const transposed = (emit: Emitter, x: string) =>
  emit.node("Transpose", [x], { attributes: { perm: { ints: [1, 0] } } });

/** Codes [out, in] from signed to unsigned; by column, as [in, out]. */
function unsigned({ shape, data }: Tensor<"int8">, byColumn = false): Tensor<"uint8"> {
  const [rows, columns] = shape as [number, number];
  if (!byColumn)
    return tensor(
      "uint8",
      shape,
      Uint8Array.from(data, (code) => code + ZERO),
    );
  const result = new Uint8Array(data.length);
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++) result[column * rows + row] = data[row * columns + column]! + ZERO;
  return tensor("uint8", [columns, rows], result);
}
