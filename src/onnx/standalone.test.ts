/** Models that hold their weights: what is in the file, that it is ONNX's own, and what it computes, in floats and in integers. */
import { describe, expect, test } from "vitest";
import { draw, tensorsOf, worstDifference } from "../../test/draw.ts";
import { batchFeeds, readTensors } from "../../test/fixtures.ts";
import { type ReadModel, readModel } from "../../test/onnx-reader.ts";
import { runOnnx } from "../../test/onnx-session.ts";
import { tinyModel } from "../../test/tiny-training.ts";
import * as g from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import { interpret } from "../interpret/interpret.ts";
import { tensor } from "../tensor/tensor.ts";
import { forwardPass } from "../train/step.ts";
import type { Quantization } from "./lower/quantized.ts";
import { standaloneModel } from "./model.ts";
import { concat } from "./proto.ts";

const namesOf = (values: readonly { readonly name: string }[]) => values.map(({ name }) => name);
const countOf = ({ nodes }: ReadModel, op: string) => nodes.filter((node) => node.op === op).length;
const weightBytes = ({ initializers }: ReadModel) => initializers.reduce((sum, { data }) => sum + data.length, 0);

describe("weights", () => {
  const [x, w, b] = [g.input("x", ["batch", 2]), g.input("w", [3, 2]), g.input("b", [3])];
  const weights = {
    w: tensor("float32", [3, 2], Float32Array.of(1, 2, 3, 4, 5, 6)),
    unread: tensor("float32", [1], Float32Array.of(7)),
  };

  test("are constants, all other inputs stay inputs, and what is not read is left out", () => {
    const model = readModel(concat(standaloneModel({ y: g.linear(x, w, b) }, weights)));
    expect(namesOf(model.inputs)).toEqual(["x", "b"]);
    expect(namesOf(model.initializers)).toEqual(["w"]);
    expect(model.initializers[0]).toMatchObject({ type: 1, shape: [3, 2] });
    expect(new Float32Array(model.initializers[0]!.data.slice().buffer)).toEqual(weights.w.data);
  });

  test("are handed on without a copy", () => {
    const pieces = standaloneModel({ y: g.linear(x, w, b) }, weights);
    expect(pieces.filter(({ buffer }) => buffer === weights.w.data.buffer)).toHaveLength(1);
  });

  test("may be of any type, and views of a larger memory", async () => {
    const memory = BigInt64Array.of(9n, 2n, 0n, 9n);
    const index = { index: tensor("int64", [2], memory.subarray(1, 3)) };
    const model = concat(standaloneModel({ y: g.gather(w, g.input("index", [2], "int64")) }, { ...weights, ...index }));
    expect((await runOnnx(model, {}))["y"]).toEqual(Float32Array.of(5, 6, 1, 2));
  });
});

describe("the operators", () => {
  const drawn = draw(3);
  const [x, a, b] = [
    [2, 3, 4],
    [2, 4, 3],
    [2, 3, 4],
  ].map((shape) => drawn.normal(shape)) as [Value, Value, Value];
  const angles = () => g.mul(g.cast(drawn.index([2, 3, 4], 7), "float32"), 0.3);
  const heads = drawn.normal([2, 5, 3, 12]);
  const outputs = {
    rmsNorm: g.rmsNorm(x, drawn.normal([4]), 1e-5),
    rotateHalves: g.rotate(heads, angles(), angles()),
    rotateNeighbours: g.rotate(heads, angles(), angles(), true),
    rotateAll: g.rotate(drawn.normal([2, 5, 3, 8]), angles(), angles()),
    gelu: g.gelu(x),
    silu: g.silu(x),
    transposedLeft: g.matmul(a, a, { transposeA: true }),
    transposedRight: g.matmul(x, b, { transposeB: true }),
    transposedBoth: g.matmul(x, a, { transposeA: true, transposeB: true }),
  };

  test("are ONNX's own, and compute the same", async () => {
    const model = concat(standaloneModel(outputs, {}));
    const { opsets, nodes } = readModel(model);
    expect(opsets).toEqual({ "": 21 });
    expect(nodes.map(({ op }) => op)).not.toContain("SimplifiedLayerNormalization");
    const results = await runOnnx(model, tensorsOf(drawn));
    interpret(Object.values(outputs), drawn.feeds).forEach(({ data }, i) => {
      const name = Object.keys(outputs)[i]!;
      expect(worstDifference(results[name]!, data), name).toBeLessThan(2e-6);
    });
  });

  test("stand in the order the standard asks for: each after what it reads", async () => {
    const adapted = await tinyModel("bert-classification");
    const { nodes, inputs, initializers } = readModel(concat(standaloneModel(forwardPass(adapted), adapted.feeds)));
    const known = new Set(namesOf([...inputs, ...initializers]));
    for (const node of nodes) {
      for (const input of node.inputs) expect(known, `${node.op} reads ${input}`).toContain(input);
      for (const output of node.outputs) known.add(output);
    }
  });
});

