import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { allocate, type DType } from "../tensor/dtype.ts";
import { sizeOf } from "../tensor/shape.ts";
import { type Tensor, tensor, toFloat32 } from "../tensor/tensor.ts";
import { decodeSafetensors, encodeSafetensors, headerLength, layOutSafetensors, parseHeader } from "./safetensors.ts";

interface Described {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
  readonly values: readonly string[];
}

const fixtures = join(import.meta.dirname, "../../test/fixtures/safetensors");
const described: readonly Described[] = JSON.parse(readFileSync(join(fixtures, "dtypes.json"), "utf8"));
const reference = readFileSync(join(fixtures, "dtypes.safetensors"));

test("a file of the reference library reads as the values put into it", () => {
  const tensors = decodeSafetensors(reference, "dtypes.safetensors");
  expect(tensors.size).toBe(described.length);
  for (const { name, dtype, shape, values } of described) {
    const read = tensors.get(name)!;
    expect([name, read.dtype, read.shape]).toEqual([name, dtype, shape]);
    expect([name, ...valuesOf(read)]).toEqual([
      name,
      ...values.map((text) => (dtype.endsWith("int64") ? BigInt(text) : Number(text))),
    ]);
  }
});

function valuesOf(source: Tensor): (number | bigint)[] {
  return [...(source.dtype.endsWith("float16") ? toFloat32(source).data : source.data)];
}

test("a written file is the reference library's, byte for byte, whatever the order of the tensors", () => {
  const tensors = new Map([...decodeSafetensors(reference, "dtypes.safetensors")].reverse());
  expect(Buffer.concat(encodeSafetensors(tensors, { format: "pt" })).equals(reference)).toBe(true);
});

test("a file can be laid out before its numbers are there", () => {
  const tensors = decodeSafetensors(reference, "dtypes.safetensors");
  const specs = [...tensors].map(([name, { dtype, shape }]) => [name, { dtype, shape }] as const);
  const { header, entries } = layOutSafetensors(new Map(specs.toReversed()), { format: "pt" });
  expect(Buffer.from(header).equals(reference.subarray(0, header.length))).toBe(true);
  expect(entries).toEqual(parseHeader(header.subarray(8), reference.length, "x").entries);
  expect([...entries.keys()]).toEqual([...tensors.keys()]);
});

test("the header gives metadata and absolute offsets", () => {
  const length = headerLength(reference.subarray(0, 8), reference.length, "x");
  const { entries, metadata, dataOffset } = parseHeader(reference.subarray(8, 8 + length), reference.length, "x");
  expect(metadata).toEqual({ format: "pt" });
  expect(dataOffset).toBe(8 + length);
  const { begin, end } = entries.get("scalar")!;
  expect(reference.subarray(begin, end).readFloatLE()).toBe(-1.5);
});

const dtypes = [...new Set(described.map(({ dtype }) => dtype))];
const anyTensor = fc
  .record({
    dtype: fc.constantFrom(...dtypes),
    shape: fc.array(fc.nat(4), { maxLength: 3 }),
    bytes: fc.uint8Array({ minLength: 1 }),
  })
  .map(({ dtype, shape, bytes }) => {
    const data = allocate(dtype, sizeOf(shape));
    const view = new Uint8Array(data.buffer);
    for (let i = 0; i < view.length; i++) view[i] = bytes[i % bytes.length]!;
    return tensor(dtype, shape, data);
  });

test("what is written is read again, wherever in memory the file lies", () => {
  const names = fc.string({ unit: "binary" }).filter((name) => name !== "__metadata__");
  const strings = fc.dictionary(fc.string(), fc.string(), { noNullPrototype: true });
  fc.assert(
    fc.property(fc.array(fc.tuple(names, anyTensor)), strings, fc.nat(8), (pairs, metadata, shift) => {
      const tensors = new Map(pairs);
      const file = Buffer.concat(encodeSafetensors(tensors, metadata));
      const shifted = new Uint8Array(file.length + shift).subarray(shift);
      shifted.set(file);
      const read = decodeSafetensors(shifted, "file");
      expect(new Set(read.keys())).toEqual(new Set(tensors.keys()));
      for (const [name, { dtype, shape, data }] of read) {
        const written = tensors.get(name)!;
        expect([dtype, shape]).toEqual([written.dtype, written.shape]);
        expect(bytesOf(data)).toEqual(bytesOf(written.data));
      }
      const length = headerLength(file.subarray(0, 8), file.length, "file");
      expect(length % 8).toBe(0);
      expect(parseHeader(file.subarray(8, 8 + length), file.length, "file").metadata).toEqual(metadata);
    }),
  );
});

