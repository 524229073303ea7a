/** What a graph over stored matrices reads of them, and how. */
import { describe, expect, test } from "vitest";
import { all64 } from "../../test/as64.ts";
import { worstDifference } from "../../test/draw.ts";
import { storedAs, storedBy, type Storing, tinyStored, wideAttachment } from "../../test/tiny-stored.ts";
import { add, gather, input, linear, matmul, mul, replace, sum, take, transpose } from "../graph/ops.ts";
import { print } from "../graph/print.ts";
import { isOp, type Value } from "../graph/value.ts";
import { topological } from "../graph/walk.ts";
import { array64 } from "../interpret/array.ts";
import { interpret } from "../interpret/interpret.ts";
import type { ParameterSpec } from "../nn/parameters.ts";
import { random } from "../tensor/random.ts";
import { sizeOf } from "../tensor/shape.ts";
import type { AdaptedModel } from "../train/adapt.ts";
import { labelObjectives } from "../train/objectives/labels.ts";
import { trainingStep } from "../train/step.ts";
import { int4 } from "./int4.ts";
import { int8, int8Twice, int8WeightsOnly } from "./int8.ts";
import { decoded, overStored, partName, type StoredMatrices, storedMatrix } from "./over-stored.ts";
import type { Scheme } from "./scheme.ts";
import { normalMatrix, valueOf } from "./schemes.cases.ts";

const operandsOf = (value: Value) => value.operands as readonly Value[];

/** The values that read one, through what is only put after something else. */
function readersOf(order: readonly Value[], value: Value): Value[] {
  const readers = order.filter(
    (reader) => operandsOf(reader)[0] === value || operandsOf(reader).slice(1).includes(value),
  );
  return readers.flatMap((reader) => (isOp(reader, "after") ? readersOf(order, reader) : [reader]));
}

