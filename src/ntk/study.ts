/** What a kernel study found, as plain data: JSON keeps it beside the kernels, the report is made of it alone. */
import type { KernelComparison, KernelDescription } from "./comparison/measures.ts";

/** One model and one task, by several sets of trained parameters, on one or several splits of the data. */
export interface KernelStudy {
  readonly title: string;
  /** What was studied, in the order in which it is to be read: model, task, setting and the like. */
  readonly settings: Readonly<Record<string, string | number>>;
  /** What scores are, by its name among the metrics. */
  readonly metric: string;
  readonly classes: readonly string[];
  /** The order of all tables and pictures. */
  readonly parameterSets: readonly ParameterSet[];
  /** The name of the set that the others are compared with, if they are. */
  readonly reference?: string;
  /** The names of classifiers, fine-tuning among them, in the order of their columns. */
  readonly classifiers: readonly string[];
  readonly splits: readonly StudySplit[];
  /** Paragraphs: what to keep in mind when reading. */
  readonly notes: readonly string[];
}

export interface ParameterSet {
  readonly name: string;
  /** How many numbers are trained. */
  readonly parameters: number;
}

/** One choice of training and test inputs, and what it gave. */
export interface StudySplit {
  /** Such as `seed 13`. */
  readonly name: string;
  /** The class of each training input. */
  readonly labels: readonly number[];
  readonly testInputs: number;
  /** By the name of the set of parameters; a set that is missing was not measured here. */
  readonly kernels: Readonly<Record<string, StudiedKernel>>;
}

/** The kernel of one set of parameters between the training inputs of one split, and what was learnt with it. */
export interface StudiedKernel {
  readonly description: Saved<KernelDescription>;
  /** With the reference's kernel, which has none itself. */
  readonly comparison?: Saved<KernelComparison>;
  /** On the test inputs, from 0 to 1 or −1 to 1, by classifier; one that is missing was not tried. */
  readonly scores: Readonly<Record<string, number>>;
  /** While these parameters were trained, from step 0 on. */
  readonly drift?: readonly DriftPoint[];
  /** The trace kernel [n, n], one row after the other, for its picture; of one split at least where pictures are wanted. */
  readonly traceKernel?: readonly number[];
}

/** The kernel at a step of training beside the one at initialisation. */
export interface DriftPoint {
  readonly step: number;
  /** ‖Kₜ − K₀‖ / ‖K₀‖. */
  readonly relativeDistance: number;
}

/** As JSON gives it back: a number that was NaN, since nothing can be measured, is null. */
export type Saved<T> = { readonly [K in keyof T]: T[K] extends number ? number | null : T[K] };

/** The kernels of a set of parameters, one for each split that has it. */
export function kernelsOf({ splits }: KernelStudy, parameterSet: string): StudiedKernel[] {
  return splits.flatMap(({ kernels }) => kernels[parameterSet] ?? []);
}
