/** A runtime over stored matrices, in memory and in files. */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { worstDifference } from "../../test/draw.ts";
import { scratchFolder } from "../../test/tiny-model.ts";
import { add, gather, input, linear, matmul } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import { nativeRuntime } from "../runtime/native.ts";
import type { Program } from "../runtime/runtime.ts";
import { random } from "../tensor/random.ts";
import { tensor } from "../tensor/tensor.ts";
import { int4 } from "./int4.ts";
import { int8, int8Twice, int8WeightsOnly } from "./int8.ts";
import { decoded, type StoredMatrices, type StoredMatrix, storedMatrix } from "./over-stored.ts";
import { overQuantizedBase } from "./runtime.ts";
import type { Scheme } from "./scheme.ts";
import { normalMatrix } from "./schemes.cases.ts";

const native = await nativeRuntime({ threads: 1 });
const folder = scratchFolder();
const schemes = Object.entries({ int8, int8Twice, int8WeightsOnly, int4 });
const [rows, width] = [5, 64];
const weight = input("W", [rows, width]);
const [x, bias, index] = [input("x", ["batch", width]), input("b", [rows]), input("i", ["batch"], "int64")];
const graph: Value = add(matmul(linear(x, weight, bias), weight), gather(weight, index));
const { normal } = random(4, "fed");
const feeds = {
  x: tensor("float32", [3, width], Float32Array.from({ length: 3 * width }, normal)),
  b: tensor("float32", [rows], Float32Array.from({ length: rows }, normal)),
  i: tensor("int64", [3], BigInt64Array.of(4n, 0n, 2n)),
};
const one = (matrix: StoredMatrix): StoredMatrices => new Map([["W", matrix]]);
const ofSize = () => normalMatrix(rows, width, 3);

async function result(program: Program): Promise<Float32Array> {
  const { y } = await program.run(feeds);
  await program.dispose();
  return y!.data as Float32Array;
}

/** The same matrix with its parts in a file, one after the other behind some other bytes. */
function inFile(name: string, { scheme, parts }: StoredMatrix): StoredMatrix {
  const path = join(folder, name);
  const pieces: Uint8Array[] = [new Uint8Array(64)];
  let offset = 64;
  const held = Object.entries(parts).map(([part, { dtype, shape, read }]) => {
    const { buffer, byteOffset, byteLength } = read().data;
    const [bytes, region] = [new Uint8Array(buffer, byteOffset, byteLength), { path, offset, length: byteLength }];
    const room = Math.ceil(byteLength / 64) * 64;
    pieces.push(bytes, new Uint8Array(room - byteLength));
    offset += room;
    return [
      part,
      {
        dtype,
        shape,
        read: () => {
          throw new Error("read");
        },
        region,
      },
    ] as const;
  });
  writeFileSync(path, Buffer.concat(pieces));
  return { scheme, parts: Object.fromEntries(held) };
}

describe.each<[string, Scheme]>(schemes)("%s", (name, scheme) => {
  test("asks for nothing of what is stored", async () => {
    const program = await overQuantizedBase(native, one(storedMatrix(scheme, ofSize()))).compile({ y: graph });
    expect([...program.inputs].toSorted()).toEqual(["b", "i", "x"]);
    expect((await result(program)).every(Number.isFinite)).toBe(true);
  });

  test("maps what lies in a file, and computes the same of it to the last bit", async () => {
    const inMemory = storedMatrix(scheme, ofSize());
    const mapped = await overQuantizedBase(native, one(inFile(`${name}.bin`, inMemory)), 0).compile({ y: graph });
    expect([...mapped.inputs].toSorted()).toEqual(["b", "i", "x"]);
    const there = await overQuantizedBase(native, one(inMemory), 0).compile({ y: graph });
    expect(await result(mapped)).toEqual(await result(there));
  });
});

test("small matrices that are multiplied by their codes are held laid out, and give the same to the last bit", async () => {
  const inMemory = storedMatrix(int8, ofSize());
  const fed = await overQuantizedBase(native, one(inMemory), 0).compile({ y: graph });
  const held = await overQuantizedBase(native, one(inMemory)).compile({ y: graph });
  expect([...held.inputs].toSorted()).toEqual(["b", "i", "x"]);
  expect(await result(held)).toEqual(await result(fed));
  await expect(overQuantizedBase(native, one(inFile("held.bin", inMemory))).compile({ y: graph })).rejects.toThrow(
    "read",
  );
});

test("where few rows are read, matrices are put together for their products, whatever the scheme", async () => {
  for (const scheme of [int8, int8Twice, int4]) {
    const matrix = storedMatrix(scheme, ofSize());
    const program = await overQuantizedBase(native, one(matrix)).compile({ y: graph }, { fewRows: true });
    expect([...program.inputs].toSorted()).toEqual(["b", "i", "x"]);
    const floats = await native.compile({ y: graph });
    const { y: expected } = await floats.run({ ...feeds, W: decoded(matrix) });
    expect(worstDifference(await result(program), expected!.data as Float32Array)).toBeLessThan(2e-6);
    await floats.dispose();
  }
});

test("weights that are stored and nothing else: what is computed is of the matrix that is stored", async () => {
  for (const scheme of [int8WeightsOnly, int4]) {
    const matrix = storedMatrix(scheme, ofSize());
    const program = await overQuantizedBase(native, one(matrix)).compile({ y: gather(weight, index) });
    const { data } = decoded(matrix);
    const expected = [4, 0, 2].flatMap((row) => [...data.subarray(row * width, (row + 1) * width)]);
    expect([...(await result(program))]).toEqual(expected);
  }
});

test("nothing stored: the runtime itself", () => {
  expect(overQuantizedBase(native, new Map())).toBe(native);
});

test("describes itself as the runtime that it is over", () => {
  const runtime = overQuantizedBase(native, one(storedMatrix(int8, ofSize())));
  expect(runtime.description).toBe(native.description);
  expect(runtime.residentBytes()).toBeGreaterThan(0);
});
