/** RoCoFT of modules whose weight is the matrices of query, key and value in one. */
import { expect, test } from "vitest";
import type { ParameterSpec } from "../../nn/parameters.ts";
import { random } from "../../tensor/random.ts";
import { tensor } from "../../tensor/tensor.ts";
import type { Evidence } from "../evidence.ts";
import { methodOptions } from "../registry.ts";
import { rocoft, type RocoftOptions } from "./rocoft.ts";

const weight: ParameterSpec = {
  name: "h.0.attn.c_attn.weight",
  shape: [6, 4],
  role: "linear",
  initializer: "zeros",
  block: 0,
  head: false,
  fused: { query: [0, 3], key: [1, 4], value: [2, 5] },
};
const chosen = (options: Partial<RocoftOptions>, evidence: Evidence | null = null) =>
  rocoft
    .attach([weight], methodOptions(rocoft, { rank: 1, ...options }) as RocoftOptions, random(0), evidence)
    .trained.map(({ name, selection, shape, count }) => [
      name.replace("h.0.attn.c_attn.weight.", ""),
      selection,
      shape,
      count,
    ]);

test("a matrix that is three has rows of each trained", () =>
  expect(chosen({})).toEqual([
    ["query.rows", { axis: 0, indices: [0] }, [1, 4], 4],
    ["key.rows", { axis: 0, indices: [1] }, [1, 4], 4],
    ["value.rows", { axis: 0, indices: [2] }, [1, 4], 4],
  ]));

test("a matrix that is three has columns of one trained as far as they are its", () =>
  expect(chosen({ update: "column", select: "last", target_modules: ["key"] })).toEqual([
    ["key.columns", { axis: 1, indices: [3], within: [1, 4] }, [2, 1], 2],
  ]));

test("a matrix that is three has rows and columns trained, what both have counted once", () =>
  expect(chosen({ update: "both", select: "last", target_modules: ["value"] })).toEqual([
    ["value.rows", { axis: 0, indices: [5] }, [1, 4], 4],
    ["value.columns", { axis: 1, indices: [3], within: [2, 5] }, [2, 1], 1],
  ]));

test("a matrix that is three has entries of each trained", () => {
  const [query] = chosen({ update: "entries", select: "last", rank: 1, target_modules: ["query"] });
  expect(query).toEqual(["query.entries", { entries: Int32Array.of(12, 13, 14, 15) }, [4], 4]);
});

test("a matrix that is three is taken for one by the official code", () =>
  expect(chosen({ official_parameters: true })).toEqual([["rows", { axis: 0, indices: [0] }, [1, 4], 4]]));

test("a matrix that is three has its rows and columns chosen by the importance that they have in it", () => {
  const numbers = Float32Array.from(
    { length: 24 },
    (_, i) => (Math.floor(i / 4) === 3 ? 5 : 1) + (i % 4 === 2 ? 1 : 0),
  );
  const norms = { input: new Float32Array(4).fill(1), output: Float32Array.of(1, 1, 9, 1, 2, 1) };
  const evidence: Evidence = {
    weights: { [weight.name]: tensor("float32", [6, 4], numbers) },
    norms: new Map([["h.0.attn.c_attn", norms]]),
  };
  const select = "largest";
  expect(chosen({ select }, evidence).map(([, selection]) => selection)).toEqual(
    [3, 4, 2].map((row) => ({ axis: 0, indices: [row] })),
  );
  expect(chosen({ select, update: "column", target_modules: ["query"] }, evidence)[0]![1]).toEqual({
    axis: 1,
    indices: [2],
    within: [0, 3],
  });
});
