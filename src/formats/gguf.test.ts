import { readFileSync } from "node:fs";
import { join } from "node:path";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Field, ggufFile, listField, text, textField, uint32, uint64 } from "./gguf.cases.ts";
import { parseGguf } from "./gguf.ts";

const reference = readFileSync(join(import.meta.dirname, "../../test/fixtures/gguf/llama.gguf"));

function parsed(file: Uint8Array) {
  const header = parseGguf(file, file.length, "x");
  if (header === null) throw new Error("expected a header");
  return header;
}

test("a file of the reference writer gives its metadata and its tensors", () => {
  const { version, metadata, entries } = parsed(reference);
  expect(version).toBe(3);
  expect(metadata.get("general.architecture")).toBe("llama");
  expect(metadata.get("llama.attention.layer_norm_rms_epsilon")).toBe(Math.fround(1e-5));
  expect(metadata.get("tokenizer.ggml.token_type")).toHaveLength(301);
  const { type, shape, begin, end } = entries.get("blk.0.attn_k.weight")!;
  expect([type.name, shape, end - begin]).toEqual(["Q4_0", [16, 32], 16 * 18]);
  expect(Math.max(...[...entries.values()].map((entry) => entry.end))).toBeLessThanOrEqual(reference.length);
});

function scalar(kind: number, size: number, write: (bytes: Buffer) => void): Field {
  const bytes = Buffer.alloc(size);
  write(bytes);
  return { kind, bytes };
}

test.each([2, 3])("every kind of value is read, in version %i", (version) => {
  const fields: readonly (readonly [string, Field])[] = [
    ["uint8", scalar(0, 1, (b) => b.writeUInt8(200))],
    ["int8", scalar(1, 1, (b) => b.writeInt8(-100))],
    ["uint16", scalar(2, 2, (b) => b.writeUInt16LE(60_000))],
    ["int16", scalar(3, 2, (b) => b.writeInt16LE(-30_000))],
    ["uint32", scalar(4, 4, (b) => b.writeUInt32LE(4e9))],
    ["int32", scalar(5, 4, (b) => b.writeInt32LE(-2e9))],
    ["float32", scalar(6, 4, (b) => b.writeFloatLE(0.1))],
    ["bool", scalar(7, 1, (b) => b.writeUInt8(1))],
    ["text", textField("\ufeffnaïve 名")],
    ["uint64", scalar(10, 8, (b) => b.writeBigUInt64LE(2n ** 53n - 1n))],
    ["large", scalar(10, 8, (b) => b.writeBigUInt64LE(2n ** 64n - 1n))],
    ["int64", scalar(11, 8, (b) => b.writeBigInt64LE(-5n))],
    ["float64", scalar(12, 8, (b) => b.writeDoubleLE(0.1))],
    ["texts", listField(8, [text("a"), text("")])],
    ["lists", listField(9, [listField(0, [Buffer.of(1), Buffer.of(2)]).bytes])],
    ["__proto__", textField("ordinary")],
  ];
  expect([...parsed(ggufFile({ version, fields })).metadata]).toEqual([
    ["uint8", 200],
    ["int8", -100],
    ["uint16", 60_000],
    ["int16", -30_000],
    ["uint32", 4e9],
    ["int32", -2e9],
    ["float32", Math.fround(0.1)],
    ["bool", true],
    ["text", "\ufeffnaïve 名"],
    ["uint64", 2 ** 53 - 1],
    ["large", 2n ** 64n - 1n],
    ["int64", -5],
    ["float64", 0.1],
    ["texts", ["a", ""]],
    ["lists", [[1, 2]]],
    ["__proto__", "ordinary"],
  ]);
});

test("tensors lie at multiples of the alignment that the file states", () => {
  const alignment = ["general.alignment", { kind: 4, bytes: uint32(64) }] as const;
  const tensors = [
    { name: "a", dimensions: [3, 2], type: 0, offset: 64 },
    { name: "b", dimensions: [], type: 1, offset: 0 },
  ];
  const file = ggufFile({ fields: [alignment], tensors, data: new Uint8Array(152) });
  const { entries } = parsed(file);
  const [a, b] = [entries.get("a")!, entries.get("b")!];
  expect([a.shape, b.shape]).toEqual([[2, 3], []]);
  expect(b.begin % 64).toBe(0);
  expect([a.begin - b.begin, a.end - a.begin, b.end - b.begin]).toEqual([64, 24, 2]);
});

const claim = { name: "a", dimensions: [4], type: 0, offset: 0 };
const sixteen = new Uint8Array(16);
const deep = (levels: number): Buffer =>
  levels === 0 ? listField(0, []).bytes : listField(9, [deep(levels - 1)]).bytes;
const withClaim = (changes: object): Buffer => ggufFile({ tensors: [{ ...claim, ...changes }], data: sixteen });

