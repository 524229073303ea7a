/**
 * How GGUF stores the numbers of a tensor: in blocks along the last axis, each of some bytes that hold small integers and
 * the scales by which they become numbers again (ggml's ggml-quants.c). All numbers are little-endian.
 */
import { halves } from "../tensor/half.ts";

export interface BlockType {
  readonly name: string;
  /** Numbers of one block. */
  readonly size: number;
  /** Bytes of one block. */
  readonly bytes: number;
  /** Fills `target` with the numbers of as many blocks as it has room for; `source` has exactly their bytes. */
  readonly decode: (source: Uint8Array, target: Float32Array) => void;
}

/** Fills `target` from `to` on with the numbers of the block that begins at byte `at`. */
type DecodeBlock = (source: Uint8Array, at: number, target: Float32Array, to: number) => void;

function inBlocks(name: string, size: number, bytes: number, decode: DecodeBlock): BlockType {
  const decodeAll: BlockType["decode"] = (source, target) => {
    for (let at = 0, to = 0; to < target.length; at += bytes, to += size) decode(source, at, target, to);
  };
  return { name, size, bytes, decode: decodeAll };
}

function widened(name: string, dtype: "float16" | "bfloat16"): BlockType {
  const decode: BlockType["decode"] = (source, target) => {
    const values = halves[dtype]();
    for (let i = 0; i < target.length; i++) target[i] = values[bitsAt(source, 2 * i)]!;
  };
  return { name, size: 1, bytes: 2, decode };
}

function bitsAt(source: Uint8Array, at: number): number {
  return source[at]! | (source[at + 1]! << 8);
}

function halfAt(source: Uint8Array, at: number): number {
  return halves.float16()[bitsAt(source, at)]!;
}

function signed(byte: number): number {
  return (byte << 24) >> 24;
}

const float32: BlockType = {
  name: "F32",
  size: 1,
  bytes: 4,
  decode: (source, target) => new Uint8Array(target.buffer, target.byteOffset, target.byteLength).set(source),
};

/** 32 integers of 8 bits, one scale: d·q. */
const q8_0 = inBlocks("Q8_0", 32, 34, (source, at, target, to) => {
  const scale = halfAt(source, at);
  for (let i = 0; i < 32; i++) target[to + i] = scale * signed(source[at + 2 + i]!);
});

/** 32 integers of 4 bits: the low halves of 16 bytes, then their high halves; d·(q − 8). */
const q4_0 = inBlocks("Q4_0", 32, 18, (source, at, target, to) => {
  const scale = halfAt(source, at);
  for (let i = 0; i < 16; i++) {
    const byte = source[at + 2 + i]!;
    target[to + i] = scale * ((byte & 15) - 8);
    target[to + 16 + i] = scale * ((byte >> 4) - 8);
  }
});

/** The same blocks with their bytes and their scales apart: of as many as `scales` has room for, of which `source` has exactly the bytes. */
export function splitQ4_0(source: Uint8Array, codes: Uint8Array, scales: Float32Array): void {
  for (let block = 0; block < scales.length; block++) {
    const at = block * 18;
    scales[block] = halfAt(source, at);
    codes.set(source.subarray(at + 2, at + 18), block * 16);
  }
}

/** As Q4_0 with a least value in place of the 8: d·q + m. */
const q4_1 = inBlocks("Q4_1", 32, 20, (source, at, target, to) => {
  const scale = halfAt(source, at);
  const least = halfAt(source, at + 2);
  for (let i = 0; i < 16; i++) {
    const byte = source[at + 4 + i]!;
    target[to + i] = scale * (byte & 15) + least;
    target[to + 16 + i] = scale * (byte >> 4) + least;
  }
});

