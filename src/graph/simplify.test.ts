/** Every rewrite, and all of them together, keep a graph's value and its gradient. */
import { describe, expect, test } from "vitest";
import { draw } from "../../test/draw.ts";
import { randomGraph } from "../../test/random-graph.ts";
import { testRewrites } from "../../test/rewrites.ts";
import { expectSame, expectSameValueAndGradient, gradientsOf, inputsOf } from "../../test/same-value.ts";
import { array64 } from "../interpret/array.ts";
import { interpret } from "../interpret/interpret.ts";
import * as g from "./ops.ts";
import { print } from "./print.ts";
import { factoredRewrites } from "./factored.ts";
import { numberRewrites } from "./numbers.ts";
import { likelihoodRewrites } from "./likelihood.ts";
import { cases } from "./simplify.cases.ts";
import * as rules from "./simplify.ts";
import type { Value } from "./value.ts";

const { rewrites, forwardRewrites, simplify, replaceInPlace, dropStopGradient } = rules;
const GRAPHS = 300;

test("every rule has its cases", () => {
  expect(forwardRewrites.map((rule) => rule.name).toSorted()).toEqual(Object.keys(cases).toSorted());
  const exported = Object.values(rules).filter((rule) => typeof rule === "function" && rule !== simplify);
  const all = [
    ...exported,
    ...Object.values(numberRewrites),
    ...Object.values(factoredRewrites),
    ...Object.values(likelihoodRewrites),
  ];
  expect(new Set(all)).toEqual(new Set([...forwardRewrites, replaceInPlace, dropStopGradient]));
});

testRewrites(forwardRewrites, cases);

describe("replaceInPlace", () => {
  const indices = [3, 0];

  test.each([0, 1, -1])("is the base itself, equal when the slices are fed what it holds, axis %i", (axis) => {
    const drawn = draw(1);
    const base = drawn.normal([4, 5]);
    const slices = g.input("slices", [4, 5].with(axis, 2));
    const before = g.replace(base, slices, axis, indices);
    const after = replaceInPlace()(before);
    expect(after).toBe(base);
    const feeds = { ...drawn.feeds, slices: interpret([g.take(base, axis, indices)], drawn.feeds)[0]! };
    expectSame(interpret([after!], feeds), interpret([before], feeds));
    const changed = { ...feeds, slices: array64(feeds.slices.shape) };
    expect(interpret([before], changed)[0]!.data).not.toEqual(interpret([after!], changed)[0]!.data);
  });

  test("leaves slices that are computed, and everything else", () => {
    const drawn = draw(1);
    const computed = g.neg(drawn.normal([2, 5]));
    expect(replaceInPlace()(g.replace(drawn.normal([4, 5]), computed, 0, indices))).toBeNull();
    expect(replaceInPlace()(g.put(drawn.normal([2, 5]), drawn.normal([4, 5]), 0, indices))).toBeNull();
    expect(
      replaceInPlace(new Set(["slices"]))(g.replace(drawn.normal([4, 5]), g.input("slices", [2, 5]), 0, indices)),
    ).toBeNull();
  });
});

describe("simplify", () => {
  test("keeps value and gradient of random graphs, and needs no second time", () => {
    const fired = new Set<string>();
    const noted = rewrites.map((rule) => (value: Value) => {
      const result = rule(value);
      if (result) fired.add(rule.name);
      return result;
    });
    for (let seed = 0; seed < GRAPHS; seed++) {
      const drawn = draw(seed);
      const outputs = randomGraph(drawn);
      const simplified = simplify(outputs, noted);
      outputs.forEach((before, i) => expectSameValueAndGradient(simplified[i]!, before, drawn.feeds));

      const { graph, feeds } = gradientsOf(outputs[0]!, inputsOf(outputs), drawn.feeds);
      const all = [...outputs, ...graph];
      const together = simplify(all);
      expectSame(interpret(together, feeds), interpret(all, feeds));
      expect(print(simplify(together)), `seed ${seed}`).toBe(print(together));
    }
    expect([...fired].toSorted()).toEqual(rewrites.map((rule) => rule.name).toSorted());
  });

  test("makes equal values one, and keeps apart what differs in one thing", () => {
    const x = g.input("x", [4]);
    const y = g.input("y", [4]);
    expect(print(simplify([g.add(g.tanh(g.input("x", [4])), g.tanh(x))]))).toMatchInlineSnapshot(`
      "%0 = tanh(x): float32[4]
      %1 = add(%0, %0): float32[4]
      return %1"
    `);
    const apart: [Value, Value][] = [
      [g.take(x, 0, [0, 2]), g.take(x, 0, [0, 3])],
      [g.constant(NaN), g.constant(Infinity)],
      [g.constant(Infinity), g.constant(-Infinity)],
      [g.constant(1), g.constant(1, "int64")],
      [g.constant(1), g.constant(1, "float32", [1])],
      [x, y],
      [g.sub(x, y), g.sub(y, x)],
    ];
    for (const pair of apart) {
      const [a, b] = simplify(pair);
      expect(a).not.toBe(b);
    }
  });

  test("drops what only a simplified value needed", () => {
    const [y] = simplify([g.add(g.input("x", [2, 3]), g.expand(g.constant(0), g.input("like", [2, 3])))]);
    expect(print([y!])).toBe("return x");
  });

  test("turns gradients of rows and columns into skinny products", () => {
    const product = g.contract(g.input("dy", ["batch", 5]), g.input("x", ["batch", 7]));
    const rows = g.take(product, 0, [0, 1]);
    expect(print(simplify([rows, g.take(product, 1, [6])]))).toMatchInlineSnapshot(`
      "%0 = take(dy, axis=-1, indices=[0 1]): float32[batch, 2]
      %1 = contract(%0, x): float32[2, 7]
      %2 = take(x, axis=-1, indices=[6]): float32[batch, 1]
      %3 = contract(dy, %2): float32[5, 1]
      return %1, %3"
    `);
  });
});
