import { describe, expect, test } from "vitest";
import { draw } from "../../test/draw.ts";
import { randomGraph } from "../../test/random-graph.ts";
import { tinyAttachment } from "../../test/tiny-training.ts";
import * as g from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import { topological } from "../graph/walk.ts";
import { peakBytes } from "./memory.ts";
import { trainingStep } from "./step.ts";
import { labelObjectives } from "./objectives/labels.ts";

const x = g.input("x", ["batch", 10]);
const at = (batch: number) => ({ batch });
const bytes = 4 * 3 * 10;
const tanh = g.tanh(x);
const exp = g.exp(x);
const chain = [...Array(50)].reduce<Value>((y) => g.exp(y), x);
const pair = g.add(g.exp(tanh), tanh);

describe("the peak of a graph over [3, 10] float32 numbers", () => {
  test.each<[string, readonly Value[], number]>([
    ["inputs are not counted", [x], 0],
    ["one value", [tanh], bytes],
    ["a chain holds an operand and its result", [chain], 2 * bytes],
    ["a value lives to its last use", [pair], 3 * bytes],
    ["outputs live to the end", [tanh, chain], 3 * bytes],
    ["whole numbers take 8 bytes", [g.iota(x, 1)], 80],
    ["truth takes 1 byte", [g.greater(x, 0)], 30 + 4],
    ["axes of size 1 share the memory of their value", [g.unsqueeze(tanh, 0)], bytes],
    ["so does a value that waits for another", [g.mul(g.after(tanh, exp), exp)], 3 * bytes],
    ["a value in place of its operand takes nothing more", [g.softmax(exp)], bytes],
    ["unless the operand is still to be read", [g.mul(g.softmax(exp), exp)], 3 * bytes],
    ["or is an input", [g.softmax(x)], bytes],
    ["constants are counted", [g.constant(1, "float32", [5, 5])], 100],
    ["no outputs, nothing", [], 0],
  ])("%s", (_, outputs, expected) => expect(peakBytes(outputs, at(3))).toBe(expected));

  test("grows with the named sizes", () => {
    expect(peakBytes([pair], at(300))).toBe(100 * peakBytes([pair], at(3)));
  });
});

test("is the most that a value, those before it and still to be read, and the outputs take together", () => {
  const graphs = [...Array(60).keys()].map((seed) => randomGraph(draw(seed), 12));
  const hasView = (outputs: readonly Value[]) => topological(outputs).some(({ op }) => /squeeze/.test(op));
  const plain = graphs.filter((outputs) => !hasView(outputs));
  expect(plain.length).toBeGreaterThan(10);
  for (const outputs of plain) {
    const order = topological(outputs);
    const lastRead = (value: Value) =>
      outputs.includes(value)
        ? Infinity
        : order.findLastIndex(({ operands }) => (operands as readonly Value[]).includes(value));
    const size = ({ op, shape, type }: Value) =>
      op === "input" ? 0 : (type === "bool" ? 1 : 4) * shape.reduce<number>((n, m) => n * Number(m), 1);
    const isReplaced = (value: Value, { op, operands }: Value) => op === "tanh" && operands[0] === value;
    const alive = order.map((current, now) =>
      order
        .slice(0, now + 1)
        .filter(
          (value) =>
            lastRead(value) > now || (lastRead(value) === now && !isReplaced(value, current)) || value === current,
        )
        .reduce((sum, value) => sum + size(value), 0),
    );
    expect(peakBytes(outputs, {})).toBe(Math.max(...alive));
  }
});

test("a step that trains rows takes less than one that trains everything, and grows with batch and sequence", () => {
  const peak = (method: string, batch: number, sequence: number) =>
    peakBytes(
      Object.values(trainingStep(tinyAttachment("bert-classification", { method }), labelObjectives.classification)),
      {
        batch,
        sequence,
      },
    );
  expect(peak("rocoft", 8, 10)).toBeLessThan(peak("full", 8, 10));
  expect(peak("rocoft", 16, 10)).toBeGreaterThan(1.8 * peak("rocoft", 8, 10));
  expect(peak("rocoft", 8, 10)).toBeGreaterThan(1.5 * peak("rocoft", 8, 5));
});

test("memory that a view shares lives as long as the view", () => {
  const wide = g.input("x", [1, 100]);
  const kept = g.squeeze(g.exp(wide), 0);
  const other = g.neg(g.tanh(wide));
  expect(peakBytes([g.add(g.squeeze(other, 0), kept)], {})).toBe(1200);
});
