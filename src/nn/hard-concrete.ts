/**
 * Hard concrete gates (Louizos, Welling & Kingma, ICLR 2018): numbers from 0 to 1, both ends included, drawn so that a gradient
 * reaches the parameter log α that says how open a gate is.
 */
import { add, greater, input, log, mul, relu, select, sigmoid, sub } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import { UNIFORM } from "./dropout.ts";

/** What the drawn number is stretched to before it is clipped, and how near to 0 and 1 what it is drawn from may be. */
const [LOWER, UPPER] = [-1.5, 1.5];
const NEAREST = 1e-4;

/** A log α whose gate is open, or with the sign changed shut, whatever is drawn, and through which no gradient goes. */
export const SATURATED = 100;

const within = (x: Value, least: number, most: number): Value =>
  select(greater(x, most), most, select(greater(least, x), least, x));

/** s on (0, 1) stretched and clipped; outside no gradient goes through. */
const hardened = (s: Value): Value => {
  const stretched = add(mul(s, UPPER - LOWER), LOWER);
  return select(greater(stretched, 1), 1, relu(stretched));
};

/** Gates drawn by random numbers of their own, shaped as log α. */
export function drawnGates(logAlpha: Value, name: string): Value {
  const u = within(input(`${UNIFORM}${name}`, logAlpha.shape), NEAREST, 1 - NEAREST);
  return hardened(sigmoid(add(sub(log(u), log(sub(1, u))), logAlpha)));
}

/** Gates as evaluation has them, without chance. */
export function settledGates(logAlpha: Value): Value {
  return hardened(sigmoid(logAlpha));
}

/** The probability that a gate is not shut. */
export function openness(logAlpha: Value): Value {
  return sigmoid(sub(logAlpha, Math.log(-LOWER / UPPER)));
}

/** A gate of {@link drawnGates}, where `u` was drawn. */
export function gateAt(u: number, logAlpha: number): number {
  const drawn = Math.min(Math.max(u, NEAREST), 1 - NEAREST);
  const s = 1 / (1 + Math.exp(-(Math.log(drawn) - Math.log(1 - drawn) + logAlpha)));
  return Math.min(Math.max(s * (UPPER - LOWER) + LOWER, 0), 1);
}
