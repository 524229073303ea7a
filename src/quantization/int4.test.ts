/** 4 bits: what is stored is as near what was given as it can be, and lies as GGUF's Q4_0 does. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { blockTypeOf } from "../formats/gguf-blocks.ts";
import { decodeSafetensors } from "../formats/safetensors.ts";
import { fromFloat16, toFloat16 } from "../tensor/dtype.ts";
import { random } from "../tensor/random.ts";
import { tensor } from "../tensor/tensor.ts";
import { int4 } from "./int4.ts";
import type { Parts } from "./scheme.ts";
import { asInputs, computed, matrixOf, normalMatrix, valueOf } from "./schemes.cases.ts";

const SEEDS = [1, 2, 3, 4, 5, 6];
const BLOCK = 32;
/** More than float32 rounds 7·scale by. */
const ROUNDING = 2 ** -20;

const bytesOf = ({ codes }: Parts) => codes!.data as Uint8Array;
const scalesOf = ({ scales }: Parts) => scales!.data as Float32Array;
/** Numbers of which zero has no sign. */
const unsigned = (numbers: Float32Array) => numbers.map((x) => x + 0);
const blocksOf = (numbers: Float32Array) =>
  Array.from({ length: numbers.length / BLOCK }, (_, i) => numbers.subarray(i * BLOCK, (i + 1) * BLOCK));
/** A block of zeros but for some numbers by their places. */
const block = (numbers: Readonly<Record<number, number>>) => Array.from({ length: BLOCK }, (_, i) => numbers[i] ?? 0);

describe("a matrix", () => {
  test.each(SEEDS)("is off by half a scale of its block, by more only beyond the last code, seed %i", (seed) => {
    const matrix = normalMatrix(5, 3 * BLOCK, seed);
    const parts = int4.encode(matrix);
    expect([parts["codes"]!.dtype, parts["codes"]!.shape]).toEqual(["uint8", [5, 3, BLOCK / 2]]);
    expect([parts["scales"]!.dtype, parts["scales"]!.shape]).toEqual(["float32", [5, 3]]);
    const decoded = blocksOf(int4.decode(parts).data);
    blocksOf(matrix.data).forEach((numbers, b) => {
      const scale = scalesOf(parts)[b]!;
      const size = Math.abs(scale);
      numbers.forEach((x, i) => {
        const off = Math.abs(decoded[b]![i]! - x);
        // The codes reach from −8 to 7 scales; a number lies at up to 8 of them, and is then off by what is beyond 7.
        expect(off).toBeLessThanOrEqual(size * (Math.max(0.5, x / scale - 7) + ROUNDING));
        expect(off).toBeLessThanOrEqual(size * (1 + ROUNDING));
      });
    });
  });

  test.each(SEEDS)("has the number of largest magnitude of each block as it is, seed %i", (seed) => {
    const matrix = normalMatrix(4, 2 * BLOCK, seed);
    const decoded = blocksOf(int4.decode(int4.encode(matrix)).data);
    blocksOf(matrix.data).forEach((numbers, b) => {
      const place = numbers.reduce((at, x, i) => (Math.abs(x) > Math.abs(numbers[at]!) ? i : at), 0);
      expect(decoded[b]![place]).toBe(numbers[place]);
    });
  });

  test.each(SEEDS)("is put together by the graph as on the host, seed %i", async (seed) => {
    const parts = int4.encode(normalMatrix(3, 2 * BLOCK, seed));
    const { shape, data } = int4.decode(parts);
    const value = valueOf(int4, parts);
    expect(value.shape).toEqual(shape);
    expect(Float32Array.from(value.data)).toEqual(data);
    expect(await computed(int4.value(asInputs(parts)), parts)).toEqual(data);
  });

  test("of whole numbers from −8 to 7 times a power of two is exact", () => {
    const numbers = Array.from({ length: BLOCK }, (_, i) => ((i % 16) - 8) / 4);
    const matrix = matrixOf(
      numbers,
      numbers.map((x) => -x),
    );
    const parts = int4.encode(matrix);
    expect([...scalesOf(parts)]).toEqual([1 / 4, -1 / 4]);
    expect(unsigned(int4.decode(parts).data)).toEqual(unsigned(matrix.data));
  });

  test("the far end: as large a number of the other sign is off by a whole scale", () => {
    const parts = int4.encode(matrixOf(block({ 0: -8, 1: 8, 2: 7.5, 3: 7.25 }), block({ 0: 8, 5: -8 })));
    expect([...scalesOf(parts)]).toEqual([1, -1]);
    const [first, second] = blocksOf(int4.decode(parts).data);
    expect([...first!.subarray(0, 5)]).toEqual([-8, 7, 7, 7, 0]);
    expect([second![0], second![5]]).toEqual([8, -7]);
  });

  test("a tie goes upwards in codes", () => {
    const [first] = blocksOf(int4.decode(int4.encode(matrixOf(block({ 0: -8, 1: 0.5, 2: -0.5, 3: -7.5 })))).data);
    expect([...unsigned(first!).subarray(0, 4)]).toEqual([-8, 1, 0, -7]);
  });

  test("has blocks of zeros as they are, beside others", () => {
    const rows = [
      [...block({}), ...block({ 3: -4 })],
      [...block({ 31: 1 }), ...block({})],
    ];
    const decoded = int4.decode(int4.encode(matrixOf(...rows)));
    expect([...unsigned(decoded.data)]).toEqual(rows.flat());
  });

  test("is stored where its rows are whole blocks", () => {
    expect([[3, 32], [3, 96], [3, 33], [3, 16], [32], [2, 3, 32]].map((shape) => int4.fits(shape))).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
    ]);
  });
});

