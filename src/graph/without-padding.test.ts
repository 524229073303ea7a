/** What is computed without padding is what it was for every token, and nothing is computed for padding but attention. */
import { describe, expect, test } from "vitest";
import { type Draw, draw } from "../../test/draw.ts";
import { expectSame, expectSameValueAndGradient } from "../../test/same-value.ts";
import { interpret } from "../interpret/interpret.ts";
import { INNER, layer, linears, token, WIDTH } from "./layer.cases.ts";
import * as g from "./ops.ts";
import type { Value } from "./value.ts";
import { topological } from "./walk.ts";
import { withoutPadding } from "./without-padding.ts";

const [BATCH, SEQUENCE, VOCABULARY] = [3, 4, 9];

/** Texts of such tokens, ones and zeros, and what hides padding in attention. */
function texts(
  d: Draw,
  marks: readonly (readonly number[])[],
): { ids: Value; mask: Value; bias: Value; count: number } {
  const mask = d.index([BATCH, SEQUENCE], 2) as Value<"input">;
  d.feeds[mask.attrs.name]!.data.set(marks.flat());
  const seen = g.cast(g.unsqueeze(g.unsqueeze(mask, 1), 1), "float32");
  return {
    ids: d.index([BATCH, SEQUENCE], VOCABULARY),
    mask,
    bias: g.mul(g.sub(1, seen), -1e9),
    count: marks.flat().filter((mark) => mark === 1).length,
  };
}

const masks: Readonly<Record<string, readonly (readonly number[])[]>> = {
  "at the right": [
    [1, 1, 1, 1],
    [1, 0, 0, 0],
    [1, 1, 1, 0],
  ],
  "at the left and between": [
    [0, 0, 1, 1],
    [1, 0, 1, 1],
    [1, 1, 1, 1],
  ],
  nowhere: [
    [1, 1, 1, 1],
    [1, 1, 1, 1],
    [1, 1, 1, 1],
  ],
};

/** Σ over the tokens of each text, which are all that is read. */
const sumOfTokens = (hidden: Value, mask: Value) =>
  g.squeeze(g.matmul(g.unsqueeze(g.cast(mask, "float32"), 1), hidden), 1);

const without = (outputs: readonly Value[], mask: Value, count: number, inner: readonly Value[] = []) =>
  withoutPadding(outputs, { mask, tokens: count }, inner);

