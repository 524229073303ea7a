/** What a runtime makes of a graph before it is a model. */
import { expect, test } from "vitest";
import { readModel } from "../../test/onnx-reader.ts";
import { input, linear } from "../graph/ops.ts";
import { createRuntime } from "./runtime.ts";
import { runtimeGiving } from "./runtime.cases.ts";

test("narrow products that read one value are one in every compiled graph, under the names of all", async () => {
  const { ort, models } = runtimeGiving(0);
  const x = input("x", ["batch", 4]);
  const rows = (name: string) => linear(x, input(name, [2, 4]), input(`${name}.bias`, [2]));
  await createRuntime(ort, "none", {}).compile({ query: rows("q"), key: rows("k") });
  const { nodes, outputs } = readModel(models[0]!);
  expect(nodes.filter(({ op }) => op === "Gemm")).toHaveLength(1);
  expect(outputs).toEqual(["query", "key"].map((name) => ({ name, type: 1, shape: ["batch", 2] })));
});