describe("a graph over a matrix", () => {
  const { normal } = random(0, "graphs");
  const [rows, width] = [6, 64];
  const matrix = normalMatrix(rows, width, 1);
  const weight = input("W", [rows, width]);
  const drawn = (...shape: number[]) => array64(shape, Float64Array.from({ length: sizeOf(shape) }, normal));
  const feeds = {
    x: drawn(2, 3, width),
    y: drawn(2, 3, rows),
    b: drawn(rows),
    R: drawn(2, width),
    C: drawn(rows, 2),
    i: array64([2, 2], [5, 0, 0, 3]),
  };
  const [x, y, b, R, C] = (["x", "y", "b", "R", "C"] as const).map((name) => input(name, feeds[name].shape)) as [
    Value,
    Value,
    Value,
    Value,
    Value,
  ];
  const index = input("i", [2, 2], "int64");
  const graphs: Readonly<Record<string, Value>> = {
    "the matrix itself": weight,
    linear: linear(x, weight, b),
    x·Wᵀ: matmul(x, weight, { transposeB: true }),
    y·W: matmul(y, weight),
    "on the left": matmul(weight, R, { transposeB: true }),
    "transposed by itself": matmul(x, transpose(weight, [1, 0])),
    "looked up": gather(weight, index),
    "some rows": take(weight, 0, [4, 1]),
    "some rows, from the back": take(weight, -2, [4, 1]),
    "some columns": take(weight, 1, [4, 63]),
    "something of all": sum(mul(weight, weight), [1]),
    "several at once": add(
      linear(gather(weight, index), weight, b),
      matmul(gather(mul(weight, 0.5), index), weight, { transposeB: true }),
    ),
    "rows that replace": linear(x, replace(weight, R, 0, [3, 1]), b),
    "columns that replace": matmul(y, replace(weight, C, 1, [63, 0])),
    "rows and columns that replace": linear(x, replace(replace(weight, R, 0, [3, 1]), C, -1, [63, 0]), b),
    "replaced within": linear(x, replace(weight, take(C, 0, [0, 1]), 1, [63, 0], [2, 5]), b),
    "looked up where some are replaced": gather(replace(weight, R, 0, [3, 1]), index),
  };

  test.each(Object.entries(graphs))("is one over its parts: %s", (_, graph) => {
    for (const scheme of [int8WeightsOnly, int4]) {
      const stored: StoredMatrices = new Map([["W", storedMatrix(scheme, matrix)]]);
      const { graph: over } = overStored({ graph }, stored);
      expect([over!.type, over!.shape]).toEqual([graph.type, graph.shape]);
      const inputs = topological([over!]).flatMap((each) => (isOp(each, "input") ? [each.attrs.name] : []));
      expect(inputs).not.toContain("W");
      const parts = scheme.encode(matrix);
      const fed = Object.fromEntries(Object.entries(parts).map(([name, part]) => [partName("W", name), part]));
      const [actual] = interpret([over!], { ...feeds, ...all64(fed) });
      const [expected] = interpret([graph], { ...feeds, W: valueOf(scheme, parts) });
      expect(worstDifference(actual!.data, expected!.data)).toBeLessThan(1e-12);
    }
  });

  test("puts it together anew for each product, so that it does not live from one to the next", () => {
    const twice = matmul(linear(x, weight, b), weight);
    for (const [scheme, op] of [
      [int4, "dequantize"],
      [int8WeightsOnly, "cast"],
    ] as const) {
      const over = overStored({ twice }, new Map([["W", storedMatrix(scheme, matrix)]]));
      expect(topological(Object.values(over)).filter((value) => isOp(value, op))).toHaveLength(2);
    }
  });

  test("of which nothing is stored is as it was", () => {
    const outputs = { a: linear(x, weight, b), b: gather(weight, index) };
    const over = overStored(outputs, new Map([["V", storedMatrix(int8, matrix)]]));
    expect(print(Object.values(over))).toBe(print(Object.values(outputs)));
    expect(Object.keys(over)).toEqual(["a", "b"]);
  });

  test("of 8 bits has products of integers both ways", () => {
    const stored = new Map([["W", storedMatrix(int8, matrix)]]);
    const printed = (graph: Value) => print(Object.values(overStored({ graph }, stored)));
    expect(printed(graphs["linear"]!)).toMatchInlineSnapshot(`
      "%0 = codeScale(x, reach=127): float32[2, 3, 1]
      %1 = encode(x, %0, zero=128): uint8[2, 3, 64]
      %2 = transpose(W.codes, perm=[1 0]): int8[64, 6]
      %3 = integerMatmul(%1, %2, W.scales, zero=128): float32[2, 3, 6]
      %4 = mul(%3, %0): float32[2, 3, 6]
      %5 = add(%4, b): float32[2, 3, 6]
      return %5"
    `);
    expect(printed(graphs["y·W"]!)).toMatchInlineSnapshot(`
      "%0 = mul(y, W.scales): float32[2, 3, 6]
      %1 = codeScale(%0, reach=63): float32[2, 3, 1]
      %2 = encode(%0, %1, zero=64): uint8[2, 3, 6]
      %3 = integerMatmul(%2, W.codes, 1, zero=64): float32[2, 3, 64]
      %4 = mul(%3, %1): float32[2, 3, 64]
      return %4"
    `);
    expect(printed(graphs["looked up"]!)).toMatchInlineSnapshot(`
      "%0 = gather(W.codes, i): int8[2, 2, 64]
      %1 = cast(%0, to=float32): float32[2, 2, 64]
      %2 = gather(W.scales, i): float32[2, 2]
      %3 = unsqueeze(%2, axis=-1): float32[2, 2, 1]
      %4 = mul(%1, %3): float32[2, 2, 64]
      return %4"
    `);
    expect(printed(graphs["rows and columns that replace"]!)).toMatchInlineSnapshot(`
      "%0 = vector(values=[0 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 1 0]): float32[64]
      %1 = mul(x, %0): float32[2, 3, 64]
      %2 = codeScale(%1, reach=127): float32[2, 3, 1]
      %3 = encode(%1, %2, zero=128): uint8[2, 3, 64]
      %4 = transpose(W.codes, perm=[1 0]): int8[64, 6]
      %5 = integerMatmul(%3, %4, W.scales, zero=128): float32[2, 3, 6]
      %6 = mul(%5, %2): float32[2, 3, 6]
      %7 = add(%6, b): float32[2, 3, 6]
      %8 = take(b, axis=0, indices=[3 1]): float32[2]
      %9 = linear(%1, R, %8): float32[2, 3, 2]
      %10 = replace(%7, %9, axis=-1, indices=[3 1], within=null): float32[2, 3, 6]
      %11 = take(x, axis=-1, indices=[63 0]): float32[2, 3, 2]
      %12 = matmul(%11, C, transposeB=true): float32[2, 3, 6]
      %13 = add(%10, %12): float32[2, 3, 6]
      return %13"
    `);
  });

  test.each<[string, Scheme]>(Object.entries({ int8, int8Twice, int8WeightsOnly, int4 }))(
    "%s: a stored matrix is known by its parts, and is what they decode to",
    (_, scheme) => {
      const stored = storedMatrix(scheme, matrix);
      const parts = scheme.encode(matrix);
      const known = ({ dtype, shape }: { readonly dtype: string; readonly shape: readonly number[] }) => ({
        dtype,
        shape,
      });
      expect(Object.fromEntries(Object.entries(stored.parts).map(([name, part]) => [name, known(part)]))).toEqual(
        scheme.parts([rows, width]),
      );
      expect(Object.fromEntries(Object.entries(stored.parts).map(([name, part]) => [name, part.read()]))).toEqual(
        parts,
      );
      expect(decoded(stored)).toEqual(scheme.decode(parts));
    },
  );
});

