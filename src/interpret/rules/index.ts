/** The meaning of every primitive, in float64 loops: the definition that pullbacks and lowerings are held against. */
import type { Primitive } from "../../graph/primitive.ts";
import { coding } from "./coding.ts";
import { elementwise } from "./elementwise.ts";
import { linear } from "./linear.ts";
import type { Meanings } from "./meaning.ts";
import { movement } from "./movement.ts";
import { padding } from "./padding.ts";
import { reduction } from "./reduction.ts";

/** Inputs are fed; every other primitive has a row. */
export const meanings: Meanings<Exclude<Primitive, "input">> = {
  ...elementwise,
  ...reduction,
  ...movement,
  ...padding,
  ...linear,
  ...coding,
};
