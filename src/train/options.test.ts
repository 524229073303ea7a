import { expect, test } from "vitest";
import { stepsPerEpoch, totalSteps } from "./options.ts";

test.each([
  [32, 8, 1, 4],
  [33, 8, 1, 5],
  [33, 8, 2, 3],
  [33, 8, 4, 2],
  [3, 8, 1, 1],
  [3, 8, 16, 1],
  [16, 4, 3, 2],
  [1, 1, 1, 1],
])("%i examples, %i a batch, %i batches a step: %i steps", (examples, batchSize, gradientAccumulationSteps, steps) => {
  const options = { batchSize, gradientAccumulationSteps };
  expect(stepsPerEpoch(examples, options)).toBe(steps);
  // As often as a step can be filled from the batches there are.
  const batches = Array.from({ length: Math.ceil(examples / batchSize) }, (_, i) => i);
  expect(new Set(batches.map((i) => Math.floor(i / gradientAccumulationSteps))).size).toBe(steps);
});

test.each<[number, number | null, number]>([
  [1, null, 5],
  [3, null, 15],
  [0.5, null, 3],
  [0.2, null, 1],
  [1.5, null, 8],
  [0, null, 0],
  [3, 7, 7],
  [0.1, 100, 100],
])("%d epochs of 5 steps, at most %s: %i steps", (epochs, maxSteps, steps) => {
  expect(totalSteps(33, { batchSize: 8, gradientAccumulationSteps: 1, epochs, maxSteps })).toBe(steps);
});
