/** Dropout in training: drawn from seed and step alone, as the configuration says, and gone in evaluation. */
import { expect, test } from "vitest";
import { tinyAttachment, tinyData, tinyModel, tinyTraining } from "../../test/tiny-training.ts";
import { UNIFORM } from "../nn/dropout.ts";
import { nativeRuntime } from "../runtime/native.ts";
import { random } from "../tensor/random.ts";
import { noiseOf } from "./noise.ts";
import { labelObjectives } from "./objectives/labels.ts";
import { forwardPass, inputsOf, trainingStep } from "./step.ts";
import { train } from "./trainer.ts";

const config = { hidden_dropout_prob: 0.1, attention_probs_dropout_prob: 0.2 };
const { classification } = labelObjectives;
const drawnBy = (graph: ReturnType<typeof trainingStep>) =>
  inputsOf(Object.values(graph))
    .map(({ attrs: { name } }) => name)
    .filter((name) => name.startsWith(UNIFORM))
    .map((name) => name.slice(UNIFORM.length))
    .toSorted();

test("nothing is drawn unless asked for", () => {
  expect(drawnBy(trainingStep(tinyAttachment("bert-classification"), classification))).toEqual([]);
});

test("the base model's dropout has every place of its configuration, in training alone", () => {
  const attached = tinyAttachment("bert-classification", { config });
  const layers = [0, 1].flatMap((layer) =>
    ["attention.output", "attention.self", "output"].map((part) => `bert.encoder.layer.${layer}.${part}`),
  );
  const places = ["bert.embeddings", ...layers, "classifier input"];
  expect(drawnBy(trainingStep(attached, classification, { baseDropout: true }))).toEqual(places);
  expect(drawnBy(forwardPass(attached))).toEqual([]);
});

test("a method's own dropout is that of its modules", () => {
  const options = { lora_dropout: 0.1, target_modules: ["value"] };
  const attached = tinyAttachment("roberta-classification", { method: "lora", options });
  const layers = [0, 1].map((layer) => `roberta.encoder.layer.${layer}.attention.self.value.adapter`);
  expect(drawnBy(trainingStep(attached, classification))).toEqual(layers);
  expect(drawnBy(forwardPass(attached))).toEqual([]);
});

test("is of the batch's sizes, uniform on [0, 1), the same for the same stream", () => {
  const graph = trainingStep(tinyAttachment("bert-classification", { config }), classification, { baseDropout: true });
  const noise = noiseOf(Object.values(graph));
  const draw = (seed: number) => noise({ batch: 3, sequence: 5 }, random(seed, "noise 1"));
  const { [`${UNIFORM}bert.embeddings`]: drawn } = draw(0);
  expect(drawn!.shape).toEqual([3, 5, 16]);
  const numbers = Object.values(draw(0)).flatMap(({ data }) => [...(data as Float32Array)]);
  expect(numbers.every((x) => x >= 0 && x < 1)).toBe(true);
  const mean = numbers.reduce((a, b) => a + b, 0) / numbers.length;
  expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / numbers.length));
  expect(draw(0)).toEqual(draw(0));
  expect(draw(1)).not.toEqual(draw(0));
});

const runtime = await nativeRuntime({ threads: 1 });
async function losses(seed: number, baseDropout: boolean, options = {}): Promise<number[]> {
  const adapted = await tinyModel("bert-classification", { method: "lora", options, config });
  const settings = { ...tinyTraining, seed, baseDropout, maxSteps: 3, batchSize: 12 };
  const all: number[] = [];
  for await (const event of train({ adapted, runtime, train: tinyData(12), validation: null, options: settings }))
    if (event.type === "step") all.push(event.loss);
  return all;
}

test.each([
  ["the base model's", true, {}],
  ["LoRA's own", false, { lora_dropout: 0.3 }],
  ["DoRA's own", false, { lora_dropout: 0.3, use_dora: true }],
] as const)("%s: the same seed gives the same training, another seed another", async (_, base, options) => {
  const once = await losses(1, base, options);
  expect(await losses(1, base, options)).toEqual(once);
  expect(await losses(2, base, options)).not.toEqual(once);
  expect(await losses(1, false)).not.toEqual(once);
});
