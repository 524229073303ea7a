/** The table of pullbacks, put together from its families. */
import type { Primitive } from "../../graph/primitive.ts";
import type { Value } from "../../graph/value.ts";
import { coding } from "./coding.ts";
import { elementwise } from "./elementwise.ts";
import { linear } from "./linear.ts";
import { movement } from "./movement.ts";
import { padding } from "./padding.ts";
import { reduction } from "./reduction.ts";
import type { Pullbacks } from "./rules.ts";

export const vjps: Pullbacks<Primitive> = {
  ...elementwise,
  ...reduction,
  ...movement,
  ...padding,
  ...linear,
  ...coding,
};

/** A cotangent for each operand of `y`, from the cotangent `dy` of y. */
export function pullback<P extends Primitive>(dy: Value, y: Value<P>): readonly (Value | null)[] {
  return vjps[y.op](dy, y);
}
