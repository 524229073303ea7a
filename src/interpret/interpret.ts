/** Runs a graph in float64, slowly and plainly: the oracle for everything else. */
import { isOp, type Value } from "../graph/value.ts";
import type { Primitive } from "../graph/primitive.ts";
import { topological } from "../graph/walk.ts";
import type { Array64 } from "./array.ts";
import { meanings } from "./rules/index.ts";

/**
 * The outputs' arrays, given an array for each input by name.
 * @throws Error when an input is not given.
 */
export function interpret(outputs: readonly Value[], feeds: Readonly<Record<string, Array64>>): Array64[] {
  const results = new Map<Value, Array64>();
  for (const value of topological(outputs)) {
    const operands = (value.operands as readonly Value[]).map((x) => results.get(x)!);
    results.set(value, isOp(value, "input") ? fed(value.attrs.name, feeds) : meaningOf(value, operands));
  }
  return outputs.map((value) => results.get(value)!);
}

function fed(name: string, feeds: Readonly<Record<string, Array64>>): Array64 {
  const array = feeds[name];
  if (!array) throw new Error(`interpret: input ${name} is not fed (fed: ${Object.keys(feeds).join(", ")})`);
  return array;
}

function meaningOf<P extends Exclude<Primitive, "input">>(
  value: Value<P> | Value,
  operands: readonly Array64[],
): Array64 {
  const { op } = value as Value<P>;
  return meanings[op](operands, value as Value<P>);
}
