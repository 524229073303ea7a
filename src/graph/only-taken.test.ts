/** Where few slices of a value are read, no more are computed, and what is computed stays the same. */
import { expect, test } from "vitest";
import { type Draw, draw } from "../../test/draw.ts";
import { expectSame, expectSameValueAndGradient } from "../../test/same-value.ts";
import { interpret } from "../interpret/interpret.ts";
import { INNER, layer as layerWith, linears, token, WIDTH } from "./layer.cases.ts";
import { onlyTaken } from "./only-taken.ts";
import * as g from "./ops.ts";
import type { Value } from "./value.ts";

/** A layer over x [3, 4, width]. */
const layer = (x: Value, d: Draw): Value => layerWith(x, d, d.normal([3, 1, 1, 4]));

test("of a layer whose first token is read, keys and values alone are made for every token", () => {
  const d = draw(1);
  const before = token(layer(layer(d.normal([3, 4, WIDTH]), d), d), 0);
  const [after] = onlyTaken([before]);
  expectSameValueAndGradient(after!, before, d.feeds);
  const all = [3, 4];
  expect(linears(after!)).toEqual([
    ...[WIDTH, WIDTH, WIDTH, WIDTH, INNER, WIDTH].map((width) => [...all, width]),
    [3, 1, WIDTH],
    [...all, WIDTH],
    [...all, WIDTH],
    ...[WIDTH, INNER, WIDTH].map((width) => [3, 1, width]),
  ]);
});

test.each<[string, (hidden: Value, d: Draw) => Value[]]>([
  ["two readers take different tokens", (hidden) => [token(hidden, 0), token(hidden, 1)]],
  ["one of the results is whole", (hidden) => [token(hidden, 0), hidden]],
  ["another reader reads it whole", (hidden) => [g.add(token(hidden, 0), g.mean(hidden, [1]))]],
  ["slices of the last axis are taken, over which a norm is computed", (hidden) => [g.take(hidden, -1, [0, 2])]],
])("all is computed where %s", (_, read) => {
  const d = draw(2);
  const before = read(layer(d.normal([3, 4, WIDTH]), d), d);
  const after = onlyTaken(before);
  expectSame(interpret(after, d.feeds), interpret(before, d.feeds));
  expect(linears(...after)).toEqual(linears(...before));
});

test("a slice that is taken twice is there twice, also of an axis of one", () => {
  const d = draw(4);
  for (const n of [1, 3]) {
    const before = [g.take(g.add(d.normal([2, n]), d.normal([2, n])), 1, [0, 0])];
    expectSame(interpret(onlyTaken(before), d.feeds), interpret(before, d.feeds));
  }
});

test("readers that take the same share what is computed", () => {
  const d = draw(3);
  const hidden = layer(d.normal([3, 4, WIDTH]), d);
  const after = onlyTaken([g.add(token(hidden, 2), g.tanh(token(hidden, 2)))]);
  expect(linears(...after).filter((shape) => shape[1] === 1)).toHaveLength(4);
});
