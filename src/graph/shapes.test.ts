/** Shapes: equal to those of the interpreter's results, kept by name where sizes vary, and every complaint in one line. */
import { describe, expect, test } from "vitest";
import { draw } from "../../test/draw.ts";
import { cases } from "../../test/primitives.cases.ts";
import { interpret } from "../interpret/interpret.ts";
import * as g from "./ops.ts";
import type { Primitive, Shape } from "./primitive.ts";
import { broadcast, withAxis } from "./shapes.ts";
import type { Value } from "./value.ts";

test.each(Object.keys(cases) as Primitive[])("%s has the shape that the interpreter gives it", (name) => {
  for (let seed = 1; seed <= 20; seed++) {
    const drawn = draw(seed);
    const value = cases[name](drawn);
    expect(value.shape).toEqual(interpret([value], drawn.feeds)[0]!.shape);
  }
});

const x = g.input("x", ["batch", "sequence", 6]);
const ids = g.input("ids", ["batch", "sequence"], "int64");
const flag = g.input("flag", ["batch", 1], "bool");
const of = (...shape: Shape) => g.input("of", shape);
const integers = (...shape: Shape) => g.input("integers", shape, "int64");

test.each<[string, Value, string]>([
  ["broadcasting", g.add(of(1, 6), x), "float32 batch,sequence,6"],
  ["a comparison", g.equal(ids, 0), "bool batch,sequence"],
  ["a choice", g.select(flag, ids, 0), "int64 batch,sequence"],
  ["positions", g.iota(x, -2), "int64 sequence"],
  ["a count", g.count(x, [0, 1]), "float32 "],
  ["a sum", g.sum(x, [-1, 0]), "float32 sequence"],
  ["a mean that keeps its axes", g.mean(x, [1], true), "float32 batch,1,6"],
  ["heads", g.splitHeads(x, 2), "float32 batch,2,sequence,3"],
  ["merged heads", g.mergeHeads(g.splitHeads(x, 2)), "float32 batch,sequence,6"],
  ["tokens without padding", g.unpad(x, ids, "tokens"), "float32 1,tokens,6"],
  ["tokens with their padding", g.pad(of(1, "tokens", 6), ids), "float32 batch,sequence,6"],
  ["merged heads of tokens", g.unpadHeads(g.splitHeads(x, 2), ids, "tokens"), "float32 1,tokens,6"],
  ["heads of tokens", g.padHeads(of(1, "tokens", 6), ids, 2), "float32 batch,2,sequence,3"],
  ["a slice along a named axis", g.take(x, 1, [0]), "float32 batch,1,6"],
  ["rows of a table", g.gather(of(9, 4), ids), "float32 batch,sequence,4"],
  ["rows of all sequences", g.gatherRows(x, integers("asked")), "float32 asked,6"],
  ["rows put back", g.scatterRows(of("asked", 6), integers("asked"), x), "float32 batch,sequence,6"],
  ["losses of labels", g.negativeLogLikelihood(x, ids), "float32 batch,sequence"],
  ["a product", g.matmul(x, x, { transposeB: true }), "float32 batch,sequence,sequence"],
  ["a linear map", g.linear(x, of(4, 6), of(4)), "float32 batch,sequence,4"],
  ["a weight gradient", g.contract(g.take(x, 2, [0, 1]), x), "float32 2,6"],
  ["inverse deviations", g.inverseStd(x, 1e-5), "float32 batch,sequence,1"],
  ["an added axis", g.unsqueeze(x, -1), "float32 batch,sequence,6,1"],
])("names of sizes stay: %s", (_, { type, shape }, expected) => expect(`${type} ${shape.join(",")}`).toBe(expected));

test("withAxis counts from the back too", () => {
  expect(withAxis(["batch", 3], -1, "n")).toEqual(["batch", "n"]);
  expect(broadcast("add", ["n", 1], [4])).toEqual(["n", 4]);
});

