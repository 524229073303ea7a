import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { stopwatch } from "./stopwatch.ts";

let milliseconds = 0;
beforeEach(() => {
  milliseconds = 5000;
  vi.spyOn(performance, "now").mockImplementation(() => milliseconds);
});
afterEach(() => {
  vi.restoreAllMocks();
});
const pass = (seconds: number) => (milliseconds += seconds * 1000);

test("counts from when it was begun", () => {
  const clock = stopwatch();
  pass(3);
  expect(clock.elapsed()).toBe(3);
  expect(clock.state()).toEqual({ secondsElapsed: 3, secondsExcluded: 0, examples: 0, tokens: 0 });
});

test("rates are of all steps so far, without what is excluded; the time left is at the rate so far", () => {
  const clock = stopwatch();
  pass(4);
  expect(clock.rates(1, 5, [10, 20])).toEqual({
    examplesPerSecond: 2 / 4,
    tokensPerSecond: 30 / 4,
    secondsElapsed: 4,
    secondsLeft: 16,
  });
  pass(100);
  clock.exclude(100);
  pass(2);
  expect(clock.rates(2, 5, [30])).toEqual({
    examplesPerSecond: 3 / 6,
    tokensPerSecond: 60 / 6,
    secondsElapsed: 106,
    secondsLeft: 9,
  });
  expect(clock.state()).toEqual({ secondsElapsed: 106, secondsExcluded: 100, examples: 3, tokens: 60 });
});

test("goes on from where an earlier training stopped, as if no time had passed between", () => {
  const whole = stopwatch();
  const first = stopwatch();
  pass(3);
  for (const clock of [whole, first]) {
    clock.rates(1, 4, [7]);
    clock.exclude(1);
  }
  const kept = structuredClone(first.state());
  pass(2);
  const expected = [whole.rates(2, 4, [8, 9]), whole.state()];
  pass(1000);
  const second = stopwatch(kept);
  pass(2);
  expect([second.rates(2, 4, [8, 9]), second.state()]).toEqual(expected);
});
