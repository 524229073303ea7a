import { expect, test } from "vitest";
import { worstDifference } from "../../test/draw.ts";
import { input } from "../graph/ops.ts";
import { array64 } from "../interpret/array.ts";
import { interpret } from "../interpret/interpret.ts";
import { random } from "../tensor/random.ts";
import { lstm } from "./lstm.ts";

const [tokens, inner, size] = [4, 3, 5] as const;
const { normal } = random(3, "lstm");
const drawn = (...shape: number[]) =>
  array64(
    shape,
    Float64Array.from({ length: shape.reduce((a, b) => a * b) }, () => normal()),
  );
const feeds = {
  x: drawn(tokens, inner),
  inputWeight: drawn(4 * size, inner),
  hiddenWeight: drawn(4 * size, size),
  inputBias: drawn(4 * size),
  hiddenBias: drawn(4 * size),
};

/** The recurrence one number at a time (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000). */
function plainly(order: readonly number[]): number[] {
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  const states: number[][] = [];
  let [hidden, cell] = [Array<number>(size).fill(0), Array<number>(size).fill(0)];
  for (const token of order) {
    const gate = (g: number, unit: number) => {
      const row = g * size + unit;
      let sum = feeds.inputBias.data[row]! + feeds.hiddenBias.data[row]!;
      for (let i = 0; i < inner; i++)
        sum += feeds.inputWeight.data[row * inner + i]! * feeds.x.data[token * inner + i]!;
      for (let i = 0; i < size; i++) sum += feeds.hiddenWeight.data[row * size + i]! * hidden[i]!;
      return sum;
    };
    cell = cell.map((c, u) => sigmoid(gate(1, u)) * c + sigmoid(gate(0, u)) * Math.tanh(gate(2, u)));
    hidden = cell.map((c, u) => sigmoid(gate(3, u)) * Math.tanh(c));
    states[token] = hidden;
  }
  return states.flat();
}

test.each([
  { backwards: false, order: [0, 1, 2, 3] },
  { backwards: true, order: [3, 2, 1, 0] },
])("reads tokens one after the other, backwards: $backwards", ({ backwards, order }) => {
  const named = (name: keyof typeof feeds) => input(name, feeds[name].shape);
  const weights = {
    inputWeight: named("inputWeight"),
    hiddenWeight: named("hiddenWeight"),
    inputBias: named("inputBias"),
    hiddenBias: named("hiddenBias"),
  };
  const states = lstm(named("x"), weights, { backwards });
  expect(states.shape).toEqual([tokens, size]);
  expect(worstDifference(interpret([states], feeds)[0]!.data, plainly(order))).toBeLessThan(1e-12);
});
