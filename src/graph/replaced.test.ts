/** The rewrites of matrices with replaced rows or columns keep value and gradient, and leave nothing of the two mixed. */
import { describe, expect, test } from "vitest";
import { draw } from "../../test/draw.ts";
import { SEEDS, testRewrites } from "../../test/rewrites.ts";
import { expectSameValueAndGradient } from "../../test/same-value.ts";
import { input, linear, matmul, replace } from "./ops.ts";
import { print } from "./print.ts";
import { cases, nested } from "./replaced.cases.ts";
import * as rules from "./replaced.ts";
import { rewrites, simplify } from "./simplify.ts";
import { isOp } from "./value.ts";
import { topological } from "./walk.ts";

const all = Object.values(rules);

test("every rule has its cases", () => {
  expect(Object.keys(rules).toSorted()).toEqual(Object.keys(cases).toSorted());
});

testRewrites(all, cases);

test.each([...nested.keys()])("rows and columns of one matrix come apart, case %i", (i) => {
  for (const seed of SEEDS) {
    const drawn = draw(seed);
    const before = nested[i]!(drawn);
    const [after] = simplify([before], [...all, ...rewrites]);
    expectSameValueAndGradient(after!, before, drawn.feeds);
    const base = topological([before]).find((x) => isOp(x, "replace"))!.operands[0];
    const readers = topological([after!]).filter((x) => (x.operands as readonly unknown[]).includes(base));
    expect(readers.map(({ op }) => op)).toEqual([before.op]);
  }
});

describe("what is left of a product with a replaced matrix", () => {
  const x = input("x", ["batch", "sequence", 5]);
  const dy = input("dy", ["batch", "sequence", 4]);
  const [weight, bias] = [input("W", [4, 5]), input("b", [4])];
  const rows = replace(weight, input("R", [2, 5]), 0, [3, 1]);
  const columns = replace(weight, input("C", [4, 1]), 1, [2]);
  const printed = (y: ReturnType<typeof matmul>) => print(simplify([y], [...all, ...rewrites]));

  test("rows replace some of what comes out", () => {
    expect(printed(linear(x, rows, bias))).toMatchInlineSnapshot(`
      "%0 = linear(x, W, b): float32[batch, sequence, 4]
      %1 = take(b, axis=0, indices=[3 1]): float32[2]
      %2 = linear(x, R, %1): float32[batch, sequence, 2]
      %3 = replace(%0, %2, axis=-1, indices=[3 1], within=null): float32[batch, sequence, 4]
      return %3"
    `);
  });

  test("columns are added, and what they read is hidden from the matrix", () => {
    expect(printed(linear(x, columns, bias))).toMatchInlineSnapshot(`
      "%0 = vector(values=[1 1 0 1 1]): float32[5]
      %1 = mul(x, %0): float32[batch, sequence, 5]
      %2 = linear(%1, W, b): float32[batch, sequence, 4]
      %3 = take(x, axis=-1, indices=[2]): float32[batch, sequence, 1]
      %4 = matmul(%3, C, transposeB=true): float32[batch, sequence, 4]
      %5 = add(%2, %4): float32[batch, sequence, 4]
      return %5"
    `);
  });

  test("backwards it is the other way round", () => {
    expect(printed(matmul(dy, rows))).toMatchInlineSnapshot(`
      "%0 = vector(values=[1 0 1 0]): float32[4]
      %1 = mul(dy, %0): float32[batch, sequence, 4]
      %2 = matmul(%1, W): float32[batch, sequence, 5]
      %3 = take(dy, axis=-1, indices=[3 1]): float32[batch, sequence, 2]
      %4 = matmul(%3, R): float32[batch, sequence, 5]
      %5 = add(%2, %4): float32[batch, sequence, 5]
      return %5"
    `);
    expect(printed(matmul(dy, columns))).toMatchInlineSnapshot(`
      "%0 = matmul(dy, W): float32[batch, sequence, 5]
      %1 = matmul(dy, C): float32[batch, sequence, 1]
      %2 = replace(%0, %1, axis=-1, indices=[2], within=null): float32[batch, sequence, 5]
      return %2"
    `);
  });
});
