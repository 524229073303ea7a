/** Whole models on ONNX Runtime: sizes that vary, the order of nodes, and what kernels give by the way. */
import { describe, expect, test } from "vitest";
import { draw, tensorsOf, worstDifference } from "../../test/draw.ts";
import { type ReadModel, readModel } from "../../test/onnx-reader.ts";
import { tinyData, tinyModel } from "../../test/tiny-training.ts";
import { pullbacks } from "../autodiff/gradients.ts";
import { collate } from "../data/collate.ts";
import * as g from "../graph/ops.ts";
import { simplify } from "../graph/simplify.ts";
import type { Value } from "../graph/value.ts";
import { array64, type Array64 } from "../interpret/array.ts";
import { interpret } from "../interpret/interpret.ts";
import { nativeRuntime } from "../runtime/native.ts";
import type { Tensors } from "../runtime/runtime.ts";
import { tensor } from "../tensor/tensor.ts";
import { trainingStep } from "../train/step.ts";
import { onnxModel } from "./model.ts";
import { labelObjectives } from "../train/objectives/labels.ts";

const runtime = await nativeRuntime({ threads: 1 });

async function run(outputs: Readonly<Record<string, Value>>, feeds: Tensors) {
  const program = await runtime.compile(outputs);
  const results = await program.run(feeds);
  await program.dispose();
  return results;
}

const widened = (feeds: Tensors): Record<string, Array64> =>
  Object.fromEntries(
    Object.entries(feeds).map(([name, { shape, data }]) => [name, array64(shape, Array.from(data, Number))]),
  );
const countOf = ({ nodes }: ReadModel, op: string) => nodes.filter((node) => node.op === op).length;

describe.each(["bert-classification", "roberta-classification"])("one session of a training step of %s", (name) => {
  test("serves every batch and sequence size, as the interpreter has it", async () => {
    const adapted = await tinyModel(name, { options: { update: "both", rank: 2, select: "random" } });
    const outputs = trainingStep(adapted, labelObjectives.classification);
    const program = await runtime.compile(outputs);
    const { encodings, labels } = tinyData(8);
    for (const examples of [[0, 1, 2], [3], [4, 5, 6, 7], [0, 1, 2]]) {
      const batch = collate(
        examples.map((i) => encodings[i]!),
        { padTokenId: 1, labels: examples.map((i) => labels[i]!) },
      );
      const feeds: Tensors = { ...adapted.weights, ...batch };
      const results = await program.run(feeds);
      interpret(Object.values(outputs), widened(feeds)).forEach(({ shape, data }, i) => {
        const key = Object.keys(outputs)[i]!;
        expect(results[key]!.shape, key).toEqual(shape);
        expect(worstDifference(results[key]!.data, data), key).toBeLessThan(5e-6);
      });
    }
    await program.dispose();
  });
});

test("names of sizes reach the file, on inputs and outputs", () => {
  const x = g.input("x", ["batch", 3]);
  const { inputs, outputs } = readModel(onnxModel({ y: g.sum(x, [1]), n: g.iota(x, 0), whole: g.greater(x, 0) }));
  expect(inputs).toEqual([{ name: "x", type: 1, shape: ["batch", 3] }]);
  expect(outputs).toEqual([
    { name: "y", type: 1, shape: ["batch"] },
    { name: "n", type: 7, shape: ["batch"] },
    { name: "whole", type: 9, shape: ["batch", 3] },
  ]);
});

test("sizes are put together once, however often they are needed", () => {
  const x = g.input("x", ["batch", "sequence", 3]);
  const [a, b] = [g.expand(g.input("a", [3]), x), g.expand(g.input("b", [1, 3]), x)];
  const model = readModel(onnxModel({ y: g.add(a, b) }));
  expect([countOf(model, "Expand"), countOf(model, "Concat"), countOf(model, "Shape")]).toEqual([2, 1, 2]);
});

test("a gap along an axis whose size varies is refused in one line", () => {
  const base = g.input("base", ["batch", 2]);
  const replaced = g.replace(base, g.input("slices", [2, 2]), 0, [0, 2]);
  expect(() => onnxModel({ replaced })).toThrow(
    new Error("a selection with gaps along the axis batch, whose size varies, has no lowering"),
  );
});

describe("the order of nodes", () => {
  test("is last to first: whatever a node reads is written after it", async () => {
    const adapted = await tinyModel("bert-classification");
    const { nodes } = readModel(onnxModel(trainingStep(adapted, labelObjectives.classification)));
    const madeAt = new Map(nodes.flatMap(({ outputs }, at) => outputs.map((output) => [output, at] as const)));
    for (const [at, { op, inputs }] of nodes.entries())
      for (const input of inputs) expect(madeAt.get(input) ?? Infinity, `${op} reads ${input}`).toBeGreaterThan(at);
  });

  test("puts the last value of the graph first", () => {
    const x = g.input("x", [2]);
    const { nodes } = readModel(onnxModel({ y: g.neg(g.exp(g.tanh(x))) }));
    expect(nodes.map(({ op }) => op)).toEqual(["Identity", "Neg", "Exp", "Tanh"]);
  });
});