function bytesOf(array: ArrayBufferView): Uint8Array {
  return new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
}

test("neither writing nor reading copies aligned data", () => {
  const weight = tensor("float32", [2], Float32Array.of(1, 2));
  const [header, chunk] = encodeSafetensors(new Map([["weight", weight]]));
  expect(chunk!.buffer).toBe(weight.data.buffer);
  const file = new Uint8Array([...header!, ...chunk!]);
  expect(decodeSafetensors(file, "file").get("weight")!.data.buffer).toBe(file.buffer);
});

test("a header of a length that leaves the data unaligned, in a Buffer, is read by copying", () => {
  const file = fileOf('{"w":{"dtype":"F32","shape":[1],"data_offsets":[0,4]}}', [0, 0, 0x80, 0x3f]);
  const inside = Buffer.concat([Buffer.of(0), file]).subarray(1);
  expect(decodeSafetensors(inside, "file").get("w")!.data).toEqual(Float32Array.of(1));
});

test("names and metadata that collide with Object's own properties are ordinary", () => {
  const one = tensor("uint8", [], Uint8Array.of(1));
  const tensors = new Map(["__proto__", "constructor", "2", "1"].map((name) => [name, one]));
  const file = Buffer.concat(encodeSafetensors(tensors));
  expect([...decodeSafetensors(file, "file").keys()]).toEqual(["1", "2", "__proto__", "constructor"]);
});

function fileOf(header: string | Uint8Array, data: readonly number[] = []): Buffer {
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(Buffer.byteLength(header)));
  return Buffer.concat([length, Buffer.from(header), Buffer.from(data)]);
}

function claim(begin: number, end: number, rest: object = {}): object {
  return { dtype: "U8", shape: [end - begin], data_offsets: [begin, end], ...rest };
}

function fileWith(entries: Readonly<Record<string, unknown>>, bytes: number): Buffer {
  return fileOf(JSON.stringify(entries), [...Buffer.alloc(bytes)]);
}

function lyingLength(length: bigint): Buffer {
  const file = fileOf("{}");
  file.writeBigUInt64LE(length);
  return file;
}

