/** What the rewrites are for: fewer and smaller operations, where they could as well be right and of no use. */
import { expect, test } from "vitest";
import { add, input, linear, matmul, mul, unsqueeze } from "./ops.ts";
import { print } from "./print.ts";
import { simplify } from "./simplify.ts";
import type { Value } from "./value.ts";

const x = input("x", ["tokens", 6]);
const weight = input("weight", [4, 6]);
const bias = input("bias", [4]);
const [a, b] = [input("a", [2, 6]), input("b", [4, 2])];
const scale = input("scale", [4]);

const operations = (y: Value) =>
  print(simplify([y]))
    .split("\n")
    .flatMap((line) => /= (\w+)\(.*: (.*)$/.exec(line)?.slice(1).join(" ") ?? []);

test("LoRA: the weight is multiplied with as it is, and the factors one after the other", () => {
  expect(operations(linear(x, add(weight, matmul(b, mul(a, 2))), bias))).toEqual([
    "linear float32[tokens, 4]",
    "mul float32[2, 6]",
    "matmul float32[tokens, 2]",
    "matmul float32[tokens, 4]",
    "add float32[tokens, 4]",
  ]);
});

test("(IA)³: a bias that is scaled as the rows are stays in the linear layer", () => {
  expect(operations(linear(x, mul(weight, unsqueeze(scale, 1)), mul(bias, scale)))).toEqual([
    "linear float32[tokens, 4]",
    "mul float32[tokens, 4]",
  ]);
});

test("DoRA: sum and scale both leave the weight; the bias is not scaled", () => {
  expect(operations(linear(x, mul(add(weight, matmul(b, a)), unsqueeze(scale, 1)), bias))).toEqual([
    "matmul float32[tokens, 4]",
    "matmul float32[tokens, 2]",
    "matmul float32[tokens, 4]",
    "add float32[tokens, 4]",
    "mul float32[tokens, 4]",
    "add float32[tokens, 4]",
  ]);
});

test("a scale of the columns goes to what is read", () => {
  expect(operations(linear(x, mul(weight, input("columns", [6])), bias))).toEqual([
    "mul float32[tokens, 6]",
    "linear float32[tokens, 4]",
  ]);
});

test("a sum with a matrix that is no product stays one matrix: one product with it is cheaper than two", () => {
  expect(operations(linear(x, add(weight, input("change", [4, 6])), bias))).toEqual([
    "add float32[4, 6]",
    "linear float32[tokens, 4]",
  ]);
});
