import { describe, expect, test } from "vitest";
import { draw } from "../../test/draw.ts";
import { randomGraph } from "../../test/random-graph.ts";
import { tinyAttachment } from "../../test/tiny-training.ts";
import * as g from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import { topological } from "../graph/walk.ts";
import { arenaBytes, peakBytes } from "./memory.ts";
import { trainingStep } from "./step.ts";
import { labelObjectives } from "./objectives/labels.ts";

const x = g.input("x", ["batch", 10]);
const at = (batch: number) => ({ batch });
const bytes = 4 * 3 * 10;
const tanh = g.tanh(x);
const exp = g.exp(x);
const chain = [...Array(50)].reduce<Value>((y) => g.exp(y), x);
const pair = g.add(g.exp(tanh), tanh);
const column = g.input("column", ["batch", 1]);
const row = g.input("row", [1, 10]);
const matrix = g.tanh(g.input("matrix", [3, 10]));

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
    ["and one whose axes are counted otherwise", [g.mergeAxes(g.splitAxis(tanh, -1, 5), -2)], bytes],
    ["a value in place of its operand takes nothing more", [g.softmax(exp)], bytes],
    ["unless the operand is still to be read", [g.mul(g.softmax(exp), exp)], 3 * bytes],
    ["or is an input", [g.softmax(x)], bytes],
    ["columns are replaced in place", [g.replace(tanh, column, -1, [4])], bytes],
    ["rows are not: all are put in one with them", [g.replace(matrix, g.tanh(row), 0, [2])], 120 + 40 + 120 + 160],
    ["a choice is made of either side apart", [g.select(g.greater(x, 0), tanh, exp)], 5 * bytes + 30 + 4],
    ["constants are counted", [g.constant(1, "float32", [5, 5])], 100],
    ["whenever they are read", [g.add(g.constant(1, "float32", [10]), g.exp(g.exp(tanh)))], 2 * bytes + 40],
    ["no outputs, nothing", [], 0],
  ])("%s", (_, outputs, expected) => expect(peakBytes(outputs, at(3))).toBe(expected));

  test("grows with the named sizes", () => {
    expect(peakBytes([pair], at(300))).toBe(100 * peakBytes([pair], at(3)));
  });
});

test("is the most that a value, those before it and still to be read, and the outputs take together", () => {
  const graphs = [...Array(200).keys()].map((seed) => randomGraph(draw(seed), 12));
  const isPlain = (outputs: readonly Value[]) =>
    topological(outputs).every(({ op }) => !/squeeze|split|merge|select|replace/.test(op));
  const plain = graphs.filter(isPlain);
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
    const isAlive = (value: Value, made: number, current: Value, now: number) => {
      if (value.op === "constant" || value === current) return true;
      return made < now && (lastRead(value) > now || (lastRead(value) === now && !isReplaced(value, current)));
    };
    const alive = order.map((current, now) =>
      order.filter((value, made) => isAlive(value, made, current, now)).reduce((sum, value) => sum + size(value), 0),
    );
    expect(peakBytes(outputs, {})).toBe(Math.max(...alive));
  }
});

test("a step that trains rows takes less than one that trains everything, and grows with batch and sequence", () => {
  const peak = (method: string, batch: number, sequence: number) =>
    peakBytes(
      Object.values(trainingStep(tinyAttachment("bert-classification", { method }), labelObjectives.classification)),
      { batch, sequence, tokens: batch * sequence },
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

describe("the arena", () => {
  test("holds no less than what is alive, and no more where every value has one size", () => {
    expect(arenaBytes([chain], [at(64)])).toBe(peakBytes([chain], at(64)));
    for (const seed of [...Array(60).keys()]) {
      const outputs = randomGraph(draw(seed), 12);
      expect(arenaBytes(outputs, [{}])).toBeGreaterThanOrEqual(peakBytes(outputs, {}));
    }
  });

  test("holds what a run gave until the next has given as much", () => {
    const runs = (count: number) =>
      arenaBytes(
        [tanh],
        [...Array(count)].map(() => at(64)),
      );
    expect([1, 2, 3, 9].map(runs)).toEqual([1, 2, 2, 2].map((times) => times * 64 * 40));
  });

  test("leaves room unused that is too small for what comes", () => {
    const [small, large] = [g.input("small", [2 ** 18]), g.input("large", [3 * 2 ** 17])];
    const sum = (y: Value) => g.sum(g.exp(y), [0]);
    expect(arenaBytes([g.add(sum(small), sum(large))], [{}])).toBeGreaterThan(2 ** 20 + 1.5 * 2 ** 20);
  });
});