describe.each(Object.entries(masks))("padding %s", (_, marks) => {
  test("is left out of two layers over embeddings, whose value and gradient stay", () => {
    const d = draw(1);
    const { ids, mask, bias, count } = texts(d, marks);
    const table = (rows: number) => d.normal([rows, WIDTH]);
    const places = g.gather(table(6), g.iota(ids, 1));
    const segments = g.gather(table(2), d.index([BATCH, SEQUENCE], 2));
    const words = g.gather(table(VOCABULARY), ids);
    const embedded = g.layerNorm(g.add(g.add(words, places), segments), d.normal([WIDTH]), d.normal([WIDTH]), 1e-5);
    const before = sumOfTokens(layer(layer(embedded, d, bias), d, bias), mask);
    const after = without([before], mask, count).outputs[0]!;
    expectSameValueAndGradient(after, before, d.feeds);
    const widths = [WIDTH, WIDTH, WIDTH, WIDTH, INNER, WIDTH];
    expect(linears(after)).toEqual([...widths, ...widths].map((width) => [1, count, width]));
    expect(topological([after]).filter(({ op }) => op === "splitHeads" || op === "mergeHeads")).toEqual([]);
  });

  test("is zero where something reads it all the same, and what is read of tokens is what it was", () => {
    const d = draw(2);
    const { ids, mask, bias, count } = texts(d, marks);
    const hidden = layer(g.gather(d.normal([VOCABULARY, WIDTH]), ids), d, bias);
    const zeroed = g.mul(hidden, g.cast(g.unsqueeze(mask, -1), "float32"));
    expectSame(interpret(without([hidden], mask, count).outputs, d.feeds), interpret([zeroed], d.feeds));
    const place = marks[0]!.indexOf(1);
    const first = g.take(token(hidden, place), 0, [0]);
    expectSameValueAndGradient(without([first], mask, count).outputs[0]!, first, d.feeds);
  });

  test.each<[string, (d: Draw, x: Value, mask: Value) => Value]>([
    ["the same for all", (d, x) => g.mul(x, d.normal([WIDTH]))],
    ["one number", (_, x) => g.mul(x, 3)],
    ["by its place", (d, x) => g.add(x, d.normal([SEQUENCE, WIDTH]))],
    ["by its place, with an axis for the texts", (d, x) => g.mul(d.normal([1, SEQUENCE, 1]), x)],
    ["by its text", (d, x) => g.mul(x, d.normal([BATCH, 1, WIDTH]))],
    ["by itself", (d, x) => g.select(g.greater(d.normal([BATCH, SEQUENCE, WIDTH]), 0), x, 0)],
    ["by its mask", (_, x, mask) => g.mul(x, g.cast(g.unsqueeze(mask, -1), "float32"))],
    [
      "by its text, whose axis stands elsewhere",
      (d, x) => g.mul(x, g.transpose(d.normal([BATCH, 1, SEQUENCE]), [0, 2, 1])),
    ],
    ["by a matrix of each text", (d, x) => g.matmul(x, d.normal([BATCH, WIDTH, WIDTH]))],
    ["by all tokens of its text", (_, x) => g.sub(x, g.mul(0.5, g.mean(x, [0, 1], true)))],
  ])("a token is changed %s", (name, change) => {
    const d = draw(3);
    const { ids, mask, count } = texts(d, marks);
    const x = g.gather(d.normal([VOCABULARY, WIDTH]), ids);
    const real = name === "by all tokens of its text" ? g.mul(x, g.cast(g.unsqueeze(mask, -1), "float32")) : x;
    const before = sumOfTokens(g.tanh(change(d, g.tanh(real), mask)), mask);
    expectSameValueAndGradient(without([before], mask, count).outputs[0]!, before, d.feeds);
  });
});

test("inner values are given without padding, and are what the outputs are made of", () => {
  const d = draw(4);
  const { ids, mask, bias, count } = texts(d, masks["at the right"]!);
  const entering = g.gather(d.normal([VOCABULARY, WIDTH]), ids);
  const before = sumOfTokens(layer(entering, d, bias), mask);
  const { outputs, inner } = without([before], mask, count, [entering, bias]);
  expect(inner.map(({ shape }) => shape)).toEqual([[1, count, WIDTH], bias.shape]);
  expect(topological(outputs)).toEqual(expect.arrayContaining(inner));
});

test("what a mask is made of keeps its padding, and so does what has no row for each token", () => {
  const d = draw(5);
  const { ids, mask, count } = texts(d, masks["at the right"]!);
  const x = g.gather(d.normal([VOCABULARY, WIDTH]), ids);
  const seen = g.cast(g.gather(g.cast(g.add(g.iota(d.normal([VOCABULARY]), 0), 1), "int64"), ids), "float32");
  const zeroed = g.mul(x, g.cast(g.unsqueeze(mask, -1), "float32"));
  const shorter = g.slice(zeroed, 1, 0, SEQUENCE - 1);
  const ofOthers = g.gather(zeroed, d.index([BATCH], BATCH));
  const outputs = [g.tanh(seen), g.tanh(shorter), ofOthers];
  expectSame(interpret(without(outputs, mask, count).outputs, d.feeds), interpret(outputs, d.feeds));
});

test("what is not made of embeddings stays as it is", () => {
  const mask = g.input("mask", ["batch", "sequence"], "int64");
  const positions = g.cos(g.unsqueeze(g.cast(mask, "float32"), -1));
  const other = g.gather(g.input("table", [5, 8]), g.input("rows", ["batch", "target"], "int64"));
  const outputs = [positions, g.tanh(other)];
  expect(withoutPadding(outputs, { mask, tokens: "tokens" }).outputs).toEqual(outputs);
});
