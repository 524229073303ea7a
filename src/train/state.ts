/** Where a training stands: with it and the same job, another process goes on to the same end, bit for bit. */
import type { AdamWState } from "../optim/adamw.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Scores } from "./events.ts";

/** The best evaluation so far. */
export interface BestState {
  readonly step: number;
  readonly scores: Scores;
  /** Evaluations since. */
  readonly sinceBest: number;
  /** The trained numbers that gave it, one array a trained tensor. */
  readonly trained: readonly Float32Array[];
}

/** What rates and times are computed from. */
export interface ClockState {
  readonly secondsElapsed: number;
  /** Of these, spent on other things than training steps. */
  readonly secondsExcluded: number;
  readonly examples: number;
  readonly tokens: number;
}

/**
 * The whole state, apart from what the job says: data, settings and seed, from which every random stream of a later step
 * follows.
 */
export interface TrainingState {
  /** Optimizer steps done. */
  readonly step: number;
  /** Whether the evaluation due after that step is still to come, because an interruption cut it off. */
  readonly evaluationDue: boolean;
  /** The trained numbers, one array a trained tensor. */
  readonly trained: readonly Float32Array[];
  readonly optimizer: AdamWState;
  /** What the method keeps beside the optimizer, by name. */
  readonly dynamics: Readonly<Record<string, Tensor<"float32">>>;
  readonly best: BestState | null;
  readonly clock: ClockState;
}
