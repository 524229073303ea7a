/**
 * Safetensors: the length of a header, the header in JSON, then the bytes of each tensor, row-major and without gaps.
 * All numbers are little-endian, as typed arrays are on every machine this runs on.
 */
import * as z from "zod";
import { bytesPerElement, type DType, viewAs } from "../tensor/dtype.ts";
import { formatShape, sizeOf } from "../tensor/shape.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { isObject, members } from "./json.ts";
import { quote } from "./text.ts";

/** Where a tensor lies: `begin` and `end` are byte offsets from the start of the file. */
export interface SafetensorsEntry {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

/** What a file holds, its tensors in the order of their bytes; the first begins at `dataOffset`. */
export interface SafetensorsHeader {
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  readonly metadata: Readonly<Record<string, string>>;
  readonly dataOffset: number;
}

/** The format's names, in the order the reference library writes tensors: by decreasing alignment, then as here. */
const names: { readonly [D in DType]: string } = {
  uint64: "U64",
  int64: "I64",
  float64: "F64",
  float32: "F32",
  uint32: "U32",
  int32: "I32",
  bfloat16: "BF16",
  float16: "F16",
  uint16: "U16",
  int16: "I16",
  int8: "I8",
  uint8: "U8",
  bool: "BOOL",
};
const dtypes = Object.keys(names) as readonly DType[];
const dtypeNamed: ReadonlyMap<string, DType> = new Map(dtypes.map((dtype) => [names[dtype], dtype]));

const LENGTH_BYTES = 8;

/** The format's own limit, so that a lying length cannot make a reader allocate without bound. */
const MAX_HEADER_BYTES = 100_000_000;

const size = z.int().nonnegative();
const Entry = z.object({ dtype: z.string(), shape: z.array(size), data_offsets: z.tuple([size, size]) });

/**
 * The number of bytes of the header that follows the first 8 bytes of a file of `fileSize` bytes.
 * @throws Error `where: …` when the file cannot hold such a header.
 */
export function headerLength(first8: Uint8Array, fileSize: number, where: string): number {
  if (fileSize < LENGTH_BYTES || first8.length < LENGTH_BYTES) {
    throw new Error(`${where}: a file of ${fileSize} bytes, a safetensors file has at least ${LENGTH_BYTES}`);
  }
  const length = new DataView(first8.buffer, first8.byteOffset, LENGTH_BYTES).getBigUint64(0, true);
  if (length > MAX_HEADER_BYTES) {
    throw new Error(`${where}: a header of ${length} bytes, a safetensors file has at most ${MAX_HEADER_BYTES}`);
  }
  if (LENGTH_BYTES + Number(length) > fileSize) {
    throw new Error(`${where}: a header of ${length} bytes does not fit into a file of ${fileSize} bytes`);
  }
  return Number(length);
}

/**
 * Reads the header `json` of a file of `fileSize` bytes and checks every claim it makes.
 * @throws Error `where: …` when it is no such header or does not describe a file of that size.
 */
export function parseHeader(json: Uint8Array, fileSize: number, where: string): SafetensorsHeader {
  const dataOffset = LENGTH_BYTES + json.length;
  const { text, header } = parseObject(json, where);
  const { __metadata__: metadata = {}, ...tensors } = header;
  if (!isTextual(metadata)) throw new Error(`${where}: the header's __metadata__ is not an object of strings`);
  const entries = Object.entries(tensors)
    .map(([name, claim]) => entryOf(name, claim, dataOffset, where))
    .sort((a, b) => a.begin - b.begin || a.end - b.end);
  refuseRepeatedNames(text, where);
  refuseGaps(entries, dataOffset, fileSize, where);
  return { entries: new Map(entries.map((entry) => [entry.name, entry])), metadata, dataOffset };
}

function parseObject(json: Uint8Array, where: string): { text: string; header: Readonly<Record<string, unknown>> } {
  let text: string;
  let header: unknown;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(json);
    header = JSON.parse(text);
  } catch {
    throw new Error(`${where}: the header of ${json.length} bytes is not JSON in UTF-8`);
  }
  if (!isObject(header)) throw new Error(`${where}: the header is ${quote(text)}, expected a JSON object`);
  return { text, header };
}

function isTextual(value: unknown): value is Readonly<Record<string, string>> {
  return isObject(value) && Object.values(value).every((text) => typeof text === "string");
}

function entryOf(name: string, claim: unknown, dataOffset: number, where: string): SafetensorsEntry {
  const subject = `${where}: tensor ${quote(name)}`;
  const { data, error } = Entry.safeParse(claim);
  if (error) {
    const { path, message } = error.issues[0]!;
    throw new Error(`${subject}: bad ${path.join(".") || "entry"} in the header: ${message}`);
  }
  const { shape, data_offsets } = data;
  const dtype = dtypeNamed.get(data.dtype);
  if (!dtype) {
    const known = [...dtypeNamed.keys()].join(", ");
    throw new Error(`${subject}: unknown dtype ${quote(data.dtype)}, expected one of ${known}`);
  }
  const [begin, end] = [dataOffset + data_offsets[0], dataOffset + data_offsets[1]];
  const bytes = sizeOf(shape) * bytesPerElement(dtype);
  if (!Number.isSafeInteger(bytes) || !Number.isSafeInteger(begin) || !Number.isSafeInteger(end)) {
    throw new Error(`${subject}: ${data.dtype} ${formatShape(shape)} at ${begin}…${end} is too large to count`);
  }
  if (end - begin !== bytes) {
    throw new Error(`${subject}: ${end - begin} bytes, expected ${bytes} for ${data.dtype} ${formatShape(shape)}`);
  }
  return { name, dtype, shape, begin, end };
}

