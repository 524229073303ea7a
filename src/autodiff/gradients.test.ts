import { describe, expect, test } from "vitest";
import * as g from "../graph/ops.ts";
import { print } from "../graph/print.ts";
import type { Value } from "../graph/value.ts";
import { topological } from "../graph/walk.ts";
import { array64 } from "../interpret/array.ts";
import { interpret } from "../interpret/interpret.ts";
import { gradients, pullbacks } from "./gradients.ts";

const x = g.input("x", []);
const y = g.input("y", []);
const feeds = { x: array64([], [3]), y: array64([], [5]) };
const numbers = (values: readonly (Value | null)[]) =>
  values.map((value) => value && interpret([value], feeds)[0]!.data[0]);

describe("gradients", () => {
  test.each<[string, Value, (number | null)[]]>([
    ["a value used twice by one operation", g.mul(x, x), [6, null]],
    ["uses in several operations", g.add(g.mul(x, y), g.mul(g.mul(x, x), 2)), [5 + 12, 3]],
    ["a branch that meets itself again", g.mul(g.add(x, y), g.sub(x, y)), [6, -10]],
    ["the value itself", x, [1, null]],
    ["nothing to depend on", g.exp(g.constant(2)), [null, null]],
    ["a way on which nothing flows", g.cast(g.greater(x, y), "float32"), [null, null]],
  ])("adds up %s", (_, value, expected) => {
    expect(numbers(gradients(value, [x, y]))).toEqual(expected);
  });

  test("are asked for in any order, twice, and of values in between", () => {
    const square = g.mul(x, x);
    const result = g.mul(square, y);
    expect(numbers(gradients(result, [y, square, x, y]))).toEqual([9, 5, 30, 9]);
  });

  test("refuse what is no scalar", () => {
    const vector = g.input("v", ["batch", 2]);
    expect(() => gradients(vector, [vector])).toThrow(
      new Error("gradients: a scalar is differentiated, not a value of shape [batch, 2]"),
    );
    const [dv] = pullbacks(vector, g.input("dy", ["batch", 2]), [vector]);
    expect(print([dv!])).toBe("return dy");
  });

  test("are shaped as what they belong to, where it was broadcast", () => {
    const bias = g.input("bias", [1, 3]);
    const loss = g.sum(g.add(g.input("wide", ["batch", 4, 3]), bias), [0, 1, 2]);
    expect(gradients(loss, [bias])[0]!.shape).toEqual([1, 3]);
  });
});

describe("what is frozen", () => {
  const data = g.input("data", ["batch", 4]);
  const layers = [1, 2, 3].map((n) => ({ weight: g.input(`w${n}`, [4, 4]), bias: g.input(`b${n}`, [4]) }));
  const loss = g.sum(
    layers.reduce<Value>((h, { weight, bias }) => g.tanh(g.linear(h, weight, bias)), data),
    [0, 1],
  );

  test("costs nothing: below the lowest trained layer nothing is pulled back", () => {
    const gradient = gradients(loss, [layers[1]!.weight]) as Value[];
    expect(print(gradient)).toMatchInlineSnapshot(`
      "%0 = unsqueeze(1, axis=0): float32[1]
      %1 = unsqueeze(%0, axis=1): float32[1, 1]
      %2 = linear(data, w1, b1): float32[batch, 4]
      %3 = tanh(%2): float32[batch, 4]
      %4 = linear(%3, w2, b2): float32[batch, 4]
      %5 = tanh(%4): float32[batch, 4]
      %6 = linear(%5, w3, b3): float32[batch, 4]
      %7 = tanh(%6): float32[batch, 4]
      %8 = expand(%1, %7): float32[batch, 4]
      %9 = mul(%7, %7): float32[batch, 4]
      %10 = sub(1, %9): float32[batch, 4]
      %11 = mul(%8, %10): float32[batch, 4]
      %12 = matmul(%11, w3): float32[batch, 4]
      %13 = mul(%5, %5): float32[batch, 4]
      %14 = sub(1, %13): float32[batch, 4]
      %15 = mul(%12, %14): float32[batch, 4]
      %16 = contract(%15, %3): float32[4, 4]
      return %16"
    `);
  });

  test("has no gradient, and changes none", () => {
    const [bias, outside] = gradients(loss, [layers[2]!.bias, g.input("outside", [4])]);
    expect(outside).toBeNull();
    const backward = topological([bias!]).map(({ op }) => op);
    expect(backward).not.toContain("contract");
    expect(backward).not.toContain("matmul");
  });
});
