/** Steps that compute blocks again give the same numbers in less memory. */
import { describe, expect, test } from "vitest";
import { worstDifference } from "../../test/draw.ts";
import { tinyAttachment, tinyData, tinyModel, tinyTraining } from "../../test/tiny-training.ts";
import type { Value } from "../graph/value.ts";
import { topological } from "../graph/walk.ts";
import { nativeRuntime } from "../runtime/native.ts";
import { random } from "../tensor/random.ts";
import { peakBytes } from "./memory.ts";
import { labelObjectives } from "./objectives/labels.ts";
import { createStage, createStages } from "./stages.ts";
import { trainingStep } from "./step.ts";

const runtime = await nativeRuntime({ threads: 1 });
const { classification } = labelObjectives;
const waiting = (outputs: Readonly<Record<string, Value>>) =>
  topological(Object.values(outputs)).filter(({ op }) => op === "after").length;

describe.each([
  "bert-classification",
  "deberta-v2-classification",
  "distilbert-classification",
  "llama-classification",
])("%s", (name) => {
  test.each<[string, object]>([
    ["rocoft", {}],
    ["lora", {}],
    ["full", {}],
    ["prefix_tuning", { num_virtual_tokens: 3 }],
    ["houlsby", {}],
  ])("%s: the same loss and gradients, base dropout on", async (method, options) => {
    const adapted = await tinyModel(name, { method, options: { ...options } });
    const data = tinyData(6);
    const { feeds } = classification.batch(data, Int32Array.of(0, 1, 2, 3, 4, 5), {
      padTokenId: 1,
      stream: random(0),
    });
    const [batch, sequence] = feeds["input_ids"]!.shape as [number, number];
    const results = [];
    for (const gradientCheckpointing of [false, true]) {
      const mode = { baseDropout: true, gradientCheckpointing };
      const { program, noise, dispose } = await createStage(adapted, runtime, classification, mode);
      const drawn = noise({ batch, sequence }, random(0));
      results.push(await program.run({ ...adapted.feeds, ...feeds, ...drawn }));
      await dispose();
    }
    // A norm that ends a block is not computed again, and its mean then rounded otherwise.
    for (const [output, { data: expected }] of Object.entries(results[0]!))
      expect(worstDifference(results[1]![output]!.data, expected as Float32Array), output).toBeLessThan(1e-6);
  });
});

/** hidden_size of the fixture. */
const WIDTH = 16;

test("every block is computed again but the last", () => {
  const attached = tinyAttachment("bert-classification", { config: { num_hidden_layers: 12 } });
  const step = (gradientCheckpointing: boolean) => trainingStep(attached, classification, { gradientCheckpointing });
  expect([step(false), step(true)].map(waiting)).toEqual([0, 11]);
});

test("memory grows with the hidden states of a block, not with all that it computes", () => {
  const sizes = { batch: 8, sequence: 16, tokens: 128 };
  const peak = (layers: number, gradientCheckpointing: boolean) => {
    const attached = tinyAttachment("bert-classification", { config: { num_hidden_layers: layers } });
    return peakBytes(Object.values(trainingStep(attached, classification, { gradientCheckpointing })), sizes);
  };
  const hidden = 4 * 8 * 16 * WIDTH;
  expect((peak(24, true) - peak(12, true)) / 12).toBeLessThan(1.5 * hidden);
  expect((peak(24, false) - peak(12, false)) / 12).toBeGreaterThan(10 * hidden);
});

test("a training does so where its options say", async () => {
  const compiled: Readonly<Record<string, Value>>[] = [];
  const watched = {
    ...runtime,
    compile(outputs: Readonly<Record<string, Value>>) {
      compiled.push(outputs);
      return runtime.compile(outputs);
    },
  };
  const adapted = await tinyModel("bert-classification");
  for (const gradientCheckpointing of [false, true]) {
    const stages = createStages(adapted, watched, { ...tinyTraining, gradientCheckpointing });
    await stages.at(0);
    await stages.dispose();
  }
  expect(waiting(compiled[0]!)).toBe(0);
  expect(waiting(compiled[1]!)).toBeGreaterThan(0);
});