/** Eight groups of 32, each with a scale s and a least value m of 6 bits: (d·s)·q − (d′·m), q of 4 bits. */
const q4_K = inBlocks("Q4_K", 256, 144, (source, at, target, to) => {
  for (let group = 0; group < 8; group++) {
    const { scale, least } = groupScales(source, at, group);
    const low = at + 16 + 32 * (group >> 1);
    const shift = 4 * (group & 1);
    for (let i = 0; i < 32; i++) target[to + 32 * group + i] = scale * ((source[low + i]! >> shift) & 15) - least;
  }
});

/** As Q4_K with a fifth bit of each integer, in 32 bytes of which group g has the bits g. */
const q5_K = inBlocks("Q5_K", 256, 176, (source, at, target, to) => {
  for (let group = 0; group < 8; group++) {
    const { scale, least } = groupScales(source, at, group);
    const low = at + 48 + 32 * (group >> 1);
    const shift = 4 * (group & 1);
    for (let i = 0; i < 32; i++) {
      const fifth = (source[at + 16 + i]! >> group) & 1;
      target[to + 32 * group + i] = scale * (((source[low + i]! >> shift) & 15) | (fifth << 4)) - least;
    }
  }
});

/** The scale and the least value of one group; the 6 bits of the last four groups lie in two places. */
function groupScales(source: Uint8Array, at: number, group: number): { scale: number; least: number } {
  const six = (i: number): number => source[at + 4 + i]!;
  const [scale, least] =
    group < 4
      ? [six(group) & 63, six(group + 4) & 63]
      : [(six(group + 4) & 15) | ((six(group - 4) >> 6) << 4), (six(group + 4) >> 4) | ((six(group) >> 6) << 4)];
  return { scale: halfAt(source, at) * scale, least: halfAt(source, at + 2) * least };
}

/** Sixteen groups of 16, each with a scale s of 8 bits: (d·s)·(q − 32), q of 4 bits in one place and 2 in another. */
const q6_K = inBlocks("Q6_K", 256, 210, (source, at, target, to) => {
  const scale = halfAt(source, at + 208);
  for (let run = 0; run < 8; run++) {
    const half = run >> 2;
    const low = at + 64 * half + 32 * (run & 1);
    const high = at + 128 + 32 * half;
    for (let i = 0; i < 32; i++) {
      const four = (source[low + i]! >> (4 * ((run >> 1) & 1))) & 15;
      const two = (source[high + i]! >> (2 * (run & 3))) & 3;
      const group = signed(source[at + 192 + 2 * run + (i >> 4)]!);
      target[to + 32 * run + i] = scale * group * ((four | (two << 4)) - 32);
    }
  }
});

const known: ReadonlyMap<number, BlockType> = new Map([
  [0, float32],
  [1, widened("F16", "float16")],
  [30, widened("BF16", "bfloat16")],
  [8, q8_0],
  [2, q4_0],
  [3, q4_1],
  [12, q4_K],
  [13, q5_K],
  [14, q6_K],
]);

/** Types that are named in errors alone (ggml.h). */
const others: Readonly<Record<number, string>> = {
  6: "Q5_0",
  7: "Q5_1",
  9: "Q8_1",
  10: "Q2_K",
  11: "Q3_K",
  15: "Q8_K",
  16: "IQ2_XXS",
  17: "IQ2_XS",
  18: "IQ3_XXS",
  19: "IQ1_S",
  20: "IQ4_NL",
  21: "IQ3_S",
  22: "IQ2_S",
  23: "IQ4_XS",
  24: "I8",
  25: "I16",
  26: "I32",
  27: "I64",
  28: "F64",
  29: "IQ1_M",
  34: "TQ1_0",
  35: "TQ2_0",
  39: "MXFP4",
  40: "NVFP4",
};

/**
 * The type that a GGUF file calls by the number `id`.
 * @throws Error beginning with `where` for one that cannot be read, with those that can.
 */
export function blockTypeOf(id: number, where: string): BlockType {
  const type = known.get(id);
  if (type !== undefined) return type;
  const names = [...known.values()].map(({ name }) => name).join(", ");
  throw new Error(`${where}: type ${others[id] ?? id}, expected one of ${names}`);
}
