import { describe, expect, test } from "vitest";
import { tinyAttachment, tinyData, type TinyOptions, tinyTraining } from "../../test/tiny-training.ts";
import { type Quantization, quantizations, schemeOf } from "../quantization/registry.ts";
import { bytesPerElement } from "../tensor/dtype.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { adapt } from "../train/adapt.ts";
import { inFewBits, randomWeights } from "../train/load.ts";
import { estimateMemory, type PlannedTraining, planMemory } from "./memory-estimate.ts";

/** A BERT whose matrices can be stored in blocks of 32. */
const attachedBy = (options: TinyOptions) =>
  tinyAttachment("bert-classification", { ...options, config: { hidden_size: 64, intermediate_size: 96 } });

const training = (options: TinyOptions = {}): PlannedTraining => ({
  attached: attachedBy(options),
  data: tinyData(12),
  validation: tinyData(9, { seed: 1 }),
  options: tinyTraining,
});

/** The bytes of the numbers that a base model and what is attached to it hold, once they are there. */
function heldBytes(options: TinyOptions, quantization: Quantization): number {
  const attached = attachedBy(options);
  const { model, specs, attachment } = attached;
  const base = inFewBits(randomWeights(specs, 0), specs, schemeOf(quantization, model, attachment));
  const { feeds, stored } = adapt({ ...attached, ...base });
  const parts = [...stored.values()].flatMap((matrix) => Object.values(matrix.parts).map((part) => part.read()));
  const bytes = ({ data, dtype }: Tensor) => data.length * bytesPerElement(dtype);
  return [...Object.values(feeds), ...parts].reduce((sum, tensor) => sum + bytes(tensor), 0);
}

describe.each<[string, TinyOptions]>([
  ["rows", {}],
  ["columns", { options: { update: "column" } }],
  ["whole matrices", { method: "full" }],
  ["matrices of a method's own", { method: "lora" }],
])("where %s are trained", (_, options) => {
  test.each(quantizations)("weights stored as %s are counted to the byte", (quantization) => {
    expect(estimateMemory(training(options), quantization, 0).weights).toBe(heldBytes(options, quantization));
  });
});

test("fewer bits are fewer bytes, but for what is trained whole", () => {
  const weights = (options: TinyOptions) =>
    quantizations.map((quantization) => estimateMemory(training(options), quantization, 0).weights);
  const [none, int8, int4] = weights({}) as [number, number, number];
  expect(int8).toBeLessThan(none);
  expect(int4).toBeLessThan(int8);
  expect(new Set(weights({ method: "full" })).size).toBe(1);
});

test("everything is in the total, the program as it is now", () => {
  const { total, weights, training: numbers, ...graphs } = estimateMemory(training(), "int8", 7);
  const { activations, evaluation, packed, program } = graphs;
  expect(total).toBe(weights + numbers + activations + evaluation + packed + program);
  expect(estimateMemory(training(), "int8", 1000).total - total).toBe(993);
});

test("tokens of the method's own take what tokens of the texts do", () => {
  const longer = tinyData(9, { seed: 1 });
  const whole = { ...longer, lengths: longer.lengths.map((length) => length + 20) };
  const prompts = estimateMemory(training({ method: "prompt_tuning", options: { num_virtual_tokens: 20 } }), "none", 0);
  const texts = estimateMemory({ ...training({ method: "head" }), validation: whole }, "none", 0);
  expect(prompts.evaluation / texts.evaluation).toBeGreaterThan(0.9);
  expect(prompts.evaluation / texts.evaluation).toBeLessThan(1.2);
});

test("what is not evaluated takes nothing", () => {
  const { evaluation, total } = estimateMemory(training(), "int4", 0);
  const without = estimateMemory({ ...training(), validation: null }, "int4", 0);
  expect(without.evaluation).toBe(0);
  expect(total - without.total).toBeGreaterThan(evaluation);
});

test("a plan has the estimate by the chosen setting and the totals by all", () => {
  const { totals, total, machine } = planMemory(training(), "int4");
  expect(Object.keys(totals)).toEqual(quantizations);
  expect(total).toBe(totals.int4);
  expect(machine).toBeGreaterThan(total);
});
