import { describe, expect, test } from "vitest";
import { scheduleFactor, type ScheduleName, scheduleNames } from "./schedule.ts";

/** Each decay after the warm-up, in closed form. */
const closed: { readonly [S in ScheduleName]: (done: number, left: number) => number } = {
  constant: () => 1,
  linear: (done, left) => (left - done) / left,
  cosine: (done, left) => Math.cos((Math.PI / 2) * (done / left)) ** 2,
};

test("every schedule has its closed form", () => {
  expect([...scheduleNames].toSorted()).toEqual(Object.keys(closed).toSorted());
});

describe.each(scheduleNames)("%s", (name) => {
  test.each([
    [0, 10],
    [1, 10],
    [4, 10],
    [9, 10],
    [0, 1],
    [100, 1000],
  ])("with %i of %i steps of warm-up", (warmup, total) => {
    for (let step = 0; step < total; step++) {
      const expected = step < warmup ? step / warmup : closed[name](step - warmup, total - warmup);
      expect(scheduleFactor(name, step, warmup, total), `step ${step}`).toBeCloseTo(expected, 14);
    }
  });

  test("begins at 0 with a warm-up and at 1 without", () => {
    expect([scheduleFactor(name, 0, 3, 10), scheduleFactor(name, 0, 0, 10)]).toEqual([0, 1]);
  });

  test("never leaves 0 … 1, whatever it is asked for", () => {
    for (const [step, warmup, total] of [
      [10, 0, 10],
      [99, 0, 10],
      [5, 20, 10],
      [20, 20, 10],
      [25, 20, 10],
      [0, 0, 0],
    ] as const) {
      const factor = scheduleFactor(name, step, warmup, total);
      expect(factor >= 0 && factor <= 1, `${step} of ${total}: ${factor}`).toBe(true);
    }
  });
});

test.each([
  ["linear", 0],
  ["cosine", 0],
  ["constant", 1],
] as const)("%s ends at %d", (name, end) => {
  for (const step of [10, 11]) expect(scheduleFactor(name, step, 2, 10)).toBeCloseTo(end, 15);
});
