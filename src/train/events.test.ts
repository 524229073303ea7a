import { beforeAll, expect, test, vi } from "vitest";
import { tinyData } from "../../test/tiny-training.ts";
import type { Runtime } from "../runtime/runtime.ts";
import { data, runtime, type Trained, trained } from "./trainer.cases.ts";

let run: Trained;
beforeAll(async () => {
  run = await trained({
    options: { epochs: 1.5, schedule: "linear", warmupSteps: 2, gradientAccumulationSteps: 2, maxGradNorm: 0.5 },
  });
});

test("events come in order: steps, evaluations after epochs and at the end, the end last", () => {
  expect(run.events.map(({ type, step }) => `${type} ${step}`).join(", ")).toBe(
    "step 1, step 2, step 3, evaluation 3, checkpoint 3, step 4, step 5, evaluation 5, end 5",
  );
});

test("events tell the steps, the passes over the data and the learning rate", () => {
  expect(run.steps.map(({ totalSteps }) => totalSteps)).toEqual([5, 5, 5, 5, 5]);
  expect(run.steps.map(({ epoch }) => epoch)).toEqual([1 / 3, 2 / 3, 1, 4 / 3, 5 / 3]);
  const rates = [0, 1 / 2, 1, 2 / 3, 1 / 3].map((factor) => 0.01 * factor);
  run.steps.forEach(({ learningRate }, i) => expect(learningRate).toBeCloseTo(rates[i]!, 15));
});

test("events tell what a terminal shows", () => {
  for (const { gradientNorm, residentBytes, secondsLeft, examplesPerSecond, tokensPerSecond } of run.steps) {
    expect(gradientNorm).toBeGreaterThan(0.5);
    expect(residentBytes).toBeGreaterThan(1e6);
    expect(examplesPerSecond).toBeGreaterThan(0);
    expect(tokensPerSecond).toBeGreaterThan(2 * examplesPerSecond);
    expect(Number.isFinite(secondsLeft)).toBe(true);
  }
  expect(run.steps.at(-1)!.secondsLeft).toBe(0);
  expect(run.end[0]).toMatchObject({ reason: "finished", bestStep: expect.any(Number) as number });
});

test("events tell rates and the time left, evaluations left out", async () => {
  let clock = 0;
  const now = vi.spyOn(performance, "now").mockImplementation(() => clock);
  const timed: Runtime = {
    ...runtime,
    async compile(outputs) {
      const program = await runtime.compile(outputs);
      const milliseconds = "loss" in outputs ? 500 : 20_000;
      return { ...program, run: (feeds) => ((clock += milliseconds), program.run(feeds)) };
    },
  };
  const { steps, evaluations, end } = await trained({
    runtime: timed,
    validation: tinyData(8, { seed: 1 }),
    train: { ...data, lengths: data.lengths.map(() => 7) },
    options: { evalSteps: 2, maxSteps: 6 },
  }).finally(() => now.mockRestore());
  for (const { step, examplesPerSecond, tokensPerSecond, secondsLeft, secondsElapsed } of steps) {
    expect([examplesPerSecond, tokensPerSecond, secondsLeft]).toEqual([8, 56, (6 - step) / 2]);
    expect(secondsElapsed).toBe(step / 2 + 20 * Math.floor((step - 1) / 2));
  }
  expect(evaluations.map(({ seconds }) => seconds)).toEqual([20, 20, 20]);
  expect(end[0]!.secondsElapsed).toBe(63);
});

test("events tell the gradient's norm where nothing is clipped, and hold a null where nothing is evaluated", async () => {
  const { steps, evaluations, end } = await trained({
    validation: null,
    options: { maxSteps: 2, maxGradNorm: null },
  });
  expect(steps.every(({ gradientNorm }) => gradientNorm > 0)).toBe(true);
  expect(evaluations).toEqual([]);
  expect(end[0]).toMatchObject({ reason: "finished", step: 2, bestStep: null, bestScores: null });
});
