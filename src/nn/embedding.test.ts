import { expect, test } from "vitest";
import { gradients } from "../autodiff/gradients.ts";
import * as g from "../graph/ops.ts";
import { print } from "../graph/print.ts";
import { dropStopGradient, rewrites, simplify } from "../graph/simplify.ts";
import { array64 } from "../interpret/array.ts";
import { interpret } from "../interpret/interpret.ts";
import { embedding } from "./embedding.ts";
import { scopeOf } from "./parameters.ts";

const table = g.input("weight", [4, 2]);
const index = g.input("index", ["n"], "int64");
const looked = (padding?: number) => embedding(scopeOf(new Map([["weight", table]])), index, 4, 2, padding);
const feeds = { weight: array64([4, 2], [1, 2, 3, 4, 5, 6, 7, 8]), index: array64([4], [3, 1, 1, 0]) };

test.each([undefined, 1])("padding %j: rows of the table, of which that of padding is not learned", (padding) => {
  const found = looked(padding);
  const [slope] = gradients(g.sum(found, [0, 1]), [table]);
  const [rows, learned] = interpret([found, slope!], feeds);
  expect([...rows!.data]).toEqual([7, 8, 3, 4, 3, 4, 1, 2]);
  expect([...learned!.data]).toEqual(padding === 1 ? [1, 1, 0, 0, 0, 0, 1, 1] : [1, 1, 2, 2, 0, 0, 1, 1]);
});

test("padding costs nothing where no gradient is taken", () => {
  const finished = [dropStopGradient, ...rewrites];
  const [found, plain] = [simplify([looked(1)], finished), simplify([looked()], finished)];
  expect(print(found)).toBe(print(plain));
});