const taken = (axis: number, indices: number[]) => g.take(of(4, 3), axis, indices);
const complaints: readonly [string, () => unknown][] = [
  ["add: the shapes [2, 3] and [2] do not fit", () => g.add(of(2, 3), of(2))],
  ["sub: the shapes [n] and [3] do not fit", () => g.sub(of("n"), of(3))],
  ["mul: the shapes [n] and [m] do not fit", () => g.mul(of("n"), of("m"))],
  ["div: the types float32 and int64 differ", () => g.div(of(2), integers(2))],
  ["equal: the shapes [2] and [3] do not fit", () => g.equal(of(2), of(3))],
  ["greater: the types float32 and int64 differ", () => g.greater(of(2), integers(2))],
  ["select: the shapes [2] and [3] do not fit", () => g.select(flag, of(2), of(3))],
  ["select: the shapes [batch, 1] and [2, 3] do not fit", () => g.select(flag, of(2, 3), of(3))],
  ["select: the types float32 and int64 differ", () => g.select(flag, of(3), integers(3))],
  ["expand: the shapes [2] and [3] do not fit", () => g.expand(of(2), of(3))],
  ["expand: the shapes [2, 3] and [3] do not fit", () => g.expand(of(2, 3), of(3))],
  ["squeeze: the shapes [2, 3] do not fit", () => g.squeeze(of(2, 3), 0)],
  ["squeeze: the shapes [n] do not fit", () => g.squeeze(of("n"), 0)],
  ["splitHeads: the shapes [2, 3, 6] do not fit", () => g.splitHeads(of(2, 3, 6), 4)],
  ["splitHeads: the shapes [2, 3, n] do not fit", () => g.splitHeads(of(2, 3, "n"), 2)],
  ["splitHeads: the shapes [2, 6] do not fit", () => g.splitHeads(of(2, 6), 2)],
  ["mergeHeads: the shapes [2, 3, 6] do not fit", () => g.mergeHeads(of(2, 3, 6))],
  ["mergeHeads: the shapes [2, heads, 3, 4] do not fit", () => g.mergeHeads(of(2, "heads", 3, 4))],
  ["mergeHeads: the shapes [2, 3, 4, width] do not fit", () => g.mergeHeads(of(2, 3, 4, "width"))],
  ["unpad: the shapes [2, 3, 6] and [2, 4] do not fit", () => g.unpad(of(2, 3, 6), integers(2, 4), 5)],
  ["unpad: the shapes [2, 6] and [2] do not fit", () => g.unpad(of(2, 6), integers(2), 2)],
  ["pad: the shapes [2, 5, 6] and [2, 4] do not fit", () => g.pad(of(2, 5, 6), integers(2, 4))],
  ["unpad: the shapes [2, 3, 6] and [2, 4] do not fit", () => g.unpadHeads(of(2, 3, 3, 2), integers(2, 4), 5)],
  ["splitHeads: the shapes [2, 4, 6] do not fit", () => g.padHeads(of(1, 5, 6), integers(2, 4), 4)],
  ["take: index 4 is outside axis 0 of [4, 3]", () => taken(0, [0, 4])],
  ["take: index -1 is outside axis -1 of [4, 3]", () => taken(-1, [-1])],
  ["take: index -1 is outside axis 0 of [n]", () => g.take(of("n"), 0, [-1])],
  ["put: index 4 is outside axis 0 of [4, 3]", () => g.put(of(1, 3), of(4, 3), 0, [4])],
  ["put: the shapes [2, 3] and [4, 3] do not fit", () => g.put(of(2, 3), of(4, 3), 0, [1])],
  ["replace: index 9 is outside axis 1 of [4, 3]", () => g.replace(of(4, 3), of(4, 1), 1, [9])],
  ["replace: the shapes [4, 3] and [1, 2] do not fit", () => g.replace(of(4, 3), of(1, 2), 0, [1])],
  ["replace: the types float32 and int64 differ", () => g.replace(of(4, 3), integers(1, 3), 0, [1])],
  ["scatterAdd: the shapes [2, 3] and [2] and [9, 4] do not fit", () => g.scatterAdd(of(2, 3), integers(2), of(9, 4))],
  [
    "scatterRows: the shapes [2, 3] and [2] and [5, 9, 4] do not fit",
    () => g.scatterRows(of(2, 3), integers(2), of(5, 9, 4)),
  ],
  [
    "scatterRows: the shapes [2, 4] and [3] and [5, 9, 4] do not fit",
    () => g.scatterRows(of(2, 4), integers(3), of(5, 9, 4)),
  ],
  [
    "scatterRows: the shapes [n, 4] and [m] and [9, 4] do not fit",
    () => g.scatterRows(of("n", 4), integers("m"), of(9, 4)),
  ],
  ["minusOneHot: the shapes [2, 3] and [3] do not fit", () => g.minusOneHot(of(2, 3), integers(3))],
  ["negativeLogLikelihood: the shapes [2, 3] and [3] do not fit", () => g.negativeLogLikelihood(of(2, 3), integers(3))],
  ["matmul: the shapes [2, 3] and [4, 5] do not fit", () => g.matmul(of(2, 3), of(4, 5))],
  ["matmul: the shapes [2, 3] and [3, 5] do not fit", () => g.matmul(of(2, 3), of(3, 5), { transposeB: true })],
  ["matmul: the shapes [7, 2, 3] and [8, 3, 5] do not fit", () => g.matmul(of(7, 2, 3), of(8, 3, 5))],
  ["matmul: the types float32 and int64 differ", () => g.matmul(of(2, 3), integers(3, 2))],
  ["linear: the shapes [2, 3] and [4, 5] and [4] do not fit", () => g.linear(of(2, 3), of(4, 5), of(4))],
  ["linear: the shapes [2, 5] and [4, 5] and [5] do not fit", () => g.linear(of(2, 5), of(4, 5), of(5))],
  ["linear: the shapes [2, 5] and [4, 5, 1] and [4] do not fit", () => g.linear(of(2, 5), of(4, 5, 1), of(4))],
  ["linear: the types float32 and float32 and int64 differ", () => g.linear(of(2, 5), of(4, 5), integers(4))],
  ["contract: the shapes [2, 3] and [3, 3] do not fit", () => g.contract(of(2, 3), of(3, 3))],
  ["contract: the types float32 and int64 differ", () => g.contract(of(2, 3), integers(2, 3))],
  ["layerNorm: the shapes [2, 3] and [2] and [3] do not fit", () => g.layerNorm(of(2, 3), of(2), of(3), 0)],
  ["layerNorm: the shapes [2, 3] and [3] and [2] do not fit", () => g.layerNorm(of(2, 3), of(3), of(2), 0)],
  ["axis 2 of a tensor of rank 2", () => taken(2, [0])],
  ["axis -3 of a tensor of rank 2", () => g.sum(of(4, 3), [-3])],
  ["axis 3 of a tensor of rank 3", () => g.unsqueeze(of(4, 3), 3)],
  ["axis 1 of a tensor of rank 1", () => g.squeeze(of(1), 1)],
  ["axis 1 of a tensor of rank 1", () => g.iota(of(1), 1)],
];

describe("complaints", () => {
  test.each(complaints)("%s", (message, make) => {
    let thrown: unknown = null;
    try {
      make();
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(Error);
    expect((thrown as Error).message).toBe(message);
  });
});
