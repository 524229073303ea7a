import { describe, expect, test } from "vitest";
import { gradients } from "../autodiff/gradients.ts";
import { input, mul, sum } from "../graph/ops.ts";
import { array64 } from "../interpret/array.ts";
import { interpret } from "../interpret/interpret.ts";
import { random } from "../tensor/random.ts";
import { UNIFORM } from "./dropout.ts";
import { drawnGates, gateAt, openness, SATURATED, settledGates } from "./hard-concrete.ts";

const count = 400;
const logAlpha = input("log_alpha", [count]);
const { uniform, normal } = random(0, "gates");
const u = Float64Array.from({ length: count }, (_, i) => (i < 2 ? i : uniform()));
const alpha = Float64Array.from({ length: count }, () => 3 * normal());
const feeds = { log_alpha: array64([count], alpha), [`${UNIFORM}gate`]: array64([count], u) };
const [drawn, settled] = [drawnGates(logAlpha, "gate"), settledGates(logAlpha)];

test("drawn gates are the clipped and stretched sigmoid, here and in numbers", () => {
  const [gates] = interpret([drawn], feeds);
  let inside = 0;
  gates!.data.forEach((gate, i) => {
    const clamped = Math.min(Math.max(u[i]!, 0.0001), 0.9999);
    const s = 1 / (1 + Math.exp(-(Math.log(clamped / (1 - clamped)) + alpha[i]!)));
    const expected = Math.min(1, Math.max(0, 3 * s - 1.5));
    expect(gate).toBeCloseTo(expected, 12);
    expect(gateAt(u[i]!, alpha[i]!)).toBeCloseTo(expected, 12);
    if (gate > 0 && gate < 1) inside++;
  });
  expect(inside).toBeGreaterThan(20);
});

test("a gradient goes through gates that are neither open nor shut: 3·s·(1 − s)", () => {
  const dy = input("dy", [count]);
  const [gradient] = gradients(sum(mul(drawn, dy), [0]), [logAlpha]);
  const weights = Float64Array.from({ length: count }, normal);
  const [slopes] = interpret([gradient!], { ...feeds, dy: array64([count], weights) });
  slopes!.data.forEach((slope, i) => {
    const clamped = Math.min(Math.max(u[i]!, 0.0001), 0.9999);
    const s = 1 / (1 + Math.exp(-(Math.log(clamped / (1 - clamped)) + alpha[i]!)));
    const isInside = 3 * s - 1.5 > 0 && 3 * s - 1.5 < 1;
    expect(slope).toBeCloseTo(isInside ? weights[i]! * 3 * s * (1 - s) : 0, 12);
  });
});

describe("without chance", () => {
  test("an undecided gate is shut, and open ones are open", () => {
    const at = (x: number) => interpret([settled], { log_alpha: array64([count], new Float64Array(count).fill(x)) });
    expect([0, 1, 5, -5].map((x) => at(x)[0]!.data[0])).toEqual([
      0,
      expect.closeTo(3 / (1 + Math.exp(-1)) - 1.5),
      1,
      0,
    ]);
  });

  test("the probability of being open is a half where nothing is decided", () => {
    const [open] = interpret([openness(logAlpha)], { log_alpha: array64([count], new Float64Array(count)) });
    expect(open!.data[0]).toBe(0.5);
  });
});

test("a saturated gate stays as it is whatever is drawn", () => {
  for (const [sign, gate] of [
    [1, 1],
    [-1, 0],
  ] as const) {
    const saturated = { ...feeds, log_alpha: array64([count], new Float64Array(count).fill(sign * SATURATED)) };
    const [gradient] = gradients(sum(drawn, [0]), [logAlpha]);
    const [gates, slopes] = interpret([drawn, gradient!], saturated);
    expect([...new Set(gates!.data)]).toEqual([gate]);
    expect(slopes!.data.every((slope) => slope === 0)).toBe(true);
  }
});
