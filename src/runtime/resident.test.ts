/** Weights that a program holds, so that they are not fed. */
import { expect, test } from "vitest";
import { add, input, linear } from "../graph/ops.ts";
import { tensor } from "../tensor/tensor.ts";
import { nativeRuntime } from "./native.ts";
import { withResident } from "./resident.ts";
import type { Runtime } from "./runtime.ts";

const native = await nativeRuntime({ threads: 1, device: "cpu" });
const x = tensor("float32", [1, 2], Float32Array.of(3, 4));
const weight = tensor("float32", [2, 2], Float32Array.of(1, 2, 10, 20));
const bias = tensor("float32", [2], Float32Array.of(5, 6));
const [row, shift] = [input("x", [1, 2]), input("bias", [2])];
const graph = { y: linear(row, input("weight", [2, 2]), shift), z: add(row, shift) };

test("where memory is one, a program is fed as ever", () => {
  expect(withResident(native, { weight })).toBe(native);
});

test("where a device has its own, a program holds what is resident and is fed the rest", async () => {
  const apart: Runtime = { ...native, hasOwnMemory: true };
  const unread = tensor("float32", [1], Float32Array.of(0));
  const program = await withResident(apart, { weight, unread }).compile(graph);
  expect(program.inputs.toSorted()).toEqual(["bias", "x"]);
  const { y, z } = await program.run({ x, bias, weight });
  expect([...y!.data]).toEqual([3 + 8 + 5, 30 + 80 + 6]);
  expect([...z!.data]).toEqual([8, 10]);
  bias.data[0] = 50;
  expect([...(await program.run({ x, bias })).y!.data]).toEqual([61, 116]);
  await program.dispose();
});
