/**
 * GGUF (ggml's docs/gguf.md), versions 2 and 3: counts, metadata by keys, the names and places of tensors, then their
 * bytes, each tensor at a multiple of the alignment. All numbers are little-endian.
 */
import { formatShape, sizeOf } from "../tensor/shape.ts";
import { type BlockType, blockTypeOf } from "./gguf-blocks.ts";
import { cursor, type Cursor, IncompleteBytes } from "./gguf-cursor.ts";
import { quote } from "./text.ts";

/** A number of 64 bits that a double cannot hold is a bigint. */
export type GgufValue = number | bigint | boolean | string | readonly GgufValue[];

/** Where a tensor lies: `begin` and `end` are byte offsets from the start of the file. */
export interface GgufEntry {
  readonly name: string;
  readonly type: BlockType;
  /** As PyTorch has it: the last axis lies together in memory. The file has it the other way round. */
  readonly shape: readonly number[];
  readonly begin: number;
  readonly end: number;
}

export interface GgufHeader {
  readonly version: number;
  readonly metadata: ReadonlyMap<string, GgufValue>;
  /** In the order of the file. */
  readonly entries: ReadonlyMap<string, GgufEntry>;
}

/** Far above what the largest vocabularies take, so that a lying length cannot make a reader read without bound. */
export const MAX_GGUF_HEADER_BYTES: number = 2 ** 26;

const VERSIONS = [2, 3];
const MAX_DIMENSIONS = 4;
const MAX_ARRAY_DEPTH = 4;
const DEFAULT_ALIGNMENT = 32;

/**
 * Reads the header at the beginning of a file of `fileSize` bytes and checks every claim it makes.
 * @param bytes the first bytes of the file
 * @returns null when `bytes` are sound as far as they go and the header goes on after them
 * @throws Error `where: …` when it is no GGUF file that can be read, or does not describe a file of that size.
 */
export function parseGguf(bytes: Uint8Array, fileSize: number, where: string): GgufHeader | null {
  try {
    return readHeader(cursor(bytes, fileSize, where), fileSize, where);
  } catch (error) {
    if (error instanceof IncompleteBytes) return null;
    throw error;
  }
}

function readHeader(at: Cursor, fileSize: number, where: string): GgufHeader {
  const version = readVersion(at, where);
  const tensors = at.count("number of tensors", 24);
  const keys = at.count("number of keys", 13);
  const metadata = new Map<string, GgufValue>();
  for (let i = 0; i < keys; i++) {
    const key = at.text("key");
    if (metadata.has(key)) throw new Error(`${where}: two values of ${quote(key)}`);
    metadata.set(key, readValue(at, at.uint32(key), key, 0));
  }
  const alignment = alignmentOf(metadata, where);
  const claims = new Map<string, Claim>();
  for (let i = 0; i < tensors; i++) {
    const claim = readClaim(at, where);
    if (claims.has(claim.name)) throw new Error(`${where}: two tensors named ${quote(claim.name)}`);
    claims.set(claim.name, claim);
  }
  const dataOffset = Math.ceil(at.offset() / alignment) * alignment;
  const entries = [...claims.values()].map((claim) => entryOf(claim, dataOffset, alignment, fileSize, where));
  refuseOverlaps(entries, where);
  return { version, metadata, entries: new Map(entries.map((entry) => [entry.name, entry])) };
}

function readVersion(at: Cursor, where: string): number {
  const magic = String.fromCharCode(...[0, 1, 2, 3].map(() => at.uint8("first bytes")));
  if (magic !== "GGUF") throw new Error(`${where}: begins with ${quote(magic)}, expected a GGUF file`);
  const version = at.uint32("version");
  if (VERSIONS.includes(version)) return version;
  const order = version % 2 ** 16 === 0 ? ", big-endian" : "";
  throw new Error(`${where}: GGUF version ${version}${order}, expected 2 or 3, little-endian`);
}

/** The kinds of values, by the numbers that the format gives them; 8 and 9 are strings and arrays. */
const scalars: ReadonlyMap<number, (at: Cursor, key: string) => GgufValue> = new Map<
  number,
  (at: Cursor, key: string) => GgufValue