describe("GGUF's Q4_0", () => {
  const q4_0 = blockTypeOf(2, "test");

  /** Blocks as a GGUF file has them: a float16 scale, then the bytes of the codes. */
  function asFile(parts: Parts): Uint8Array {
    const scales = scalesOf(parts);
    const file = new Uint8Array(scales.length * q4_0.bytes);
    scales.forEach((scale, b) => {
      new DataView(file.buffer).setUint16(b * q4_0.bytes, toFloat16(scale), true);
      file.set(bytesOf(parts).subarray((b * BLOCK) / 2, ((b + 1) * BLOCK) / 2), b * q4_0.bytes + 2);
    });
    return file;
  }

  /** Blocks of a file as our parts. */
  function asParts(file: Uint8Array): Parts {
    const blocks = file.length / q4_0.bytes;
    const view = new DataView(file.buffer, file.byteOffset);
    const scales = Float32Array.from({ length: blocks }, (_, b) => fromFloat16(view.getUint16(b * q4_0.bytes, true)));
    const codes = Uint8Array.from({ length: (blocks * BLOCK) / 2 }, (_, i) => {
      const b = Math.floor(i / (BLOCK / 2));
      return file[b * q4_0.bytes + 2 + (i % (BLOCK / 2))]!;
    });
    return {
      codes: tensor("uint8", [1, blocks, BLOCK / 2], codes),
      scales: tensor("float32", [1, blocks], scales),
    };
  }

  test.each(SEEDS)("reads our bytes as we do, seed %i", (seed) => {
    const { normal, integer } = random(seed, "blocks");
    const rows = Array.from({ length: 6 }, () => {
      // The largest number is −8 times one that float16 has, so that the file's scale is ours.
      const scale = (integer(2) ? 1 : -1) * (1 + integer(1024) / 1024) * 2 ** (integer(10) - 8);
      const within = (x: number) => Math.min(Math.max(x, -7.9), 7.9) * scale;
      return Array.from({ length: BLOCK }, () => within(4 * normal())).with(integer(BLOCK), -8 * scale);
    });
    const parts = int4.encode(matrixOf(...rows));
    for (const scale of scalesOf(parts)) expect(fromFloat16(toFloat16(scale))).toBe(scale);
    const numbers = new Float32Array(rows.length * BLOCK);
    q4_0.decode(asFile(parts), numbers);
    expect(numbers).toEqual(int4.decode(parts).data);
  });

  test("blocks that another program wrote are read as it reads them, and written again as they were", () => {
    const path = join(import.meta.dirname, "../../test/fixtures/gguf/blocks.safetensors");
    const reference = decodeSafetensors(readFileSync(path), path);
    const bytes = reference.get("Q4_0.bytes")!.data as Uint8Array;
    const values = reference.get("Q4_0.values")!.data as Float32Array;
    const parts = asParts(bytes);
    expect(int4.decode(parts).data).toEqual(values);
    expect(asFile(parts)).toEqual(bytes.slice());
  });
});
