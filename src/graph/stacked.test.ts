/** One product by several matrices is the sum of the products by each, and what replaces some of them stays apart. */
import { expect, test } from "vitest";
import { type Draw, draw } from "../../test/draw.ts";
import { SEEDS } from "../../test/rewrites.ts";
import { expectSameValueAndGradient } from "../../test/same-value.ts";
import * as g from "./ops.ts";
import { simplify } from "./simplify.ts";
import { stacked, sumOfProducts } from "./stacked.ts";
import { isOp, type Value } from "./value.ts";
import { topological } from "./walk.ts";

const WIDTH = 5;
const isInput = (x: Value) => isOp(x, "input");
const rule = sumOfProducts((above, below) => stacked(above, below, (x) => isInput(x) || isStack(x)));
const isStack = (x: Value): boolean => isOp(x, "concat") && x.operands.every((each) => isInput(each) || isStack(each));

type Replaced = (weight: Value, d: Draw) => Value;
const rows =
  (...indices: number[]): Replaced =>
  (weight, d) =>
    g.replace(weight, d.normal([indices.length, WIDTH]), 0, indices);
const columns =
  (...indices: number[]): Replaced =>
  (weight, d) =>
    g.replace(weight, d.normal([Number(weight.shape[0]), indices.length]), 1, indices);
const plain: Replaced = (weight) => weight;

/** Σ xᵢ·Wᵢ, three of them, as far as the matrices are replaced. */
function sum(d: Draw, ...replaced: readonly Replaced[]): Value {
  const terms = replaced.map((of, i) => g.matmul(d.normal([2, 3, 4 + i]), of(d.normal([4 + i, WIDTH]), d)));
  return terms.reduce((total, term) => g.add(total, term));
}
const products = (y: Value) => topological([y]).filter((x) => isOp(x, "matmul"));

test.each<[string, Replaced[]]>([
  ["matrices as they are", [plain, plain, plain]],
  ["rows of each", [rows(1), rows(2, 0), rows(3)]],
  ["the same columns of each", [columns(2, 0), columns(2, 0), columns(2, 0)]],
  [
    "rows, and columns over them",
    [0, 1, 2].map(
      (i): Replaced =>
        (x, d) =>
          columns(4, 1)(rows(i)(x, d), d),
    ),
  ],
])("%s: one product", (_, replaced) => {
  for (const seed of SEEDS) {
    const drawn = draw(seed);
    const before = sum(drawn, ...replaced);
    const [after] = simplify([before], [rule]);
    expectSameValueAndGradient(after!, before, drawn.feeds);
    expect(products(after!)).toHaveLength(1);
  }
});

test("where another term stands between products, before or behind: one product", () => {
  const orders: ((p: readonly Value[], other: Value) => Value)[] = [
    ([p, q, r], other) => g.add(g.add(g.add(other, p!), q!), r!),
    ([p, q, r], other) => g.add(r!, g.add(q!, g.add(p!, other))),
    ([p, q, r], other) => g.add(g.add(p!, g.add(other, q!)), r!),
  ];
  for (const order of orders) {
    const drawn = draw(3);
    const terms = [4, 2, 3].map((inner) => g.matmul(drawn.normal([2, 3, inner]), drawn.normal([inner, WIDTH])));
    const before = order(terms, g.tanh(drawn.normal([2, 3, WIDTH])));
    const [after] = simplify([before], [rule]);
    expectSameValueAndGradient(after!, before, drawn.feeds);
    expect(products(after!)).toHaveLength(1);
  }
});

test.each<[string, Replaced[]]>([
  ["other columns", [columns(2), columns(3)]],
  ["rows of one, columns of the other", [rows(1), columns(1)]],
  ["rows of one alone", [rows(1), plain]],
  ["parts of rows", [0, 1].map((): Replaced => (x, d) => g.replace(x, d.normal([1, 2]), 0, [1], [0, 3]))],
  ["a matrix that is computed", [(x) => g.mul(x, 2), plain]],
])("%s: as it was", (_, replaced) => {
  expect(rule(sum(draw(1), ...replaced))).toBeNull();
});

test("products with transposed matrices, or by other rows, stay apart", () => {
  const d = draw(1);
  const [x, y] = [d.normal([2, 4]), d.normal([1, 4])];
  const product = (a: Value) => g.matmul(a, d.normal([4, WIDTH]));
  expect(rule(g.add(product(x), product(y)))).toBeNull();
  expect(rule(g.add(product(x), g.matmul(x, d.normal([WIDTH, 4]), { transposeB: true })))).toBeNull();
});
