import { describe, expect, test } from "vitest";
import { blockTypeOf } from "../formats/gguf-blocks.ts";
import { int4 } from "../quantization/int4.ts";
import { halves } from "../tensor/half.ts";
import { random } from "../tensor/random.ts";
import { tensor } from "../tensor/tensor.ts";
import type { Layout } from "./gguf-architectures.ts";
import { readEncoded, readTensor } from "./gguf-tensor.ts";
import type { Source } from "./pieces.ts";

const float32 = blockTypeOf(0, "x");

/** A file of the numbers 0, 1, 2, … as float32, after 8 bytes of something else, and how often it is read. */
function counting(size: number): { source: Source; reads: () => number } {
  const file = Buffer.concat([Buffer.alloc(8), Buffer.from(Float32Array.from({ length: size }, (_, i) => i).buffer)]);
  let reads = 0;
  const read: Source["read"] = async (bytes, offset, length, position) => {
    reads++;
    const bytesRead = file.copy(bytes, offset, position, position + length);
    return { bytesRead };
  };
  return { source: { read }, reads: () => reads };
}

/** A file that is read from memory. */
const fileOf = (bytes: Buffer): Source => ({
  read: async (into, offset, length, position) => ({
    bytesRead: bytes.copy(into, offset, position, position + length),
  }),
});

const swapped = (row: number): number => row ^ 1;

// Of more than two pieces, the last of which is not full.
test.each([
  ["as it is", [700, 1000], {}, (i: number) => i],
  ["a vector", [700_000], {}, (i: number) => i],
  ["a vector whose entries change places", [700_000], { rowOf: swapped }, (i: number) => i ^ 1],
  [
    "rows that change places",
    [700, 1000],
    { rowOf: swapped },
    (i: number) => swapped(Math.floor(i / 1000)) * 1000 + (i % 1000),
  ],
  ["transposed", [1000, 700], { transposed: true }, (i: number) => (i % 1000) * 700 + Math.floor(i / 1000)],
  ["shifted", [700, 1000], { shift: -1 }, (i: number) => i - 1],
  ["one row longer than a piece", [2, 350_000], { rowOf: swapped }, (i: number) => (i + 350_000) % 700_000],
] as const)("a tensor is read in pieces: %s", async (_, shape, layout, expected) => {
  const { source, reads } = counting(700_000);
  const entry = { name: "a", type: float32, shape, begin: 8, end: 8 + 4 * 700_000 };
  const target = new Float32Array(700_000);
  await readTensor(source, "x", entry, layout, target);
  expect(target.findIndex((value, i) => value !== expected(i))).toBe(-1);
  expect(reads()).toBeGreaterThan(1);
});

test("a file that has become shorter is refused", async () => {
  const { source } = counting(3);
  const entry = { name: "a", type: float32, shape: [4], begin: 8, end: 24 };
  await expect(readTensor(source, "x", entry, {}, new Float32Array(4))).rejects.toThrow(
    new Error("x: ends at byte 20, it has become shorter"),
  );
});

test("a tensor without numbers is read without a word", async () => {
  const { source, reads } = counting(0);
  await readTensor(source, "x", { name: "a", type: float32, shape: [0, 4], begin: 8, end: 8 }, {}, new Float32Array());
  expect(reads()).toBe(0);
});

describe("Q4_0", () => {
  const [rows, width] = [6, 64];
  const shape = [rows, width];
  const scales = [0x2e66, 0xae66, 0x0001, 0x7bff, 0x8000, 0x3555];
  /** Rows of two blocks with scales of either sign, the greatest and the least float16, and random codes. */
  const stored = (() => {
    const draw = random(1, "codes");
    const blocks = Array.from({ length: 2 * rows }, (_, i) => {
      const block = Buffer.from(Array.from({ length: 18 }, () => draw.integer(256)));
      block.writeUInt16LE(scales[i % scales.length]!, 0);
      return block;
    });
    return Buffer.concat([Buffer.alloc(8), ...blocks]);
  })();
  const entryOf = (type: number, of: readonly number[] = shape) => ({
    name: "a",
    type: blockTypeOf(type, "x"),
    shape: of,
    begin: 8,
    end: stored.length,
  });
  const read = (layout: Layout, form = "int4", turned = false, entry = entryOf(2)) =>
    readEncoded(fileOf(stored), "x", entry, layout, form, turned);

  test("is read as it stands", async () => {
    const { codes, scales: widened } = (await read({}))!;
    expect([codes!.shape, widened!.shape]).toEqual([
      [rows, 2, 16],
      [rows, 2],
    ]);
    for (let block = 0; block < 2 * rows; block++) {
      const at = 8 + 18 * block;
      expect([...codes!.data.subarray(16 * block, 16 * (block + 1))]).toEqual([...stored.subarray(at + 2, at + 18)]);
      expect(widened!.data[block]).toBe(halves.float16()[stored.readUInt16LE(at)]);
    }
  });

  test.each([
    ["as it is", {}, false],
    ["rows that change places", { rowOf: swapped }, false],
    ["transposed, as the model has it", { transposed: true }, true],
  ] as const)("decodes to the numbers that are read as float32: %s", async (_, layout, turned) => {
    const parts = (await read(layout, "int4", turned))!;
    const numbers = new Float32Array(rows * width);
    await readTensor(fileOf(stored), "x", entryOf(2), turned ? {} : layout, numbers);
    expect(int4.decode(parts)).toEqual(tensor("float32", shape, numbers));
  });

  test.each([
    ["another form", () => read({}, "int8")],
    ["rows that would be columns", () => read({ transposed: true })],
    ["columns that would be rows", () => read({}, "int4", true)],
    ["numbers that are shifted", () => read({ shift: -1 })],
    ["no matrix", () => read({}, "int4", false, entryOf(2, [rows * width]))],
    ["blocks of another kind", () => read({}, "int4", false, entryOf(3))],
    ["numbers that are no blocks", () => read({}, "int4", false, entryOf(0))],
  ])("is not taken as it stands for %s", async (_, reading) => {
    expect(await reading()).toBe(null);
  });
});
