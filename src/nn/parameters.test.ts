import { describe, expect, test } from "vitest";
import * as graph from "../graph/ops.ts";
import { print } from "../graph/print.ts";
import { random } from "../tensor/random.ts";
import { embedding, embeddingTable } from "./embedding.ts";
import { initialize } from "./initialize.ts";
import { INITIALIZER_RANGE, linear } from "./linear.ts";
import { layerNorm } from "./norm.ts";
import { declareParameters, inputTable, type Scope, scopeOf } from "./parameters.ts";

const ids = graph.input("ids", ["batch", "sequence"], "int64");

/** A table, one block, and a head that reads the table backwards. */
function forward(scope: Scope) {
  const words = scope.in("model").in("words");
  const block = scope.in("model").in("layer").in("0", { block: 0 });
  const hidden = layerNorm(block.in("norm"), linear(block.in("dense"), embedding(words, ids, 9, 4), 4), 1e-5);
  const head = scope.in("head", { head: true });
  return graph.linear(hidden, embeddingTable(words, 9, 4), head.parameter("bias", [9], "bias", "zeros"));
}
const specs = declareParameters(forward);

describe("declaring", () => {
  test("lists each parameter once, tied ones too, in the order in which they are asked for", () => {
    const normal = { normal: INITIALIZER_RANGE };
    const place = { block: null, head: false };
    expect(specs).toEqual([
      { name: "model.words.weight", shape: [9, 4], role: "embedding", initializer: normal, ...place },
      { name: "model.layer.0.dense.weight", shape: [4, 4], role: "linear", initializer: normal, ...place, block: 0 },
      { name: "model.layer.0.dense.bias", shape: [4], role: "bias", initializer: "zeros", ...place, block: 0 },
      { name: "model.layer.0.norm.weight", shape: [4], role: "norm", initializer: "ones", ...place, block: 0 },
      { name: "model.layer.0.norm.bias", shape: [4], role: "bias", initializer: "zeros", ...place, block: 0 },
      { name: "head.bias", shape: [9], role: "bias", initializer: "zeros", block: null, head: true },
    ]);
  });

  test("a part inherits where it stands and may say otherwise", () => {
    const [spec] = declareParameters((scope) =>
      scope.in("a", { block: 3, head: true }).in("b").in("c", { head: false }).parameter("d", [1], "norm", "ones"),
    );
    expect([spec!.name, spec!.block, spec!.head]).toEqual(["a.b.c.d", 3, false]);
  });
});

describe("a table of values", () => {
  test("is read under the same names, the tied parameter as one input", () => {
    expect(print([forward(scopeOf(inputTable(specs)))])).toMatchInlineSnapshot(`
      "%0 = gather(model.words.weight, ids): float32[batch, sequence, 4]
      %1 = linear(%0, model.layer.0.dense.weight, model.layer.0.dense.bias): float32[batch, sequence, 4]
      %2 = layerNorm(%1, model.layer.0.norm.weight, model.layer.0.norm.bias, epsilon=0.00001): float32[batch, sequence, 4]
      %3 = linear(%2, model.words.weight, head.bias): float32[batch, sequence, 9]
      return %3"
    `);
  });

  test("may hold what a method made of a parameter", () => {
    const table = inputTable(specs);
    table.set("head.bias", graph.neg(table.get("head.bias")!));
    expect(print([forward(scopeOf(table))])).toContain("neg(head.bias)");
  });

  test.each([
    [
      "a name that is missing",
      (table: ReturnType<typeof inputTable>) => table.delete("model.layer.0.norm.bias"),
      "parameters: no value named model.layer.0.norm.bias",
    ],
    [
      "a value of another shape",
      (table: ReturnType<typeof inputTable>) => table.set("head.bias", graph.input("b", [8])),
      "parameters: head.bias is [8], the model expects [9]",
    ],
  ])("%s is an error in one line", (_, spoil, message) => {
    const table = inputTable(specs);
    spoil(table);
    expect(() => forward(scopeOf(table))).toThrow(new Error(message));
  });
});

describe("what no checkpoint gives begins", () => {
  const spec = { name: "x", role: "linear", block: null, head: true } as const;

  test("with zeros or ones", () => {
    const make = (initializer: "zeros" | "ones") => initialize({ ...spec, shape: [2, 3], initializer }, random(0));
    expect(make("zeros")).toEqual({ dtype: "float32", shape: [2, 3], data: new Float32Array(6) });
    expect(make("ones").data).toEqual(new Float32Array(6).fill(1));
  });

  test("normally distributed, by the stream alone", () => {
    const shape = [100, 50];
    const make = (seed: number) =>
      initialize({ ...spec, shape, initializer: { normal: 0.02 } }, random(seed, "head")).data;
    const data = make(1);
    const variance = data.reduce((sum, x) => sum + x * x, 0) / data.length;
    expect(Math.sqrt(variance) / 0.02).toBeCloseTo(1, 1);
    expect(new Set(data).size).toBeGreaterThan(4900);
    expect(data).not.toContain(0);
    expect(make(1)).toEqual(data);
    expect(make(2)).not.toEqual(data);
  });
});