/** A training step over a base in few bits. */
function stepOf(model: string, options: Readonly<Record<string, unknown>>, storing: Storing) {
  // As wide as here, query, key and value are too wide to be joined.
  const attached = wideAttachment(model, { options, config: { num_key_value_heads: 4 } });
  const { adapted } = tinyStored(attached, storing);
  const graph = overStored(trainingStep(adapted, labelObjectives.classification), adapted.stored);
  return { adapted, outputs: new Set(Object.values(graph)), order: topological(Object.values(graph)) };
}

/** What is made of a shape that a stored matrix has, in either direction: the matrix put together, or its gradient. */
function matricesIn({ order, adapted: { stored, specs }, outputs }: Step): Value[] {
  const shapes = specs.filter(({ name }) => stored.has(name)).map(({ shape }) => shape);
  const known = new Set(shapes.flatMap(([out, inner]) => [`${out},${inner}`, `${inner},${out}`]));
  // What is trained whole, the head, may have such a shape, too, and so has its gradient.
  const isMade = (value: Value) => !isOp(value, "input") && !outputs.has(value);
  return order.filter((value) => value.type === "float32" && known.has(value.shape.join()) && isMade(value));
}
type Step = ReturnType<typeof stepOf>;

const storedSpecs = ({ specs, stored }: AdaptedModel, role: ParameterSpec["role"]) =>
  specs.filter((spec) => stored.has(spec.name) && spec.role === role).map(({ name }) => name);

/**
 * What reads the codes of a stored matrix: rows that are looked up, a product as they lie, alone or with others' (backward), or turned
 * (forward), or floats.
 */
function usesOf(order: readonly Value[], parameter: string): string[] {
  const codes = order.find((value) => isOp(value, "input") && value.attrs.name === partName(parameter, "codes"));
  if (!codes) return [];
  const use = (reader: Value): string => {
    if (isOp(reader, "gather") || isOp(reader, "take")) return "rows";
    if (isOp(reader, "integerMatmul")) return "backward";
    const readers = readersOf(order, reader);
    if (isOp(reader, "concat")) return [...new Set(readers.map(use))].join();
    return isOp(reader, "transpose") && readers.every((each) => isOp(each, "integerMatmul")) ? "forward" : reader.op;
  };
  return [...new Set(readersOf(order, codes).map(use))].toSorted();
}

/** Whether nothing is trained below a linear layer of BERT or LLaMA, so that no gradient goes through it. */
const isLowest = (name: string) =>
  /\blayers?\.0\.(attention\.self|self_attn)\.(query|key|value|[qkv]_proj)\b/.test(name);

describe.each([{ update: "row" }, { update: "column" }, { update: "both" }])("$update", ({ update }) => {
  const options = { update, rank: 3, select: "uniform" };

  test.each([
    ["an encoder in 8 bits multiplies integers both ways", "bert-classification", 12, ["gather"]],
    ["a decoder in 8 bits multiplies integers twice both ways", "llama-classification", 14, ["gather", "encode"]],
  ])("%s, and makes no matrix", (_what, kind, count, floats) => {
    const step = stepOf(kind, options, storedAs("int8"));
    const { adapted, order } = step;
    const linears = storedSpecs(adapted, "linear");
    expect(linears).toHaveLength(count);
    for (const name of linears)
      expect(usesOf(order, name), name).toEqual(isLowest(name) ? ["forward"] : ["backward", "forward"]);
    expect(matricesIn(step).map((value) => print([value]))).toEqual([]);
    const read = order.flatMap((value) => (isOp(value, "cast") || isOp(value, "dequantize") ? [value] : []));
    const ofCodes = read
      .map(({ operands: [codes] }) => codes)
      .filter(({ type }) => type === "int8" || type === "uint8");
    expect(new Set(ofCodes.map(({ op }) => op))).toEqual(new Set(floats));
  });

  test.each<[string, Storing]>([
    ["int8", storedAs("int8")],
    ["int4", storedAs("int4")],
    ["int8, as floats", storedBy(int8WeightsOnly)],
  ])("what is only looked up is read row by row: %s", (_, storing) => {
    for (const [model, tables] of [
      ["bert-classification", 3],
      ["llama-classification", 1],
    ] as const) {
      const { adapted, order } = stepOf(model, options, storing);
      const embeddings = storedSpecs(adapted, "embedding");
      expect(embeddings).toHaveLength(tables);
      for (const name of embeddings) {
        for (const part of Object.keys(adapted.stored.get(name)!.parts)) {
          const fed = order.find((value) => isOp(value, "input") && value.attrs.name === partName(name, part));
          expect(
            readersOf(order, fed!).map(({ op }) => op),
            `${name}.${part}`,
          ).toEqual(["gather"]);
        }
      }
    }
  });
});
