import { expect, test } from "vitest";
import { gradients } from "../autodiff/gradients.ts";
import { array64 } from "../interpret/array.ts";
import { interpret } from "../interpret/interpret.ts";
import * as g from "./ops.ts";
import { print } from "./print.ts";
import { simplify } from "./simplify.ts";
import { isOp, type Value } from "./value.ts";
import { dependents, rebuild, topological, withOperands } from "./walk.ts";

const x = g.input("x", [2]);
const y = g.input("y", [2]);

test("topological order puts operands first, each value once, and one output's cone before the next one's", () => {
  const [a, b] = [g.tanh(x), g.exp(y)];
  const both = g.add(g.mul(a, b), a);
  expect(topological([both]).map(({ op }) => op)).toEqual(["input", "tanh", "input", "exp", "mul", "add"]);
  expect(topological([b, both, b]).map(({ op }) => op)).toEqual(["input", "exp", "input", "tanh", "mul", "add"]);
  expect(topological([])).toEqual([]);
});

test("dependents are the sources and what is made from them", () => {
  const a = g.tanh(x);
  const outputs = [g.add(a, y), g.exp(y)];
  const found = dependents(topological(outputs), [a]);
  expect(found).toEqual(new Set([a, outputs[0]]));
});

test("withOperands keeps a value whose operands stay", () => {
  const sum = g.add(x, y);
  expect(withOperands(sum, [x, y])).toBe(sum);
  expect(withOperands(sum, [y, y])).toEqual({ ...sum, operands: [y, y] });
});

test("rebuild hands each value once to the rule, with its operands already replaced", () => {
  const a = g.tanh(x);
  const seen: Value[] = [];
  const [first, second] = rebuild([g.add(a, a), a], (value) => {
    seen.push(value);
    return isOp(value, "tanh") ? g.exp(value.operands[0]) : value;
  });
  expect(seen.map(({ op }) => op)).toEqual(["input", "tanh", "add"]);
  expect(isOp(seen[2]!, "add") && seen[2].operands.map(({ op }) => op)).toEqual(["exp", "exp"]);
  expect(print([first!, second!])).toMatchInlineSnapshot(`
    "%0 = exp(x): float32[2]
    %1 = add(%0, %0): float32[2]
    return %1, %0"
  `);
});

test("a chain deeper than the call stack is walked, simplified, differentiated, printed and run", () => {
  const depth = 50_000;
  const scale = g.input("scale", []);
  let chain: Value = scale;
  for (let i = 0; i < depth; i++) chain = g.add(g.mul(chain, 1), scale);
  expect(topological([chain])).toHaveLength(3 * depth + 1);
  const [value] = simplify([chain]);
  const [gradient] = simplify(gradients(value!, [scale]) as Value[]);
  expect(print([value!]).split("\n")).toHaveLength(depth + 1);
  const feeds = { scale: array64([], [3]) };
  expect(interpret([value!, gradient!], feeds).map(({ data }) => data[0])).toEqual([3 * (depth + 1), depth + 1]);
});
