import { expect, test } from "vitest";
import { gradients } from "../autodiff/gradients.ts";
import { input, sum } from "../graph/ops.ts";
import { array64 } from "../interpret/array.ts";
import { interpret } from "../interpret/interpret.ts";
import { dropout } from "./dropout.ts";

const x = input("x", [4]);
const feeds = {
  x: array64([4], Float64Array.of(1, 2, 3, 4)),
  "uniform.layer": array64([4], Float64Array.of(0.1, 0.9, 0.25, 0.26)),
};

test("drops where the number drawn is at most p, and scales what is left so that the mean stays", () => {
  const y = dropout({ name: "layer", x, p: 0.25 });
  expect([...interpret([y], feeds)[0]!.data]).toEqual([0, 2 / 0.75, 0, 4 / 0.75]);
});

test("the gradient goes where the value goes", () => {
  const [dx] = gradients(sum(dropout({ name: "layer", x, p: 0.25 }), [0]), [x]);
  expect([...interpret([dx!], feeds)[0]!.data]).toEqual([0, 1 / 0.75, 0, 1 / 0.75]);
});

test("with p = 0 there is nothing to draw", () => expect(dropout({ name: "layer", x, p: 0 })).toBe(x));
