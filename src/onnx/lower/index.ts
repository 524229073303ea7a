/** The table of lowerings, put together from its families. */
import type { Primitive } from "../../graph/primitive.ts";
import type { Value } from "../../graph/value.ts";
import type { Emitter } from "../emitter.ts";
import { coding } from "./coding.ts";
import { elementwise } from "./elementwise.ts";
import { linear } from "./linear.ts";
import { movement } from "./movement.ts";
import { padding } from "./padding.ts";
import { reduction } from "./reduction.ts";
import type { Lowerings } from "./rules.ts";

/** Inputs are the graph's own; every other primitive has a row. */
export const lowerings: Lowerings<Exclude<Primitive, "input">> = {
  ...elementwise,
  ...reduction,
  ...movement,
  ...padding,
  ...linear,
  ...coding,
};

/** Writes the nodes of `value` by a table of lowerings and returns the name of the result. */
export function lower<P extends Exclude<Primitive, "input">>(
  value: Value<P>,
  emit: Emitter,
  table: Lowerings<Exclude<Primitive, "input">> = lowerings,
): string {
  return table[value.op](value, emit);
}
