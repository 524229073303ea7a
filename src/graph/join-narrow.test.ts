/** Joining narrow products changes no value, and leaves one product where several read one value. */
import { expect, test } from "vitest";
import { draw, worstDifference } from "../../test/draw.ts";
import { randomGraph } from "../../test/random-graph.ts";
import { gradients } from "../autodiff/gradients.ts";
import { interpret } from "../interpret/interpret.ts";
import { joinNarrow } from "./join-narrow.ts";
import * as g from "./ops.ts";
import type { Primitive } from "./primitive.ts";
import { simplify } from "./simplify.ts";
import { isOp, type Value } from "./value.ts";
import { topological } from "./walk.ts";

const count = (outputs: readonly Value[], ...ops: Primitive[]) =>
  topological(outputs).filter((value) => ops.some((op) => isOp(value, op))).length;

function expectSame(
  actual: readonly Value[],
  expected: readonly Value[],
  feeds: Parameters<typeof interpret>[1],
): void {
  expect(actual.map(({ shape, type }) => ({ shape, type }))).toEqual(
    expected.map(({ shape, type }) => ({ shape, type })),
  );
  const [values, others] = [interpret(actual, feeds), interpret(expected, feeds)];
  others.forEach(({ data }, i) => expect(worstDifference(values[i]!.data, data)).toBeLessThan(1e-12));
}

/** Query, key and value of which two rows each are apart, over one x, and the gradients of those rows and of x. */
function attention() {
  const d = draw(3);
  const x = d.normal([2, 3, 4]);
  const rows = [0, 1, 2].map(() => d.normal([2, 4]));
  const biases = [0, 1, 2].map(() => d.normal([2]));
  const [q, k, v] = rows.map((weight, i) => g.linear(x, weight, biases[i]!)) as [Value, Value, Value];
  const seen = g.matmul(g.softmax(g.matmul(q, k, { transposeB: true })), v);
  const loss = g.sum(g.mul(seen, seen), g.axesOf(seen));
  const wrt = [x, ...rows, ...biases];
  return { feeds: d.feeds, values: simplify([loss, ...gradients(loss, wrt).map((gradient) => gradient!)]) };
}

test("rows of query, key and value over one x are one product, and so are their gradients, whatever lies between", () => {
  const { feeds, values } = attention();
  const joined = joinNarrow(values);
  expectSame(joined, values, feeds);
  expect([count(values, "linear"), count(values, "contract")]).toEqual([3, 3]);
  expect([count(joined, "linear"), count(joined, "contract")]).toEqual([1, 1]);
});

test("products with transposed matrices are joined, as the first factors of LoRA", () => {
  const d = draw(1);
  const x = d.normal([2, 3, 4]);
  const values = [2, 3, 1].map((rank) => g.neg(g.matmul(x, d.normal([rank, 4]), { transposeB: true })));
  expectSame(joinNarrow(values), values, d.feeds);
  expect(count(joinNarrow(values), "matmul")).toBe(1);
});

test("what is wide, what reads another value and what one makes of the other stay apart", () => {
  const d = draw(1);
  const [x, other, square] = [d.normal([2, 4]), d.normal([2, 4]), d.normal([4, 4])];
  const times = (a: Value, b: Value) => g.matmul(a, b, { transposeB: true });
  const wide = [40, 40].map((n) => times(x, d.normal([n, 4])));
  const apart = [times(x, square), times(other, square), times(times(x, square), d.normal([4, 4]))];
  const values = [...wide, ...apart, g.matmul(x, square), g.matmul(x, d.normal([4, 3]))];
  expect(joinNarrow(values)).toEqual(values);
});

test.each(Array.from({ length: 30 }, (_, seed) => seed))("any graph keeps its values, seed %i", (seed) => {
  const d = draw(seed);
  const values = randomGraph(d);
  expectSame(joinNarrow(values), values, d.feeds);
});