test("outputs are named by the nodes that compute them; what is read as it is, or has two names, by an Identity", async () => {
  const x = g.input("x", [2]);
  const y = g.exp(x);
  const model = concat(standaloneModel({ y, again: y, z: g.neg(y), x2: x }, {}));
  expect(readModel(model).nodes.map(({ op, outputs: [name] }) => `${op} ${name}`)).toEqual([
    "Exp y",
    "Neg z",
    "Identity again",
    "Identity x2",
  ]);
  const results = await runOnnx(model, { x: tensor("float32", [2], Float32Array.of(0, 1)) });
  expect(results["again"]).toEqual(results["y"]);
  expect(results["x2"]).toEqual(Float32Array.of(0, 1));
  expect(results["z"]![1]).toBeCloseTo(-Math.E, 5);
});

const quantizations: readonly Quantization[] = ["dynamic", "weight-only"];

const families = [
  { name: "bert-classification", labels: 3 },
  { name: "bert-silu", labels: 2 },
  { name: "bert-gelu-new", labels: 5 },
  { name: "roberta-relu", labels: 2 },
];

describe.each(families)("$name", ({ name, labels }) => {
  const expected = readTensors("models", name, "expected.safetensors");
  const feeds = batchFeeds(expected);
  const logits = expected.get("logits")!.data as Float32Array;
  const build = async (quantization?: Quantization) => {
    const adapted = await tinyModel(name, { method: "head", labels });
    const matrices = adapted.specs.filter(({ role, head }) => !head && (role === "linear" || role === "embedding"));
    const quantized = quantization && { names: new Set(namesOf(matrices)), quantization };
    const model = concat(standaloneModel(forwardPass(adapted), adapted.feeds, quantized));
    return { model, matrices, results: await runOnnx(model, feeds) };
  };

  test("gives transformers' logits", async () => {
    const { model, results } = await build();
    expect(readModel(model).opsets).toEqual({ "": 21 });
    expect(worstDifference(results["logits"]!, logits)).toBeLessThan(2e-5);
  });

  test.each(quantizations)(
    "gives them in 8-bit integers to within 0.05, whose weights take half the bytes at most: %s",
    async (quantization) => {
      const [whole, { model, matrices, results }] = [await build(), await build(quantization)];
      const read = readModel(model);
      expect(read.opsets).toEqual({ "": 21 });
      expect(namesOf(read.initializers).filter((name) => matrices.some((matrix) => matrix.name === name))).toEqual([]);
      expect(worstDifference(results["logits"]!, logits)).toBeLessThan(0.05);
      expect(weightBytes(read)).toBeLessThan(0.5 * weightBytes(readModel(whole.model)));
    },
  );
});

const nameOf = (value: Value) => (value as Value<"input">).attrs.name;

