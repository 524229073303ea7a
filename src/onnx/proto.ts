/** The part of ONNX's protobuf schema (onnx.proto3) that a graph and its weights need, written field by field. */
import type { Dim, ValueType } from "../graph/primitive.ts";
import type { DType } from "../tensor/dtype.ts";

/** A protobuf message, or a part of one: bytes ready to be put one after another. */
type Bytes = Uint8Array;

const VARINT = 0;
const LENGTH_DELIMITED = 2;
const FIXED32 = 5;
const utf8 = new TextEncoder();

const lengthOf = (parts: readonly Bytes[]) => parts.reduce((n, part) => n + part.length, 0);

/** Concatenates bytes. */
export function concat(parts: readonly Bytes[]): Bytes {
  const result = new Uint8Array(lengthOf(parts));
  let offset = 0;
  for (const part of parts) {
    result.set(part, offset);
    offset += part.length;
  }
  return result;
}

function varint(value: number | bigint): Bytes {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, BigInt(value));
  for (; rest > 0x7fn; rest >>= 7n) bytes.push(Number(rest & 0x7fn) | 0x80);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

const tag = (field: number, wire: number) => varint((field << 3) | wire);
const opened = (field: number, length: number): Bytes[] => [tag(field, LENGTH_DELIMITED), varint(length)];
const integer = (field: number, value: number | bigint): Bytes => concat([tag(field, VARINT), varint(value)]);
const bytes = (field: number, value: Bytes): Bytes => concat([...opened(field, value.length), value]);
const text = (field: number, value: string): Bytes => bytes(field, utf8.encode(value));
const message = (field: number, ...parts: readonly Bytes[]): Bytes => bytes(field, concat(parts));
const float = (field: number, value: number): Bytes =>
  concat([tag(field, FIXED32), new Uint8Array(Float32Array.of(value).buffer)]);

/** TensorProto.DataType */
export const elementTypes: { readonly [D in DType]: number } = {
  float32: 1,
  uint8: 2,
  int8: 3,
  uint16: 4,
  int16: 5,
  int32: 6,
  int64: 7,
  bool: 9,
  float16: 10,
  float64: 11,
  uint32: 12,
  uint64: 13,
  bfloat16: 16,
};

export type Attribute =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly string: string }
  | { readonly ints: readonly number[] };

/** AttributeProto.AttributeType, with the field that holds the value. */
function attributeValue(attribute: Attribute): Bytes[] {
  if ("int" in attribute) return [integer(3, attribute.int), integer(20, 2)];
  if ("float" in attribute) return [float(2, attribute.float), integer(20, 1)];
  if ("string" in attribute) return [text(4, attribute.string), integer(20, 3)];
  return [...attribute.ints.map((n) => integer(8, n)), integer(20, 7)];
}

export interface Node {
  readonly op: string;
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: string[];
  readonly attributes: Readonly<Record<string, Attribute>>;
}

/** A NodeProto, as a field of GraphProto. */
export function node({ op, domain, inputs, outputs, attributes }: Node): Bytes {
  const attrs = Object.entries(attributes).map(([name, value]) => message(5, text(1, name), ...attributeValue(value)));
  return message(
    1,
    ...inputs.map((name) => text(1, name)),
    ...outputs.map((name) => text(2, name)),
    text(4, op),
    ...attrs,
    text(7, domain),
  );
}

/** A constant, as an initializer field of GraphProto; the last of the pieces is `data` itself, not a copy. */
export function initializer(name: string, type: DType, shape: readonly number[], data: Bytes): Bytes[] {
  const fields = [...shape.map((n) => integer(1, n)), integer(2, elementTypes[type]), text(8, name)];
  const head = concat([...fields, ...opened(9, data.length)]);
  return [concat([...opened(5, head.length + data.length), head]), data];
}

/** Where the bytes of a constant lie outside of the model. */
export interface External {
  /** The absolute path of a file. */
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

/** A constant whose bytes lie in a file, as an initializer field of GraphProto. Paths are taken from the root folder. */
export function externalInitializer(
  name: string,
  type: DType,
  shape: readonly number[],
  { path, offset, length }: External,
): Bytes {
  const entries = { location: path.replace(/^\//, ""), offset, length };
  const EXTERNAL = 1;
  return message(
    5,
    ...shape.map((n) => integer(1, n)),
    integer(2, elementTypes[type]),
    text(8, name),
    ...Object.entries(entries).map(([key, value]) => message(13, text(1, key), text(2, String(value)))),
    integer(14, EXTERNAL),
  );
}

function valueInfo(name: string, type: ValueType, shape: readonly Dim[]): Bytes[] {
  const dims = shape.map((n) => message(1, typeof n === "number" ? integer(1, n) : text(2, n)));
  return [text(1, name), message(2, message(1, integer(1, elementTypes[type]), message(2, ...dims)))];
}

/** An input of the graph, as a field of GraphProto; named dimensions stay names. */
export function graphInput(name: string, type: ValueType, shape: readonly Dim[]): Bytes {
  return message(11, ...valueInfo(name, type, shape));
}

/** An output of the graph, as a field of GraphProto. */
export function graphOutput(name: string, type: ValueType, shape: readonly Dim[]): Bytes {
  return message(12, ...valueInfo(name, type, shape));
}

/** Protobuf's own limit, a signed 32-bit length. */
const MAX_MODEL_BYTES = 2 ** 31 - 1;

/**
 * A ModelProto around the fields of one GraphProto, in pieces to be put one after another. `opsets` maps a domain ("" is ONNX's
 * own) to its version.
 * @throws Error in one line for a model of 2 GiB or more, which no reader of protobuf takes.
 */
export function model(fields: readonly Bytes[], irVersion: number, opsets: Readonly<Record<string, number>>): Bytes[] {
  const imports = Object.entries(opsets).map(([domain, version]) => message(8, text(1, domain), integer(2, version)));
  const graph = [...fields, text(2, "rocoft")];
  const head = concat([integer(1, irVersion), text(2, "rocoft"), ...opened(7, lengthOf(graph))]);
  const pieces = [head, ...graph, ...imports];
  const length = lengthOf(pieces);
  if (length > MAX_MODEL_BYTES)
    throw new Error(`an ONNX model of ${length} bytes, expected at most ${MAX_MODEL_BYTES}, the limit of protobuf`);
  return pieces;
}