/** `JSON.parse` keeps the last of equal keys without a word. */
function refuseRepeatedNames(text: string, where: string): void {
  const seen = new Set<string>();
  for (const { begin, end } of members(text)) {
    if (text[begin] !== '"') continue;
    const name: string = JSON.parse(text.slice(begin, end));
    if (seen.has(name)) throw new Error(`${where}: two tensors named ${quote(name)}`);
    seen.add(name);
  }
}

function refuseGaps(entries: readonly SafetensorsEntry[], dataOffset: number, fileSize: number, where: string): void {
  let covered = dataOffset;
  for (const { name, begin, end } of entries) {
    const subject = `${where}: tensor ${quote(name)}`;
    if (begin < covered)
      throw new Error(`${subject} begins at byte ${begin}, inside the tensor that ends at ${covered}`);
    if (begin > covered) throw new Error(`${subject} begins at byte ${begin}, after a hole from byte ${covered}`);
    if (end > fileSize) throw new Error(`${subject} ends at byte ${end}, the file has ${fileSize} bytes`);
    covered = end;
  }
  if (covered < fileSize) {
    throw new Error(`${where}: the last tensor ends at byte ${covered}, the file has ${fileSize} bytes`);
  }
}

/** The tensor of `entry` over its own `bytes`: a view of them, or a copy where their offset in memory is not aligned. */
export function tensorOf(entry: SafetensorsEntry, bytes: Uint8Array): Tensor {
  const { dtype, shape } = entry;
  const aligned = bytes.byteOffset % bytesPerElement(dtype) === 0 ? bytes : new Uint8Array(bytes);
  return tensor(dtype, shape, viewAs(dtype, aligned.buffer, aligned.byteOffset, sizeOf(shape)));
}

/**
 * The tensors of a whole file, in the order of their bytes. They are views of `bytes` wherever its alignment permits.
 * @throws Error `where: …` when `bytes` is not a sound safetensors file.
 */
export function decodeSafetensors(bytes: Uint8Array, where: string): Map<string, Tensor> {
  const length = headerLength(bytes.subarray(0, LENGTH_BYTES), bytes.length, where);
  const { entries } = parseHeader(bytes.subarray(LENGTH_BYTES, LENGTH_BYTES + length), bytes.length, where);
  return new Map(
    [...entries.values()].map((entry) => [entry.name, tensorOf(entry, bytes.subarray(entry.begin, entry.end))]),
  );
}

/** A header, and the tensors that it describes in the order of their bytes, which follow it without gaps. */
export interface SafetensorsLayout {
  readonly header: Uint8Array;
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
}

/**
 * How a file of `tensors` is laid out, of which no element need be there. The layout is the reference library's, byte for byte.
 * @throws Error for the reserved name `__metadata__`, or a header above the limit.
 */
export function layOutSafetensors(
  tensors: ReadonlyMap<string, Pick<Tensor, "dtype" | "shape">>,
  metadata?: Readonly<Record<string, string>>,
): SafetensorsLayout {
  const ordered = [...tensors].sort(
    ([a, { dtype: x }], [b, { dtype: y }]) => dtypes.indexOf(x) - dtypes.indexOf(y) || (a < b ? -1 : 1),
  );
  const fields = metadata ? [`"__metadata__":${JSON.stringify(metadata)}`] : [];
  const placed: SafetensorsEntry[] = [];
  let begin = 0;
  for (const [name, { dtype, shape }] of ordered) {
    if (name === "__metadata__") throw new Error(`safetensors: a tensor named ${name}, which the format reserves`);
    const end = begin + sizeOf(shape) * bytesPerElement(dtype);
    fields.push(
      `${JSON.stringify(name)}:${JSON.stringify({ dtype: names[dtype], shape, data_offsets: [begin, end] })}`,
    );
    placed.push({ name, dtype, shape, begin, end });
    begin = end;
  }
  const header = encodeHeader(`{${fields.join(",")}}`);
  const inFile = (entry: SafetensorsEntry): SafetensorsEntry => ({
    ...entry,
    begin: header.length + entry.begin,
    end: header.length + entry.end,
  });
  return { header, entries: new Map(placed.map((entry) => [entry.name, inFile(entry)])) };
}

/**
 * A file of `tensors`, in pieces to be written one after another: the header, then the bytes of each tensor, which are
 * views and not copies.
 * @throws Error as {@link layOutSafetensors}, and for elements that do not fill their shape.
 */
export function encodeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array[] {
  for (const [name, { shape, data }] of tensors)
    if (data.length !== sizeOf(shape))
      throw new Error(`safetensors: tensor ${quote(name)}: ${data.length} elements do not fill ${formatShape(shape)}`);
  const { header, entries } = layOutSafetensors(tensors, metadata);
  return [header, ...[...entries.keys()].map((name) => bytesOfTensor(tensors.get(name)!))];
}

/** The memory of a tensor as bytes. */
export function bytesOfTensor({ data }: Tensor): Uint8Array {
  return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
}

function encodeHeader(json: string): Uint8Array {
  const text = new TextEncoder().encode(json);
  const length = Math.ceil(text.length / 8) * 8;
  if (length > MAX_HEADER_BYTES) {
    throw new Error(`safetensors: a header of ${length} bytes, the format allows at most ${MAX_HEADER_BYTES}`);
  }
  const header = new Uint8Array(LENGTH_BYTES + length).fill(0x20);
  new DataView(header.buffer).setBigUint64(0, BigInt(length), true);
  header.set(text, LENGTH_BYTES);
  return header;
}
