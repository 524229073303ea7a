/** Means of a few runs, how sure they are, and what that says of a bound. */
import { meanAndDeviation } from "../../../src/ntk/statistics.ts";

/** Student's t of 0.975 by degrees of freedom, from 1 on. */
const students = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
];

export interface Estimate {
  readonly runs: number;
  readonly mean: number;
  /** The ends of the interval of 95 %, −∞ and ∞ of fewer than two runs. */
  readonly low: number;
  readonly high: number;
}

/** The mean with its interval by Student's t; of more than 18 runs a little wider than need be. */
export function estimated(values: readonly number[]): Estimate {
  const runs = values.length;
  const { mean, deviation } = meanAndDeviation(values);
  if (deviation === undefined) return { runs, mean, low: -Infinity, high: Infinity };
  const reach = (students[Math.min(runs - 1, students.length) - 1]! * deviation) / Math.sqrt(runs);
  return { runs, mean, low: mean - reach, high: mean + reach };
}

export type Verdict = "holds" | "does not hold" | "undecided";

/** Whether what was estimated is above a bound, as far as the interval can say. */
export function isAbove({ low, high }: Estimate, bound: number): Verdict {
  return low > bound ? "holds" : high < bound ? "does not hold" : "undecided";
}
