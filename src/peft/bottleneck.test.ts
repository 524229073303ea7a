import { describe, expect, test } from "vitest";
import { worstDifference } from "../../test/draw.ts";
import { tinyModel } from "../../test/tiny-training.ts";
import { gelu as gaussian, input, mul } from "../graph/ops.ts";
import { array64, type Array64 } from "../interpret/array.ts";
import { interpret } from "../interpret/interpret.ts";
import { inputTable, type ParameterSpec } from "../nn/parameters.ts";
import type { SublayerSite } from "../nn/sites.ts";
import { random } from "../tensor/random.ts";
import { attachTo } from "./attached.cases.ts";
import type { MethodName, MethodOptions } from "./registry.ts";
import { countOf, robertaBase, robertaLarge } from "./roberta.cases.ts";

describe("counts: 2dm + m + d for each adapter", () => {
  const counts = <M extends MethodName>(method: M, options: Partial<MethodOptions[M]> = {}) =>
    [robertaBase, robertaLarge].map((specs) => countOf(attachTo(specs, method, options)));

  test("Houlsby, two in each block, and every norm", () =>
    expect(counts("houlsby")).toEqual([2_379_264 + 38_400, 6_343_680 + 100_352]));
  test("Pfeiffer, m d/16", () => expect(counts("pfeiffer")).toEqual([894_528, 3_171_840]));
  test("parallel, m 512", () =>
    expect(counts("parallel_adapter", { bottleneck_size: 512 })).toEqual([9_452_544, 25_202_688]));
  test("parallel, m d/2", () =>
    expect(counts("parallel_adapter")[0]).toBe(
      countOf(attachTo(robertaBase, "parallel_adapter", { bottleneck_size: 384 })),
    ));
  test("parallel with learned scales, one for each", () =>
    expect(counts("parallel_adapter", { bottleneck_size: 512, scaling: "learned" })).toEqual([9_452_556, 25_202_712]));
  test("the upper half of the blocks", () =>
    expect(counts("pfeiffer", { layers_to_transform: [6, 7, 8, 9, 10, 11] })[0]).toBe(894_528 / 2));
  test("the head comes on top, whole", () => {
    for (const method of ["houlsby", "pfeiffer", "parallel_adapter"] as const)
      expect(countOf(attachTo(robertaBase, method), true)).toBe(592_130);
  });
});

test("adapters are named after the sublayer they belong to", () => {
  const added = attachTo(robertaBase, "houlsby").added.slice(0, 8);
  const names = ["attention.output", "output"].flatMap((sublayer) =>
    ["adapter_down.weight", "adapter_down.bias", "adapter_up.weight", "adapter_up.bias"].map(
      (part) => `roberta.encoder.layer.0.${sublayer}.${part}`,
    ),
  );
  expect(added.map(({ name }) => name)).toEqual(names);
  expect(added.slice(0, 4).map(({ shape }) => shape)).toEqual([[64, 768], [64], [768, 64], [768]]);
});

test("targets are the ends of sublayers, of both or of feed-forward networks", () => {
  const targets = (method: MethodName, options = {}) =>
    attachTo(robertaBase, method, options)
      .targets.slice(0, 2)
      .map((name) => name.replace("roberta.encoder.layer.", ""));
  expect(targets("houlsby")).toEqual(["0.attention.output.dense", "0.output.dense"]);
  expect(targets("pfeiffer")).toEqual(["0.output.dense", "1.output.dense"]);
  expect(targets("parallel_adapter", { target_modules: ["attention.output.dense"] })).toEqual([
    "0.attention.output.dense",
    "1.attention.output.dense",
  ]);
});

describe("refuses in one line", () => {
  test.each<[MethodName, object, string]>([
    [
      "houlsby",
      { target_modules: ["query"] },
      "target_modules: roberta.encoder.layer.0.attention.self.query is inside a sublayer, expected modules that end one, as adapters do",
    ],
    ["pfeiffer", { reduction_factor: 800 }, "reduction_factor: 800 is above the width of the model, 768"],
    ["parallel_adapter", { scaling: "lerned" }, 'scaling: "lerned", expected a number above 0, or learned'],
    ["parallel_adapter", { scaling: 0 }, "scaling: 0, expected number to be >0"],
  ])("%s %j", (method, options, message) =>
    expect(() => attachTo(robertaBase, method, options)).toThrow(new Error(message)),
  );
});

const width = 16;
const draw = random(5, "adapters");
const numbers = (shape: readonly number[]): Array64 =>
  array64(
    shape,
    Float64Array.from({ length: shape.reduce((a, b) => a * b) }, () => draw.normal()),
  );

