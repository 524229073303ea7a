import { expect, test } from "vitest";
import * as g from "./ops.ts";
import { print } from "./print.ts";

const x = g.input("x", ["batch", 3]);

test("one line a value, in order; inputs and constants where they are used", () => {
  const weight = g.input("layer.weight", [2, 3]);
  const hidden = g.linear(x, weight, g.constant(0, "float32", [2]));
  const scaled = g.mul(hidden, 0.5);
  const loss = g.sum(g.mul(scaled, g.tanh(scaled)), [0, 1]);
  expect(print([loss, scaled])).toMatchInlineSnapshot(`
    "%0 = linear(x, layer.weight, 0[2]): float32[batch, 2]
    %1 = mul(%0, 0.5): float32[batch, 2]
    %2 = tanh(%1): float32[batch, 2]
    %3 = mul(%1, %2): float32[batch, 2]
    %4 = sum(%3, axes=[0 1]): float32[]
    return %4, %1"
  `);
});

test("attributes stand after the operands; what is false is left out", () => {
  const a = g.input("a", [4, 2, 3]);
  const ids = g.input("ids", ["batch"], "int64");
  const values = [
    g.matmul(a, g.input("b", [2, 5]), { transposeA: true, transposeB: false }),
    g.sum(a, [0, -1], true),
    g.sum(a, [0, -1], false),
    g.take(a, 1, [1, 0]),
    g.cast(g.greater(ids, 4), "float32"),
    g.layerNorm(x, g.input("scale", [3]), g.input("shift", [3]), 1e-12),
  ];
  expect(print(values)).toMatchInlineSnapshot(`
    "%0 = matmul(a, b, transposeA=true): float32[4, 3, 5]
    %1 = sum(a, axes=[0 -1], keepDims=true): float32[1, 2, 1]
    %2 = sum(a, axes=[0 -1]): float32[2]
    %3 = take(a, axis=1, indices=[1 0]): float32[4, 2, 3]
    %4 = greater(ids, 4): bool[batch]
    %5 = cast(%4, to=float32): float32[batch]
    %6 = layerNorm(x, scale, shift, epsilon=1e-12): float32[batch, 3]
    return %0, %1, %2, %3, %5, %6"
  `);
});

test.each([
  [[x], "return x"],
  [[g.constant(2)], "return 2"],
  [[g.constant(-0.5, "int64", [2, 3]), x, x], "return -0.5[2, 3], x, x"],
  [[], "return "],
])("a graph without operations", (outputs, expected) => expect(print(outputs)).toBe(expected));

test("a value used twice is printed once", () => {
  const y = g.exp(x);
  expect(print([g.add(y, y), y])).toMatchInlineSnapshot(`
    "%0 = exp(x): float32[batch, 3]
    %1 = add(%0, %0): float32[batch, 3]
    return %1, %0"
  `);
});
