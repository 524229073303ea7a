/** Minima of smooth convex functions by Newton's method, damped (Boyd & Vandenberghe 2004, algorithm 9.5). */
import { plusScaled } from "../../tensor/vectors.ts";

/** A function to be minimised, of a vector. */
export interface ConvexFunction {
  /** What the function is at a point. */
  at(point: Float64Array): number;
  /** Newton's step from a point, −H⁻¹·gradient, and the slope along it, gradientᵀ·step. */
  step(point: Float64Array): { readonly step: Float64Array; readonly slope: number };
}

/** Armijo's share of the decrease that the slope promises, and what a step that falls short is multiplied by. */
const SUFFICIENT = 1e-4;
const BACKTRACK = 0.5;
const BACKTRACKS = 60;
/**
 * −slope is the square of Newton's decrement, twice what the quadratic would still fall by, and the next one is about its
 * square. Below this, relative to the value, the full step is the last; it is taken unasked, as rounding of the value
 * would hide the decrease.
 */
const LAST = 1e-12;
const STEPS = 100;

/**
 * The minimum, from a point on. The function should be of order 1 per example, as a sum of logistic losses is: the
 * tolerance is relative to its value, or to 1 where that is less. It also ends where rounding lets the function fall no
 * further, or after 100 steps.
 */
export function minimize(f: ConvexFunction, start: Float64Array): Float64Array {
  let point = start;
  let value = f.at(point);
  for (let k = 0; k < STEPS; k++) {
    const { step, slope } = f.step(point);
    if (-slope < LAST * Math.max(1, value)) return slope < 0 ? plusScaled(point, 1, step) : point;
    const length = lengthOf(f, point, value, step, slope);
    if (length === 0) break;
    point = plusScaled(point, length, step);
    value = f.at(point);
  }
  return point;
}

/** How much of a step to take: all of it, or the first part in halving that lets the function fall enough. */
function lengthOf(f: ConvexFunction, point: Float64Array, value: number, step: Float64Array, slope: number): number {
  let length = 1;
  for (let k = 0; k < BACKTRACKS; k++, length *= BACKTRACK)
    if (f.at(plusScaled(point, length, step)) <= value + SUFFICIENT * length * slope) return length;
  return 0;
}
