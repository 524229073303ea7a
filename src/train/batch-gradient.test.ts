import { describe, expect, test } from "vitest";
import { worstDifference } from "../../test/draw.ts";
import { tinyData, tinyModel } from "../../test/tiny-training.ts";
import { nativeRuntime } from "../runtime/native.ts";
import { batchGradient } from "./batch-gradient.ts";
import { random } from "../tensor/random.ts";
import { labelObjectives } from "./objectives/labels.ts";
import { trainingStep } from "./step.ts";

const runtime = await nativeRuntime({ threads: 1 });
const adapted = await tinyModel("roberta-classification", { options: { update: "both" } });
const data = tinyData(8);
const { classification } = labelObjectives;
const program = await runtime.compile(trainingStep(adapted, classification));
const gradientOf = (parts: readonly Int32Array[]) =>
  batchGradient(
    program,
    adapted,
    parts.map((examples) => classification.batch(data, examples, { padTokenId: 1, stream: random(0) })),
  );
const batches = (...sizes: number[]) => {
  let start = 0;
  return sizes.map((size) => Int32Array.from({ length: size }, () => start++));
};

describe("accumulated over batches", () => {
  test.each([[[4, 4]], [[2, 2, 2, 2]], [[5, 3]], [[1, 7]], [[1, 1, 1, 1, 1, 1, 1, 1]]])(
    "of %j examples it is that of all eight at once",
    async (sizes) => {
      const whole = await gradientOf(batches(8));
      const parts = await gradientOf(batches(...sizes));
      expect(parts.loss).toBeCloseTo(whole.loss, 6);
      whole.gradients.forEach((gradient, i) => {
        expect(worstDifference(parts.gradients[i]!, gradient)).toBeLessThan(1e-6);
        // Not so for a plain sum or a mean over batches of other sizes.
        expect(Math.max(...gradient.map(Math.abs))).toBeGreaterThan(1e-5);
      });
    },
  );
});

test("one gradient for each trained tensor, in its shape and order, and the mean loss", async () => {
  const { loss, gradients } = await gradientOf(batches(3));
  expect(gradients.map(({ length }) => length)).toEqual(adapted.trained.map(({ view }) => view.data.length));
  const losses = await Promise.all([0, 1, 2].map(async (i) => (await gradientOf([Int32Array.of(i)])).loss));
  expect(loss).toBeCloseTo(losses.reduce((a, b) => a + b, 0) / 3, 6);
});
