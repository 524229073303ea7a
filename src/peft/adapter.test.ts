import { describe, expect, test } from "vitest";
import { encodeSafetensors } from "../formats/safetensors.ts";
import { tensor, type Tensor } from "../tensor/tensor.ts";
import type { Selection } from "../tensor/view.ts";
import { adapterLayout, type AdapterTensor, applyAdapter, packAdapter, unpackAdapter } from "./adapter.ts";

const part = (name: string, parameter: string, selection: Selection | null, ...shape: number[]): AdapterTensor => ({
  name,
  parameter,
  selection,
  values: tensor("float32", shape, new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(7)),
});
const rows = part("w.rows", "w", { axis: 0, indices: [2, 0] }, 2, 2);
const columns = part("w.columns", "w", { axis: 1, indices: [1] }, 3, 1);
const bias = part("b", "b", null, 3);
const weights = (): Record<string, Tensor<"float32">> => ({
  w: tensor("float32", [3, 2], Float32Array.of(0, 1, 2, 3, 4, 5)),
  b: tensor("float32", [3], Float32Array.of(0, 1, 2)),
});

test("packs each tensor under its name, indices beside it, and says where it belongs", () => {
  const { tensors, layout } = packAdapter([rows, columns, bias]);
  expect([...tensors.keys()]).toEqual(["w.rows", "w.rows.indices", "w.columns", "w.columns.indices", "b"]);
  expect(tensors.get("w.rows.indices")).toEqual(tensor("int64", [2], BigInt64Array.of(2n, 0n)));
  expect(layout).toEqual({
    "w.rows": { parameter: "w", axis: 0 },
    "w.columns": { parameter: "w", axis: 1 },
    b: { parameter: "b", axis: null },
  });
  expect(adapterLayout.parse(layout)).toEqual(layout);
  expect(unpackAdapter(tensors, layout, "adapter")).toEqual([rows, columns, bias]);
});

test("columns that are cut to some rows keep these beside them", () => {
  const cut = part("w.key.columns", "w", { axis: 1, indices: [1], within: [2, 0] }, 2, 1);
  const { tensors, layout } = packAdapter([cut]);
  expect(layout).toEqual({ "w.key.columns": { parameter: "w", axis: 1, cut: true } });
  expect(adapterLayout.parse(layout)).toEqual(layout);
  expect(unpackAdapter(tensors, layout, "adapter")).toEqual([cut]);
  const target = weights();
  applyAdapter([cut], target, "adapter");
  expect([...target["w"]!.data]).toEqual([0, 7, 2, 3, 4, 7]);
});

test("is written in its order: where parts cross, the later one decides", () => {
  const eight = { ...columns, values: tensor("float32", [3, 1], new Float32Array(3).fill(8)) };
  const into = (adapter: AdapterTensor[]) => {
    const target = weights();
    applyAdapter(adapter, target, "adapter");
    return [...target["w"]!.data];
  };
  expect(into([rows, eight])).toEqual([7, 8, 2, 8, 7, 8]);
  expect(into([eight, rows])).toEqual([7, 7, 2, 8, 7, 7]);
});

describe("refuses in one line, and writes nothing", () => {
  test.each<[string, AdapterTensor, string]>([
    [
      "a parameter that is not there",
      part("c", "c", null, 3),
      "run/adapter: c belongs to c, which the model does not have",
    ],
    ["another shape", part("b", "b", null, 4), "run/adapter: b is [4], its part of b is [3]"],
    [
      "rows of another width",
      part("w.rows", "w", { axis: 0, indices: [0] }, 1, 3),
      "run/adapter: w.rows is [1, 3], its part of w is [1, 2]",
    ],
    [
      "fewer rows than indices",
      part("w.rows", "w", { axis: 0, indices: [0, 1] }, 1, 2),
      "run/adapter: w.rows is [1, 2], its part of w is [2, 2]",
    ],
    [
      "an index above the matrix",
      part("w.rows", "w", { axis: 0, indices: [3] }, 1, 2),
      "run/adapter: w.rows has index 3, w has 3 along axis 0",
    ],
    [
      "an index below 0",
      part("w.columns", "w", { axis: 1, indices: [0, -1] }, 3, 2),
      "run/adapter: w.columns has index -1, w has 2 along axis 1",
    ],
    [
      "a row above the matrix that columns are cut to",
      part("w.columns", "w", { axis: 1, indices: [0], within: [3] }, 1, 1),
      "run/adapter: w.columns has index 3, w has 3 along axis 0",
    ],
  ])("%s", (_, wrong, message) => {
    const target = weights();
    expect(() => applyAdapter([rows, bias, wrong], target, "run/adapter")).toThrow(new Error(message));
    expect(target).toEqual(weights());
  });

  test.each([
    ["w.rows", "adapter.safetensors: no tensor named w.rows (found 2 others)"],
    ["w.rows.indices", "adapter.safetensors: no tensor named w.rows.indices (found 2 others)"],
  ])("a file without %s", (name, message) => {
    const { tensors, layout } = packAdapter([rows, bias]);
    tensors.delete(name);
    expect(() => unpackAdapter(tensors, layout, "adapter.safetensors")).toThrow(new Error(message));
  });

  test.each([{ w: { parameter: "w", axis: 2 } }, { w: { parameter: "w", axis: -1 } }, { w: { axis: 0 } }])(
    "a layout of %j",
    (layout) => expect(adapterLayout.safeParse(layout).success).toBe(false),
  );
});

test.each([
  ["columns of a vector", "b", { axis: 1, indices: [0] }, [1], "run/adapter: b.x is along axis 1, b is [3]"],
  ["a repeated index", "w", { axis: 0, indices: [1, 1] }, [2, 2], "run/adapter: w.x has the index 1 twice"],
])("%s is refused with the file and the tensor", (_, parameter, selection, shape, complaint) => {
  const wrong = part(`${parameter}.x`, parameter, selection, ...shape);
  expect(() => applyAdapter([wrong], weights(), "run/adapter")).toThrow(complaint);
});

test("half-precision values are widened", () => {
  const half = tensor("float16", [1], Uint16Array.of(0x3c00));
  const [one] = unpackAdapter(new Map([["b", half]]), { b: { parameter: "b", axis: null } }, "adapter");
  expect([...one!.values.data]).toEqual([1]);
});

test("the rank 3 rows of RoBERTa-base are a file of about 1 MB", () => {
  const shapes = Array.from({ length: 12 }, (_, layer) =>
    ["query", "key", "value", "attention.output", "intermediate", "output"].map((name) =>
      part(
        `${layer}.${name}.weight.rows`,
        `${layer}.${name}.weight`,
        { axis: 0, indices: [0, 1, 2] },
        3,
        name === "output" ? 3072 : 768,
      ),
    ),
  ).flat();
  const bytes = encodeSafetensors(packAdapter(shapes).tensors).reduce((total, { length }) => total + length, 0);
  expect(shapes.reduce((total, { values }) => total + values.data.length, 0)).toBe(248_832);
  expect(bytes / 1e6).toBeGreaterThan(0.99);
  expect(bytes / 1e6).toBeLessThan(1.02);
});
