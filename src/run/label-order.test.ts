import { expect, test } from "vitest";
import { tasks } from "../tasks/registry.ts";
import type { RunData } from "./data.ts";
import { inCheckpointOrder } from "./label-order.ts";

const dataset = (ids: readonly (number | null)[]) => ({
  where: "x.tsv",
  examples: ids.map((label, i) => ({ line: i + 1, texts: ["a", "b"] as const, label })),
});
const data: RunData = {
  task: tasks.mnli.resolve({ columns: [], rows: [] }, "x.tsv", {}),
  train: dataset([0, 1, 2]),
  validation: dataset([2, null]),
  extra: [dataset([1])],
  badRows: { count: 0, reasons: [] },
};
const ids = (part: RunData["train"]) => part.examples.map(({ label }) => label);

test("classes take the checkpoint's order, by name and without case", () => {
  const ordered = inCheckpointOrder(data, { id2label: { 0: "CONTRADICTION", 1: "NEUTRAL", 2: "ENTAILMENT" } });
  expect(ordered.task.labels).toEqual(["contradiction", "neutral", "entailment"]);
  expect(ids(ordered.train)).toEqual([2, 1, 0]);
  expect(ids(ordered.validation)).toEqual([0, null]);
  expect(ids(ordered.extra[0]!)).toEqual([1]);
});

test.each([
  ["has no labels", {}],
  ["names other classes", { id2label: { 0: "LABEL_0", 1: "LABEL_1", 2: "LABEL_2" } }],
  ["has another number of classes", { id2label: { 0: "entailment", 1: "neutral" } }],
])("the data keeps its own order where the checkpoint %s", (_, config) =>
  expect(inCheckpointOrder(data, config)).toBe(data),
);
