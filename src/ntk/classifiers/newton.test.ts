import { expect, test } from "vitest";
import { minimize } from "./newton.ts";

/** A function of one number, by its value and two derivatives. */
const ofOne = (at: (x: number) => number, first: (x: number) => number, second: (x: number) => number) => ({
  at: ([x]: Float64Array) => at(x!),
  step([x]: Float64Array) {
    const step = -first(x!) / second(x!);
    return { step: Float64Array.of(step), slope: first(x!) * step };
  },
});

test("a quadratic takes one step and one look", () => {
  const points: number[] = [];
  const square = ofOne(
    (x) => (x - 3) ** 2,
    (x) => 2 * (x - 3),
    () => 2,
  );
  const f = {
    at: square.at,
    step(point: Float64Array) {
      points.push(point[0]!);
      return square.step(point);
    },
  };
  expect([...minimize(f, Float64Array.of(100))]).toEqual([3]);
  expect(points).toEqual([100, 3]);
});

test("√(1 + x²), on which Newton's full steps leap ever further from beyond 1, is minimised from 10", () => {
  const f = ofOne(
    (x) => Math.sqrt(1 + x * x),
    (x) => x / Math.sqrt(1 + x * x),
    (x) => (1 + x * x) ** -1.5,
  );
  expect(minimize(f, Float64Array.of(10))[0]).toBeCloseTo(0, 9);
});

test("a step that leads nowhere ends it", () => {
  const f = { at: ([x]: Float64Array) => x!, step: () => ({ step: Float64Array.of(0), slope: -1 }) };
  expect([...minimize(f, Float64Array.of(5))]).toEqual([5]);
});
