import { expect, test } from "vitest";
import * as g from "../graph/ops.ts";
import { array64 } from "../interpret/array.ts";
import { interpret } from "../interpret/interpret.ts";
import { activations } from "./activation.ts";

/** Φ(x) by the midpoint rule on its density, from far enough out. */
const cumulative = (x: number) => {
  const [from, pieces] = [-12, 20_000];
  const step = (x - from) / pieces;
  let sum = 0;
  for (let i = 0; i < pieces; i++) sum += Math.exp(-((from + (i + 0.5) * step) ** 2) / 2);
  return (sum * step) / Math.sqrt(2 * Math.PI);
};
const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
const tanhGelu = (x: number) => x * sigmoid(2 * Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3));

/** Each by another formula than the one it is computed by, where there is one. */
const formulas: Readonly<Record<string, (x: number) => number>> = {
  gelu: (x) => x * cumulative(x),
  gelu_new: tanhGelu,
  gelu_pytorch_tanh: tanhGelu,
  gelu_fast: tanhGelu,
  relu: (x) => (x > 0 ? x : 0),
  sigmoid,
  silu: (x) => x * sigmoid(x),
  swish: (x) => x * sigmoid(x),
  tanh: (x) => 2 * sigmoid(2 * x) - 1,
};
const points = [-5, -2.5, -1, -0.3, 0, 0.3, 1, 2.5, 5];

test("every activation has its formula", () => {
  expect(Object.keys(formulas).toSorted()).toEqual(Object.keys(activations).toSorted());
});

test.each(Object.keys(activations))("%s", (name) => {
  const x = g.input("x", [points.length]);
  const [y] = interpret([activations[name]!(x)], { x: array64(x.shape as number[], points) });
  points.forEach((point, i) => expect(y!.data[i]! + 0, `${point}`).toBeCloseTo(formulas[name]!(point) + 0, 8));
});
