import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { blockTypeOf, splitQ4_0 } from "./gguf-blocks.ts";
import { decodeSafetensors } from "./safetensors.ts";

const path = join(import.meta.dirname, "../../test/fixtures/gguf/blocks.safetensors");
const reference = decodeSafetensors(readFileSync(path), path);

test.each([
  ["F32", 0],
  ["F16", 1],
  ["BF16", 30],
  ["Q8_0", 8],
  ["Q4_0", 2],
  ["Q4_1", 3],
  ["Q4_K", 12],
  ["Q5_K", 13],
  ["Q6_K", 14],
])("%s gives the reference's numbers, bit for bit", (name, id) => {
  const type = blockTypeOf(id, "x");
  const bytes = reference.get(`${name}.bytes`)!.data as Uint8Array;
  const expected = reference.get(`${name}.values`)!.data as Float32Array;
  expect(type.name).toBe(name);
  expect((expected.length / type.size) * type.bytes).toBe(bytes.length);
  const values = new Float32Array(expected.length);
  type.decode(bytes, values);
  expect(new Uint32Array(values.buffer)).toEqual(new Uint32Array(expected.slice().buffer));
});

test("blocks of Q4_0 come apart into bytes and scales that give the reference's numbers", () => {
  const bytes = reference.get("Q4_0.bytes")!.data as Uint8Array;
  const expected = reference.get("Q4_0.values")!.data as Float32Array;
  const blocks = expected.length / 32;
  const [codes, scales] = [new Uint8Array(16 * blocks), new Float32Array(blocks)];
  splitQ4_0(bytes, codes, scales);
  const code = (i: number) => {
    const byte = codes[16 * Math.floor(i / 32) + (i % 16)]!;
    return i % 32 < 16 ? byte & 15 : byte >> 4;
  };
  expect(expected.map((_, i) => (code(i) - 8) * scales[Math.floor(i / 32)]!)).toEqual(expected);
});

test.each([
  [6, "Q5_0"],
  [10, "Q2_K"],
  [99, "99"],
])("the type %i is refused as %s", (id, name) => {
  expect(() => blockTypeOf(id, "w")).toThrow(
    new Error(`w: type ${name}, expected one of F32, F16, BF16, Q8_0, Q4_0, Q4_1, Q4_K, Q5_K, Q6_K`),
  );
});