>([
  [0, (at, key) => at.uint8(key)],
  [1, (at, key) => at.int8(key)],
  [2, (at, key) => at.uint16(key)],
  [3, (at, key) => at.int16(key)],
  [4, (at, key) => at.uint32(key)],
  [5, (at, key) => at.int32(key)],
  [6, (at, key) => at.float32(key)],
  [7, (at, key) => at.uint8(key) !== 0],
  [8, (at, key) => at.text(key)],
  [10, (at, key) => narrowed(at.uint64(key))],
  [11, (at, key) => narrowed(at.int64(key))],
  [12, (at, key) => at.float64(key)],
]);
const ARRAY = 9;

function readValue(at: Cursor, kind: number, key: string, depth: number): GgufValue {
  const read = scalars.get(kind);
  if (read !== undefined) return read(at, key);
  if (kind !== ARRAY) throw new Error(`${at.where}: ${quote(key)}: a value of kind ${kind}, expected 0 to 12`);
  if (depth === MAX_ARRAY_DEPTH) throw new Error(`${at.where}: ${quote(key)}: arrays in arrays beyond ${depth} levels`);
  const inner = at.uint32(key);
  const length = at.count(key, 1);
  const values: GgufValue[] = [];
  for (let i = 0; i < length; i++) values.push(readValue(at, inner, key, depth + 1));
  return values;
}

function narrowed(value: bigint): number | bigint {
  return Number.isSafeInteger(Number(value)) ? Number(value) : value;
}

function alignmentOf(metadata: ReadonlyMap<string, GgufValue>, where: string): number {
  const alignment = metadata.get("general.alignment") ?? DEFAULT_ALIGNMENT;
  if (typeof alignment === "number" && alignment >= 8 && alignment <= 2 ** 20 && Number.isInteger(Math.log2(alignment)))
    return alignment;
  throw new Error(`${where}: general.alignment is ${quote(String(alignment))}, expected a power of two from 8 on`);
}

/** What the header says of a tensor; `offset` is from the start of the data. */
interface Claim {
  readonly name: string;
  readonly type: BlockType;
  readonly shape: readonly number[];
  readonly offset: number;
}

function readClaim(at: Cursor, where: string): Claim {
  const name = at.text("name of a tensor");
  const subject = `${where}: tensor ${quote(name)}`;
  const rank = at.uint32(name);
  if (rank > MAX_DIMENSIONS) throw new Error(`${subject}: ${rank} dimensions, expected at most ${MAX_DIMENSIONS}`);
  const sizes = Array.from({ length: rank }, () => Number(at.uint64(name)));
  const shape = sizes.reverse();
  const type = blockTypeOf(at.uint32(name), subject);
  return { name, type, shape, offset: Number(at.uint64(name)) };
}

function entryOf(
  { name, type, shape, offset }: Claim,
  dataOffset: number,
  alignment: number,
  fileSize: number,
  where: string,
): GgufEntry {
  const subject = `${where}: tensor ${quote(name)}`;
  const row = shape.at(-1) ?? 1;
  if (row % type.size !== 0)
    throw new Error(`${subject}: ${type.name} ${formatShape(shape)}, expected rows of whole blocks of ${type.size}`);
  const begin = dataOffset + offset;
  const end = begin + (sizeOf(shape) / type.size) * type.bytes;
  if (!Number.isSafeInteger(end))
    throw new Error(`${subject}: ${type.name} ${formatShape(shape)} is too large to count`);
  if (offset % alignment !== 0) throw new Error(`${subject} begins at ${offset}, expected a multiple of ${alignment}`);
  if (end > fileSize) throw new Error(`${subject} ends at byte ${end}, the file has ${fileSize} bytes`);
  return { name, type, shape, begin, end };
}

function refuseOverlaps(entries: readonly GgufEntry[], where: string): void {
  let covered = 0;
  for (const { name, begin, end } of entries.toSorted((a, b) => a.begin - b.begin || a.end - b.end)) {
    if (begin < covered)
      throw new Error(
        `${where}: tensor ${quote(name)} begins at byte ${begin}, inside the tensor that ends at ${covered}`,
      );
    covered = end;
  }
}