/** What a block adds to its residual stream for one token, and what it is made of. */
function sublayer(method: MethodName, options: object, specs: readonly ParameterSpec[], hasNorm = true) {
  const { added, sites } = attachTo(specs, method, options);
  const table = inputTable(added);
  const named = (name: string) => input(name, [1, 1, width]);
  const module = "bert.encoder.layer.1.output.dense";
  const site: SublayerSite = {
    module,
    kind: "feed-forward",
    input: named("x"),
    output: named("h"),
    residual: named("r"),
    // Any function of the sum shows whether it is applied.
    norm: hasNorm ? (sum) => mul(sum, 0.5) : null,
  };
  const values = Object.fromEntries(added.map(({ name, shape }) => [name, numbers(shape)]));
  const streams = { x: numbers([1, 1, width]), h: numbers([1, 1, width]), r: numbers([1, 1, width]) };
  const output = sites!(table, { training: false }).sublayer!(site);
  const [result] = interpret([output], { ...values, ...streams });
  const own = (part: string) => values[`bert.encoder.layer.1.output.${part}`]!.data;
  const { x, h, r } = streams;
  return { result: [...result!.data], own, x: [...x.data], h: [...h.data], r: [...r.data] };
}

/** W_up·σ(W_down·x + b_down) + b_up, one number at a time. */
function adapter(
  own: (part: string) => Float64Array,
  x: readonly number[],
  activation: (x: number) => number,
): number[] {
  const layer = (name: string, from: readonly number[]) => {
    const weight = own(`${name}.weight`);
    return [...own(`${name}.bias`)].map((b, i) =>
      from.reduce((sum, xj, j) => sum + weight[i * from.length + j]! * xj, b),
    );
  };
  return layer("adapter_up", layer("adapter_down", x).map(activation));
}
const relu = (x: number) => Math.max(0, x);
const gelu = (x: number) => interpret([gaussian(input("x", [1]))], { x: array64([1], [x]) })[0]!.data[0]!;
const plus = (...terms: readonly number[][]) => terms[0]!.map((_, i) => terms.reduce((sum, term) => sum + term[i]!, 0));
const times = (factor: number, x: readonly number[]) => x.map((n) => factor * n);

describe("what a sublayer adds to the residual stream", async () => {
  const { specs } = await tinyModel("bert-classification", { method: "head" });

  test("Houlsby: h + A(h)", () => {
    const { result, own, h } = sublayer("houlsby", {}, specs);
    expect(worstDifference(result, plus(h, adapter(own, h, gelu)))).toBeLessThan(1e-12);
  });
  test("Pfeiffer: h + A(LN(x + h))", () => {
    const { result, own, h, r } = sublayer("pfeiffer", { reduction_factor: 2 }, specs);
    const read = times(0.5, plus(h, r));
    expect(worstDifference(result, plus(h, adapter(own, read, relu)))).toBeLessThan(1e-12);
  });
  test("Pfeiffer in a block whose norms come first: h + A(h)", () => {
    const { result, own, h } = sublayer("pfeiffer", { reduction_factor: 2 }, specs, false);
    expect(worstDifference(result, plus(h, adapter(own, h, relu)))).toBeLessThan(1e-12);
  });
  test.each([1, 4])("parallel: h + %d·A(x)", (scaling) => {
    const { result, own, x, h } = sublayer("parallel_adapter", { scaling }, specs);
    expect(worstDifference(result, plus(h, times(scaling, adapter(own, x, relu))))).toBeLessThan(1e-12);
  });
  test("parallel with a learned scale", () => {
    const { result, own, x, h } = sublayer("parallel_adapter", { scaling: "learned" }, specs);
    const [scale] = own("adapter_scaling");
    expect(worstDifference(result, plus(h, times(scale!, adapter(own, x, relu))))).toBeLessThan(1e-12);
  });
});

describe("adapters begin", () => {
  const begun = async (method: MethodName, options = {}) => {
    const { weights } = await tinyModel("bert-classification", { method, options });
    return (part: string) => weights[`bert.encoder.layer.0.output.${part}`]!.data;
  };
  const largest = (data: Float32Array) => data.reduce((most, x) => Math.max(most, Math.abs(x)), 0);
  const deviation = (data: Float32Array) => Math.sqrt(data.reduce((sum, x) => sum + x * x, 0) / data.length);

  test("with zero biases", async () => {
    for (const method of ["houlsby", "pfeiffer", "parallel_adapter"] as const) {
      const of = await begun(method);
      expect([largest(of("adapter_down.bias")), largest(of("adapter_up.bias"))]).toEqual([0, 0]);
    }
  });
  test("Houlsby's near zero", async () => {
    const of = await begun("houlsby");
    for (const part of ["adapter_down.weight", "adapter_up.weight"]) {
      expect(largest(of(part))).toBeLessThanOrEqual(Math.fround(2e-3));
      expect(Math.abs(deviation(of(part)) / 0.88e-3 - 1)).toBeLessThan(0.1);
    }
  });
  test("Pfeiffer's as BERT begins", async () => {
    const of = await begun("pfeiffer", { reduction_factor: 1 });
    for (const part of ["adapter_down.weight", "adapter_up.weight"])
      expect(Math.abs(deviation(of(part)) / 0.02 - 1)).toBeLessThan(0.15);
  });
  test("parallel ones at the model's own function, with a scale of 1", async () => {
    const of = await begun("parallel_adapter", { scaling: "learned" });
    expect(largest(of("adapter_down.weight"))).toBeLessThanOrEqual(1 / 4);
    expect(largest(of("adapter_down.weight"))).toBeGreaterThan(0.2);
    expect([largest(of("adapter_up.weight")), ...of("adapter_scaling")]).toEqual([0, 1]);
  });
});
