/** What RoCoFT's paper (Kowsher et al., ACL 2025) says of kernels, each claim a number that is to be above a bound. */
import { type StudiedTask, sets } from "../../../bench/kernel-study-runs.ts";
import { type Estimate, estimated, isAbove, type Verdict } from "./estimate.ts";
import {
  below,
  closeness,
  differences,
  drift,
  driftSteps,
  fineTuning,
  full,
  learnt,
  type Read,
  ridge,
  values,
  type View,
} from "./runs.ts";

/** The centred alignment from which on a kernel is called close. */
export const CLOSE = 0.9;
/** What a score may lose and still be called as good. */
export const MARGIN = 0.02;
/** The relative change up to which a kernel is said to stay, and training to be lazy. */
export const LAZY = 0.5;

/** What its numbers are. */
export type Unit = "alignment" | "alignment difference" | "accuracy difference" | "change";

export interface Claim {
  readonly letter: string;
  readonly says: string;
  /** When it holds. */
  readonly rule: string;
  /** The sets of parameters of which it can be asked. */
  readonly sets: readonly string[];
  /** The setting as it is looked at: with the head's part, below the head, or both. */
  readonly views: (view: View) => readonly View[];
  /** What it measures itself by, and cannot be told where that has learnt nothing. */
  readonly against?: { readonly name: string; readonly read: Read };
  /** One number a run. */
  readonly numbers: (view: View, set: string, of?: readonly StudiedTask[]) => number[];
  readonly bound: number;
  readonly unit: Unit;
}

const names = sets.map(({ name }) => name);
const others = names.filter((name) => name !== full);
const both = (view: View) => [view, ...below(view)];
const whole = (view: View) => [view];
const last = (view: View) => driftSteps(view).at(-1) ?? 0;
/** Of the set that has one row or column where this has three. */
const single = (set: string) => set.replace(/^3 (\w+)s$/, "1 $1");

/** The sets that the claims are made of. */
export const claimed: readonly string[] = ["1 row", "3 rows", "1 column", "3 columns"];

export const claims: readonly Claim[] = [
  {
    letter: "a",
    says: "The kernel of a few rows or columns is close to that of all parameters.",
    rule: `The centred alignment of the two kernels is above ${CLOSE}.`,
    sets: others,
    views: both,
    numbers: (view, set) => values(view, set, closeness),
    bound: CLOSE,
    unit: "alignment",
  },
  {
    letter: "b",
    says: "A kernel classifier scores with it as with the kernel of all parameters.",
    rule: `The accuracy of kernel ridge regression less that with the full kernel is above −${100 * MARGIN} points. The paper's gap is one to two points.`,
    sets: others,
    views: both,
    against: { name: "kernel ridge regression with the full kernel", read: [full, ridge] },
    numbers: (view, set, of) => differences(view, [set, ridge], [full, ridge], of),
    bound: -MARGIN,
    unit: "accuracy difference",
  },
  {
    letter: "c",
    says: "Fine-tuning a few rows or columns scores as fine-tuning all parameters.",
    rule: `The accuracy of fine-tuning less that of full fine-tuning is above −${100 * MARGIN} points.`,
    sets: others,
    views: whole,
    against: { name: "full fine-tuning", read: [full, fineTuning] },
    numbers: (view, set, of) => differences(view, [set, fineTuning], [full, fineTuning], of),
    bound: -MARGIN,
    unit: "accuracy difference",
  },
  {
    letter: "d",
    says: "A kernel classifier scores below fine-tuning of the same parameters.",
    rule: "The accuracy of fine-tuning less that of kernel ridge regression is above 0.",
    sets: others,
    views: whole,
    against: { name: "full fine-tuning", read: [full, fineTuning] },
    numbers: (view, set, of) => differences(view, [set, fineTuning], [set, ridge], of),
    bound: 0,
    unit: "accuracy difference",
  },
  {
    letter: "e",
    says: "Training is lazy: the kernel hardly moves.",
    rule: `The relative change of the kernel at the last step, ‖Kₜ − K₀‖ / ‖K₀‖, is below ${LAZY}; its mean is the geometric one, since sets differ by orders of magnitude.`,
    sets: names,
    views: whole,
    // The smaller, the better: what is above the bound is how many times the kernel would have to move further.
    numbers: (view, set) => values(view, set, drift(last(view))).map((change) => -Math.log(change)),
    bound: -Math.log(LAZY),
    unit: "change",
  },
  {
    letter: "f",
    says: "More rows come closer: three than one.",
    rule: "The centred alignment of three with the full kernel less that of one is above 0.",
    sets: ["3 rows", "3 columns"],
    views: both,
    numbers: (view, set) => differences(view, [set, closeness], [single(set), closeness]),
    bound: 0,
    unit: "alignment difference",
  },
];

export interface Finding {
  readonly verdict: Verdict;
  readonly estimate: Estimate;
}

/** What is found of a claim; undefined where it cannot be asked of the set, or nothing was learnt of any task. */
export function finding(claim: Claim, view: View, set: string): Finding | undefined {
  const of = claim.against && learnt(view, claim.against.read);
  const estimate = estimated(claim.numbers(view, set, of));
  return estimate.runs === 0 ? undefined : { verdict: isAbove(estimate, claim.bound), estimate };
}