const huge = 2 ** 52;
const badFiles: readonly (readonly [what: string, file: Buffer, message: string | RegExp])[] = [
  ["empty", Buffer.of(), "a file of 0 bytes, a safetensors file has at least 8"],
  ["cut within the length", Buffer.of(1, 2, 3), "a file of 3 bytes, a safetensors file has at least 8"],
  ["cut within the header", fileOf("{}").subarray(0, 9), "a header of 2 bytes does not fit into a file of 9 bytes"],
  ["header above the limit", lyingLength(100_000_001n), /a header of 100000001 bytes, .* at most 100000000$/],
  ["header of the largest length", lyingLength(2n ** 64n - 1n), /a header of 18446744073709551615 bytes, .* at most/],
  ["no header", fileOf(""), "the header of 0 bytes is not JSON in UTF-8"],
  ["malformed JSON", fileOf('{"a\n"'), "the header of 5 bytes is not JSON in UTF-8"],
  ["byte order mark", fileOf("\ufeff{}"), "the header of 5 bytes is not JSON in UTF-8"],
  ["not UTF-8", fileOf(Buffer.from('{"\xff":1}', "latin1")), "the header of 7 bytes is not JSON in UTF-8"],
  ["an array", fileOf("[1,\n2]"), String.raw`the header is "[1,\n2]", expected a JSON object`],
  ["null", fileOf("null"), 'the header is "null", expected a JSON object'],
  ["metadata of numbers", fileOf('{"__metadata__":{"a":1}}'), "the header's __metadata__ is not an object of strings"],
  ["metadata null", fileOf('{"__metadata__":null}'), "the header's __metadata__ is not an object of strings"],
  ["entry not an object", fileOf('{"a":3}'), /^bad\.safetensors: tensor "a": bad entry in the header: .*object/],
  ["no dtype", fileWith({ a: claim(0, 0, { dtype: undefined }) }, 0), /tensor "a": bad dtype in the header: .*string/],
  [
    "F8_E4M3",
    fileWith({ a: claim(0, 1, { dtype: "F8_E4M3" }) }, 1),
    /"a": unknown dtype "F8_E4M3", .*U64, I64,.*BOOL$/,
  ],
  ["negative size", fileWith({ a: claim(0, 1, { shape: [-1] }) }, 1), /"a": bad shape\.0 in the header: /],
  ["fractional size", fileWith({ a: claim(0, 1, { shape: [1, 0.5] }) }, 1), /"a": bad shape\.1 in the header: /],
  ["shape not a list", fileWith({ a: claim(0, 1, { shape: 1 }) }, 1), /"a": bad shape in the header: /],
  ["one offset", fileWith({ a: claim(0, 1, { data_offsets: [0] }) }, 1), /"a": bad data_offsets in the header: /],
  ["text as offset", fileWith({ a: claim(0, 1, { data_offsets: [0, "1"] }) }, 1), /"a": bad data_offsets\.1 in the/],
  [
    "unsafe offset",
    fileOf('{"a":{"dtype":"U8","shape":[],"data_offsets":[9007199254740993,9007199254740994]}}'),
    /bad data_offs/,
  ],
  [
    "overflowing shape",
    fileWith({ a: claim(0, 1, { shape: [huge, huge] }) }, 1),
    /U8 \[4503599627370496, .* too large to count$/,
  ],
  ["overflowing bytes", fileWith({ a: claim(0, 1, { dtype: "F64", shape: [huge] }) }, 1), /F64 .* too large to count$/],
  ["backwards", fileWith({ a: claim(2, 1, { shape: [1] }) }, 2), 'tensor "a": -1 bytes, expected 1 for U8 [1]'],
  [
    "shape against bytes",
    fileWith({ a: claim(0, 4, { dtype: "F32", shape: [2] }) }, 4),
    'tensor "a": 4 bytes, expected 8 for F32 [2]',
  ],
  ["cut within the data", fileWith({ a: claim(0, 9) }, 8), /tensor "a" ends at byte (\d+), the file has \d+ bytes$/],
  [
    "overlap",
    fileWith({ a: claim(0, 3), b: claim(2, 4) }, 4),
    /tensor "b" begins at byte \d+, inside the tensor that ends at/,
  ],
  ["hole", fileWith({ a: claim(0, 1), b: claim(2, 4) }, 4), /tensor "b" begins at byte \d+, after a hole from byte/],
  ["hole at the start", fileWith({ a: claim(1, 4) }, 4), /tensor "a" begins at byte \d+, after a hole from byte/],
  ["bytes to spare", fileWith({ a: claim(0, 1) }, 2), "the last tensor ends at byte 62, the file has 63 bytes"],
  [
    "equal names",
    fileOf(`{"a":${JSON.stringify(claim(0, 0))},"\\u0061":${JSON.stringify(claim(0, 0))}}`),
    'two tensors named "a"',
  ],
];

test.for(badFiles)("%s is refused in one line", ([, file, message], { expect }) => {
  const error = failureOf(() => decodeSafetensors(file, "bad.safetensors"));
  expect(error.message).toMatch(/^bad\.safetensors: .*$/);
  if (message instanceof RegExp) expect(error.message).toMatch(message);
  else expect(error.message).toBe(`bad.safetensors: ${message}`);
});

test("no cut or flipped byte of a sound file does more than throw an ordinary error", () => {
  const file = fileWith({ a: claim(0, 2), b: claim(2, 4) }, 4);
  for (let end = 0; end < file.length; end++) {
    expect(failureOf(() => decodeSafetensors(file.subarray(0, end), "cut")).message).toMatch(/^cut: .*$/);
  }
  fc.assert(
    fc.property(fc.nat(file.length - 1), fc.nat(255), (at, byte) => {
      const flipped = Buffer.from(file);
      flipped[at] = byte;
      try {
        decodeSafetensors(flipped, "flipped");
      } catch (error) {
        expect((error as Error).message).toMatch(/^flipped: .*$/);
      }
    }),
  );
});

test("a tensor that the format cannot hold is not written", () => {
  const one = tensor("uint8", [], Uint8Array.of(1));
  expect(() => encodeSafetensors(new Map([["__metadata__", one]]))).toThrow(/named __metadata__/);
  expect(() => encodeSafetensors(new Map([["a", { ...one, shape: [2] }]]))).toThrow('"a": 1 elements do not fill [2]');
});

function failureOf(action: () => unknown): Error {
  try {
    action();
  } catch (error) {
    if (error instanceof Error) return error;
  }
  throw new Error("expected an Error");
}