const badFiles: readonly [string, Uint8Array, string | RegExp][] = [
  ["an empty file", new Uint8Array(), 'ends at byte 0, "first bytes" at byte 0 takes 1 bytes'],
  [
    "another format",
    Buffer.from("PK\u0003\u0004 and so on"),
    String.raw`begins with "PK\u0003\u0004", expected a GGUF file`,
  ],
  ["version 1", ggufFile({ version: 1 }), "GGUF version 1, expected 2 or 3, little-endian"],
  ["big-endian", ggufFile({ version: 0x03000000 }), /^GGUF version 50331648, big-endian, expected 2 or 3/],
  [
    "a lying number of tensors",
    Buffer.concat([Buffer.from("GGUF"), uint32(3), uint64(2n ** 63n), uint64(0)]),
    /"number of tensors" counts 9223372036854775808, more than the 8 bytes after it hold/,
  ],
  [
    "a lying number of keys",
    Buffer.concat([Buffer.from("GGUF"), uint32(3), uint64(0), uint64(9)]),
    /"number of keys" counts 9, more than the 0 bytes/,
  ],
  [
    "a lying text",
    ggufFile({ fields: [["k", { kind: 8, bytes: uint64(2n ** 40n) }]] }),
    /"k" counts 1099511627776, more than/,
  ],
  [
    "a lying list",
    ggufFile({ fields: [["k", { kind: 9, bytes: Buffer.concat([uint32(8), uint64(2n ** 62n)]) }]] }),
    /"k" counts 4611686018427387904/,
  ],
  [
    "a text that is not UTF-8",
    ggufFile({ fields: [["k", textField(Buffer.of(0xff))]] }),
    /^"k" at byte \d+ is not UTF-8$/,
  ],
  [
    "an unknown kind",
    ggufFile({ fields: [["k", { kind: 13, bytes: uint64(0) }]] }),
    '"k": a value of kind 13, expected 0 to 12',
  ],
  [
    "lists within lists",
    ggufFile({ fields: [["k", { kind: 9, bytes: deep(9) }]] }),
    '"k": arrays in arrays beyond 4 levels',
  ],
  [
    "two equal keys",
    ggufFile({
      fields: [
        ["k", textField("")],
        ["k", textField("")],
      ],
    }),
    'two values of "k"',
  ],
  ["two equal tensors", ggufFile({ tensors: [claim, claim], data: sixteen }), 'two tensors named "a"'],
  [
    "an alignment of 0",
    ggufFile({ fields: [["general.alignment", { kind: 4, bytes: uint32(0) }]] }),
    'general.alignment is "0", expected a power of two from 8 on',
  ],
  [
    "an alignment that is a text",
    ggufFile({ fields: [["general.alignment", textField("32")]] }),
    /general\.alignment is "32"/,
  ],
  ["five dimensions", withClaim({ dimensions: [1, 1, 1, 1, 4] }), 'tensor "a": 5 dimensions, expected at most 4'],
  ["an unknown type", withClaim({ type: 6 }), /^tensor "a": type Q5_0, expected one of F32, F16, BF16, Q8_0/],
  [
    "rows of half a block",
    withClaim({ type: 8, dimensions: [16, 2] }),
    'tensor "a": Q8_0 [2, 16], expected rows of whole blocks of 32',
  ],
  [
    "a size beyond counting",
    withClaim({ dimensions: [2n ** 52n, 2n ** 52n] }),
    /^tensor "a": F32 \[.*\] is too large to count$/,
  ],
  ["the largest offset", withClaim({ offset: 2n ** 64n - 1n }), /^tensor "a": F32 \[4\] is too large to count$/],
  ["an unaligned offset", withClaim({ offset: 8 }), 'tensor "a" begins at 8, expected a multiple of 32'],
  [
    "data that is cut",
    ggufFile({ tensors: [claim], data: sixteen.subarray(1) }),
    /^tensor "a" ends at byte (\d+), the file has \d+ bytes$/,
  ],
  [
    "an overlap",
    ggufFile({ tensors: [claim, { ...claim, name: "b" }], data: sixteen }),
    /^tensor "b" begins at byte \d+, inside the tensor that ends at \d+$/,
  ],
];

test.for(badFiles)("%s is refused in one line", ([, file, message], { expect }) => {
  const error = failureOf(() => parseGguf(file, file.length, "bad.gguf"));
  expect(error.message).toMatch(/^bad\.gguf: .*$/);
  const said = error.message.replace(/^bad\.gguf: /, "");
  if (message instanceof RegExp) expect(said).toMatch(message);
  else expect(said).toBe(message);
});

test("the first bytes of a sound file ask for more, the same bytes as a whole file are refused", () => {
  const file = ggufFile({ fields: [["k", textField("v")]], tensors: [claim], data: sixteen });
  const headerEnd = 24 + (9 + 4 + 9) + (9 + 4 + 8 + 4 + 8);
  for (let end = 0; end < file.length; end++) {
    const start = file.subarray(0, end);
    if (end < headerEnd) expect(parseGguf(start, file.length, "x")).toBe(null);
    expect(failureOf(() => parseGguf(start, end, "cut")).message).toMatch(/^cut: .*$/);
  }
  expect(parseGguf(file.subarray(0, headerEnd), file.length, "x")?.entries.size).toBe(1);
});

test("no flipped byte of a sound file does more than throw an ordinary error", () => {
  const file = ggufFile({ fields: [["k", listField(8, [text("a"), text("b")])]], tensors: [claim], data: sixteen });
  fc.assert(
    fc.property(fc.nat(file.length - 1), fc.nat(255), (at, byte) => {
      const flipped = Buffer.from(file);
      flipped[at] = byte;
      try {
        parseGguf(flipped, flipped.length, "flipped");
      } catch (error) {
        expect((error as Error).message).toMatch(/^flipped: .*$/);
      }
    }),
  );
});

function failureOf(action: () => unknown): Error {
  try {
    action();
  } catch (error) {
    if (error instanceof Error && error.constructor === Error) return error;
    throw error;
  }
  throw new Error("expected an Error");
}