describe("by-products of layer normalisation", () => {
  const drawn = draw(1);
  const [x, scale, shift, dy] = [[2, 3, 5], [5], [5], [2, 3, 5]].map((shape) => drawn.normal(shape)) as [
    Value,
    Value,
    Value,
    Value,
  ];
  const normalised = g.layerNorm(x, scale, shift, 1e-5);
  const check = async (outputs: Readonly<Record<string, Value>>) => {
    const expected = interpret(Object.values(outputs), drawn.feeds);
    const results = await run(outputs, tensorsOf(drawn));
    Object.keys(outputs).forEach((key, i) => {
      expect(results[key]!.shape, key).toEqual(expected[i]!.shape);
      expect(worstDifference(results[key]!.data, expected[i]!.data), key).toBeLessThan(2e-6);
    });
    return readModel(onnxModel(outputs));
  };

  test("the pullback reads mean and inverse deviation off the kernel", async () => {
    const values = simplify([normalised, ...(pullbacks(normalised, dy, [x, scale, shift]) as Value[])]);
    const model = await check(Object.fromEntries(values.map((value, i) => [`y${i}`, value])));
    const [kernel] = model.nodes.filter(({ op }) => op === "LayerNormalization");
    expect(kernel!.outputs).toHaveLength(3);
    expect(countOf(model, "Sqrt")).toBe(0);
    // Means of the gradient; none of x.
    const means = model.nodes.filter(({ op }) => op === "ReduceMean");
    expect(means).toHaveLength(2);
    expect(means.flatMap(({ inputs }) => inputs)).not.toContain("x0");
  });

  test.each<[string, Value, number]>([
    ["the mean", g.mean(x, [2], true), 2],
    ["the inverse deviation alone", g.inverseStd(x, 1e-5), 3],
    ["the inverse deviation under another epsilon", g.inverseStd(x, 1e-2), 1],
    ["a mean without its axis", g.mean(x, [-1]), 1],
    ["a mean over another axis", g.mean(x, [1], true), 1],
    ["a mean over both", g.mean(x, [1, 2], true), 1],
    ["the mean of another value", g.mean(dy, [-1], true), 1],
    ["the inverse deviation of another value", g.inverseStd(dy, 1e-5), 1],
  ])("%s: the kernel has the outputs it needs", async (_, value, outputs) => {
    const { nodes } = await check({ normalised, value });
    expect(nodes.find(({ op }) => op === "LayerNormalization")!.outputs).toHaveLength(outputs);
  });

  test("what comes before the kernel is computed on its own", async () => {
    const model = await check({ mean: g.mean(x, [-1], true), std: g.inverseStd(x, 1e-5), normalised });
    expect([countOf(model, "Sqrt"), countOf(model, "ReduceMean")]).toEqual([1, 3]);
  });
});

describe("constants", () => {
  test("are whole numbers to 2⁵³ and may be negative, not a number or infinite", async () => {
    const n = g.input("n", [2], "int64");
    const outputs = {
      sum: g.add(n, 2 ** 53 - 1),
      product: g.mul(n, -3),
      infinite: g.constant(-Infinity, "float32", [2]),
      nan: g.constant(NaN),
      truth: g.constant(1, "bool", [2]),
    };
    const results = await run(outputs, { n: tensor("int64", [2], BigInt64Array.of(1n, -2n)) });
    expect(results["sum"]!.data).toEqual(BigInt64Array.of(2n ** 53n, 2n ** 53n - 3n));
    expect(results["product"]!.data).toEqual(BigInt64Array.of(-3n, 6n));
    expect(results["infinite"]).toEqual(tensor("float32", [2], Float32Array.of(-Infinity, -Infinity)));
    expect(results["nan"]!.data[0]).toBeNaN();
    expect(results["truth"]!.data).toEqual(Uint8Array.of(1, 1));
  });

  test("are kept once", () => {
    const x = g.input("x", [2]);
    const model = readModel(onnxModel({ y: g.mul(g.add(g.mul(x, 0.5), 0.5), 2), n: g.add(g.iota(x, 0), 2) }));
    expect(model.initializers.map(({ type, shape }) => [type, shape])).toEqual([
      [1, []],
      [1, []],
      [7, [1]],
      [7, []],
      [7, []],
      [7, []],
    ]);
  });
});

describe("outputs", () => {
  const x = g.input("x", ["batch"]);
  const feeds = { x: tensor("float32", [2], Float32Array.of(1, -2)) };

  test("may be inputs, equal, and constant", async () => {
    const negative = g.neg(x);
    const results = await run({ same: x, again: x, negative, twice: negative, five: g.constant(5) }, feeds);
    expect(Object.keys(results).toSorted()).toEqual(["again", "five", "negative", "same", "twice"]);
    for (const name of ["same", "again"]) expect(results[name]!.data).toEqual(feeds.x.data);
    for (const name of ["negative", "twice"]) expect(results[name]!.data).toEqual(Float32Array.of(-1, 2));
    expect(results["five"]).toEqual(tensor("float32", [], Float32Array.of(5)));
  });

  test("of a graph of 5,000 nodes", async () => {
    let y: Value = x;
    for (let i = 0; i < 5000; i++) y = g.add(y, x);
    const results = await run({ y }, feeds);
    expect(results["y"]!.data).toEqual(Float32Array.of(5001, -10002));
  });
});
