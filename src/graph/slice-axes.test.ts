/** Slices of a primitive's result are what it makes of slices of its operands, along the axes that are named. */
import { expect, test } from "vitest";
import { type Draw, draw } from "../../test/draw.ts";
import { cases } from "../../test/primitives.cases.ts";
import { expectSameValueAndGradient } from "../../test/same-value.ts";
import { take } from "./ops.ts";
import type { Primitive } from "./primitive.ts";
import { sliceAxes, sliceRules } from "./slice-axes.ts";
import { apply, type Value } from "./value.ts";
import { topological } from "./walk.ts";

/** Tries every way of slicing a random `y`; gives whether there was one. */
function isSliced(y: Value, drawn: Draw): boolean {
  const ways = y.shape.flatMap((n, axis) => {
    const axes = sliceAxes(y, axis);
    return axes ? [{ n: Number(n), axis, axes }] : [];
  });
  for (const { n, axis, axes } of ways) {
    const indices = drawn.indices(n);
    const operands = (y.operands as readonly Value[]).map((x, i) =>
      axes[i] === null ? x : take(x, axes[i]!, indices),
    );
    expectSameValueAndGradient(apply(y.op, operands as never, y.attrs), take(y, axis, indices), drawn.feeds);
  }
  return ways.length > 0;
}

test("slices of every primitive that has a rule are made of slices", () => {
  const sliced = new Set<Primitive>();
  for (const make of Object.values(cases))
    for (let seed = 1; seed <= 20; seed++) {
      const drawn = draw(seed);
      for (const y of topological([make(drawn)])) if (isSliced(y, drawn)) sliced.add(y.op);
    }
  expect([...sliced].toSorted()).toEqual(Object.keys(sliceRules).toSorted());
});
