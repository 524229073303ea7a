/** Joining products changes no value, and leaves one product where there were several over one matrix. */
import { describe, expect, test } from "vitest";
import { draw, worstDifference } from "../../test/draw.ts";
import { randomGraph } from "../../test/random-graph.ts";
import { pullbacks } from "../autodiff/gradients.ts";
import { array64 } from "../interpret/array.ts";
import { interpret } from "../interpret/interpret.ts";
import { random } from "../tensor/random.ts";
import { joinProducts } from "./join-products.ts";
import * as g from "./ops.ts";
import { simplify } from "./simplify.ts";
import { isOp, type Value } from "./value.ts";
import { topological } from "./walk.ts";

const products = (outputs: readonly Value[]) => topological(outputs).filter((x) => isOp(x, "matmul")).length;

/** The gradients of a deep network's input and weights, of as many outputs as it has. */
function severalGradients(outputs: number, isSymbolic: boolean) {
  const d = draw(outputs);
  const [first, second] = [d.normal([5, 3]), d.normal([outputs, 5])];
  const x = g.input("x", isSymbolic ? ["batch", "sequence", 3] : [1, 4, 3]);
  const { normal } = random(outputs, "x");
  const feeds = { ...d.feeds, x: array64([1, 4, 3], Float64Array.from({ length: 12 }, normal)) };
  const y = g.matmul(g.tanh(g.matmul(x, first, { transposeB: true })), second, { transposeB: true });
  const cotangent = (a: number) => g.expand(g.vector([...Array(outputs).keys()].map((b) => Number(a === b))), y);
  const values = [...Array(outputs).keys()].flatMap((a) => pullbacks(y, cotangent(a), [x, first]).map((each) => each!));
  return { feeds, values: simplify(values) };
}

describe.each([false, true])("symbolic sizes: %s", (isSymbolic) => {
  test.each([2, 3, 5])("the backward passes of %i outputs become one", (outputs) => {
    const { feeds, values } = severalGradients(outputs, isSymbolic);
    const joined = joinProducts(values);
    expect(joined.map(({ shape, type }) => ({ shape, type }))).toEqual(
      values.map(({ shape, type }) => ({ shape, type })),
    );
    const [actual, expected] = [interpret(joined, feeds), interpret(values, feeds)];
    expected.forEach(({ data }, i) => expect(worstDifference(actual[i]!.data, data)).toBeLessThan(1e-12));
    expect(products(values)).toBe(2 + 2 * outputs);
    expect(products(joined)).toBe(2 + 2);
  });
});

test("a product of what another one makes stays apart from it, as where layers share a matrix", () => {
  const d = draw(1);
  const [x, matrix] = [d.normal([2, 3, 4]), d.normal([4, 4])];
  const once = g.matmul(x, matrix);
  const values = [once, g.matmul(once, matrix)];
  expect(products(joinProducts(values))).toBe(2);
});

test("products of other shapes, other matrices or the other side stay as they are", () => {
  const d = draw(1);
  const [a, b, short] = [d.normal([2, 3, 4]), d.normal([2, 3, 4]), d.normal([2, 1, 4])];
  const [m, n] = [d.normal([4, 4]), d.normal([4, 4])];
  const values = [g.matmul(a, m), g.matmul(b, n), g.matmul(short, m), g.matmul(b, m, { transposeB: true })];
  expect(joinProducts(values)).toEqual(values);
  expect(products(joinProducts([g.matmul(a, m), g.matmul(b, m)]))).toBe(1);
});

test("no value of random graphs changes", () => {
  for (let seed = 0; seed < 60; seed++) {
    const d = draw(seed);
    const values = randomGraph(d);
    const [actual, expected] = [interpret(joinProducts(values), d.feeds), interpret(values, d.feeds)];
    expected.forEach(({ shape, data }, i) => {
      expect(actual[i]!.shape).toEqual(shape);
      expect(worstDifference(actual[i]!.data, data)).toBeLessThan(1e-12);
    });
  }
});
