/** Steps that compute blocks again give the same numbers in less memory. */
import { describe, expect, test } from "vitest";
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

describe.each(["bert-classification", "roberta-classification", "distilbert-classification"])("%s", (name) => {
  test.each(["rocoft", "lora", "full", "prefix_tuning", "houlsby"])(
    "%s: loss and gradients are the same bit for bit, base dropout on",
    async (method) => {
      const adapted = await tinyModel(name, { method });
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
      expect(results[1]).toEqual(results[0]);
    },
  );
});

const config = { num_hidden_layers: 12 };

test("every block is computed again but the last", () => {
  const attached = tinyAttachment("bert-classification", { config });
  const step = (gradientCheckpointing: boolean) => trainingStep(attached, classification, { gradientCheckpointing });
  expect([step(false), step(true)].map(waiting)).toEqual([0, 11]);
});

test("memory grows with the hidden states of a block, not with all that it computes", () => {
  const sizes = { batch: 8, sequence: 16 };
  const peak = (layers: number, gradientCheckpointing: boolean) => {
    const attached = tinyAttachment("bert-classification", { config: { num_hidden_layers: layers } });
    return peakBytes(Object.values(trainingStep(attached, classification, { gradientCheckpointing })), sizes);
  };
  const { hidden_size: width } = tinyAttachment("bert-classification").model as never as { hidden_size: number };
  expect(peak(12, true) - peak(11, true)).toBe(4 * 8 * 16 * width);
  expect(peak(12, false) - peak(11, false)).toBeGreaterThan(10 * 4 * 8 * 16 * width);
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