describe.each(quantizations)("quantised layers, %s,", (quantization) => {
  const drawn = draw(5);
  const x = drawn.normal([4, 32]);
  const [first, second] = [drawn.normal([16, 32]), drawn.normal([8, 32])];
  const [b1, b2] = [drawn.normal([16]), drawn.normal([8])];
  const outputs = { first: g.linear(x, first, b1), second: g.linear(x, second, b2) };
  const tensors = tensorsOf(drawn);
  const namesAre = (...values: readonly Value[]) => ({ names: new Set(values.map(nameOf)), quantization });
  const quantized = (...values: readonly Value[]) => concat(standaloneModel(outputs, tensors, namesAre(...values)));

  test("are those that are named, and no others", () => {
    const model = readModel(quantized(second));
    const operators = { dynamic: "MatMulInteger", "weight-only": "DequantizeLinear" };
    expect([countOf(model, operators[quantization]), countOf(model, "Gemm")]).toEqual([1, 1]);
    expect(model.initializers.filter(({ data }) => data.length === 8 * 32)).toHaveLength(1);
  });

  test("are close to what they were", async () => {
    const results = await runOnnx(quantized(first, second), tensors);
    interpret(Object.values(outputs), drawn.feeds).forEach(({ data }, i) => {
      const difference = worstDifference(results[Object.keys(outputs)[i]!]!, data);
      expect(difference).toBeLessThan(0.02);
      expect(difference).toBeGreaterThan(1e-5);
    });
  });

  test("make of a token what they make of it alone, however large the others are and however many axes there are", async () => {
    const tokens = g.input("tokens", ["batch", "sequence", 32]);
    const y = g.matmul(tokens, first, { transposeB: true });
    const model = concat(standaloneModel({ y }, tensors, namesAre(first)));
    const data = Float32Array.from(tensors[nameOf(x)]!.data as Float32Array);
    data.fill(1e4, 32, 64);
    data.fill(0, 64, 96);
    const all = await runOnnx(model, { tokens: tensor("float32", [2, 2, 32], data) });
    for (const token of [0, 1, 2, 3]) {
      const alone = tensor("float32", [1, 1, 32], data.slice(32 * token, 32 * (token + 1)));
      const result = (await runOnnx(model, { tokens: alone }))["y"]!;
      expect(worstDifference(all["y"]!.slice(16 * token, 16 * (token + 1)), result)).toBeLessThan(1e-6);
    }
    expect(all["y"]!.slice(32, 48)).toEqual(new Float32Array(16));
  });

  test("give the scores of a table of embeddings, too", async () => {
    const rows = g.gather(first, g.input("index", ["n"], "int64"));
    const scores = g.matmul(rows, first, { transposeB: true });
    const model = concat(standaloneModel({ scores }, tensors, namesAre(first)));
    const feeds = { index: tensor("int64", [3], BigInt64Array.of(7n, 0n, 7n)) };
    const [expected] = interpret([scores], { ...drawn.feeds, index: { shape: [3], data: Float64Array.of(7, 0, 7) } });
    const difference = worstDifference((await runOnnx(model, feeds))["scores"]!, expected!.data);
    expect(difference).toBeLessThan(0.02);
    expect(difference).toBeGreaterThan(1e-5);
  });
});

describe("what is quantised", () => {
  const drawn = draw(7);
  const [x, table, other] = [drawn.normal([4, 32]), drawn.normal([16, 32]), drawn.normal([16, 32])];

  test("is made integers once of what several layers read", () => {
    const outputs = { a: g.matmul(x, table, { transposeB: true }), b: g.matmul(x, other, { transposeB: true }) };
    const names = new Set([table, other].map(nameOf));
    const model = readModel(concat(standaloneModel(outputs, tensorsOf(drawn), { names, quantization: "dynamic" })));
    expect([countOf(model, "QuantizeLinear"), countOf(model, "MatMulInteger")]).toEqual([1, 2]);
  });

  test("is kept once where a table is looked up in and multiplied with", () => {
    const scores = g.matmul(g.gather(table, g.input("index", ["n"], "int64")), table, { transposeB: true });
    const quantized = { names: new Set([nameOf(table)]), quantization: "weight-only" } as const;
    const { initializers } = readModel(concat(standaloneModel({ scores }, tensorsOf(drawn), quantized)));
    expect(initializers.filter(({ data }) => data.length >= 16 * 32)).toHaveLength(1);
  });

  test("are rows of an embedding, each by its own scale, off by half of that at most", async () => {
    const rows = Float32Array.of(1, -0.3, 1000, 333, 0, 0);
    const y = g.gather(g.input("table", [3, 2]), g.input("index", ["n"], "int64"));
    const weights = { table: tensor("float32", [3, 2], rows) };
    const quantized = { names: new Set(["table"]), quantization: "dynamic" } as const;
    const model = concat(standaloneModel({ y }, weights, quantized));
    const results = await runOnnx(model, { index: tensor("int64", [4], BigInt64Array.of(2n, 1n, 0n, 1n)) });
    const expected = [0, 0, 1000, 333, 1, -0.3, 1000, 333];
    const halfScales = [0, 0, 1000, 1000, 1, 1, 1000, 1000].map((largest) => largest / 254);
    expected.forEach((value, i) =>
      expect(Math.abs(results["y"]![i]! - value)).toBeLessThanOrEqual(halfScales[i]! * 1.001),
    );
  });
});
