/** Integer products are right on every processor: one that overflows is noticed, and given codes without a sign. */
import { expect, test } from "vitest";
import { draw, tensorsOf } from "../../test/draw.ts";
import { readModel } from "../../test/onnx-reader.ts";
import { runOnnx } from "../../test/onnx-session.ts";
import { input, integerMatmul, neg } from "../graph/ops.ts";
import { interpret } from "../interpret/interpret.ts";
import { unsignedLowerings } from "../onnx/lower/index.ts";
import { onnxModel } from "../onnx/model.ts";
import { tensor } from "../tensor/tensor.ts";
import { nativeRuntime } from "./native.ts";
import { createRuntime, type Program } from "./runtime.ts";
import { runtimeGiving } from "./runtime.cases.ts";
import { hasIntegerProducts, productsSaturate } from "./saturation.ts";

const [a, b] = [input("a", ["rows", 4], "uint8"), input("b", [4, 3], "int8")];
const graph = { y: integerMatmul(a, b, 1) };

/** The same codes everywhere. */
const codes = (left: number, right: number) => ({
  a: tensor("uint8", [2, 4], new Uint8Array(8).fill(left)),
  b: tensor("int8", [4, 3], new Int8Array(12).fill(right)),
});

/** A program that gives one number everywhere. */
const giving = (product: number): Program => ({
  inputs: [],
  run: () => Promise.resolve({ y: tensor("float32", [2], Float32Array.of(product, product)) }),
  dispose: () => Promise.resolve(),
});

test("a product of the largest codes that is not what it should be is noticed", async () => {
  expect(await productsSaturate(() => Promise.resolve(giving(64 * 127 * 127)))).toBe(false);
  expect(await productsSaturate(() => Promise.resolve(giving(64 * 127 * 127 - 1)))).toBe(true);
});

test("only graphs with integer products ask", () => {
  expect(hasIntegerProducts([neg(graph.y)])).toBe(true);
  expect(hasIntegerProducts([neg(input("x", [2]))])).toBe(false);
});

test("codes without a sign multiply as the interpreter does, the largest among them", async () => {
  const d = draw(5);
  const outputs = { y: integerMatmul(d.uint8([6, 40]), d.int8([40, 5]), 0.5) };
  const { y } = await runOnnx(onnxModel(outputs, new Map(), unsignedLowerings), tensorsOf(d));
  expect([...y!]).toEqual([...interpret([outputs.y], d.feeds)[0]!.data]);
  const { y: largest } = await runOnnx(onnxModel(graph, new Map(), unsignedLowerings), codes(255, 127));
  expect([...largest!]).toEqual(Array(6).fill(4 * 127 * 127));
});

test("this machine's products of the largest codes are right", async () => {
  const program = await (await nativeRuntime({ threads: 1 })).compile(graph);
  const { y } = await program.run(codes(255, -127));
  await program.dispose();
  expect([...y!.data]).toEqual(Array(6).fill(-4 * 127 * 127));
});

test.each([
  ["overflows", 64 * 32767, 3],
  ["does not", 64 * 127 * 127, 0],
])("a runtime whose processor %s is asked once, and its graphs are written for it", async (_, product, casts) => {
  const { ort, models } = runtimeGiving(product);
  const runtime = createRuntime(ort, "one number", {});
  await runtime.compile({ y: neg(input("x", [2])) });
  await runtime.compile(graph);
  await runtime.compile(graph);
  const castsIn = (model: Uint8Array) => readModel(model).nodes.filter(({ op }) => op === "Cast").length;
  // The first graph asks nothing; then comes the question, and after it both others.
  expect(models.map(castsIn)).toEqual([0, 0, casts, casts]);
});
