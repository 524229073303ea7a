/** Where a training stands: with it and the same job, another process goes on to the same end, bit for bit. */
import type { AdamWState } from "../optim/adamw.ts";
import type { Tensor } from "../tensor/tensor.ts";
import type { Scores } from "./events.ts";

/** What has been trained, at some moment. */
export interface TrainedNumbers {
  /** The trained numbers, one array a trained tensor. */
  readonly trained: readonly Float32Array[];
  /** Where they stand, by name, of the tensors whose entries move. */
  readonly entries: Readonly<Record<string, Int32Array>>;
}

/** The best evaluation so far, and what had been trained then. */
export interface BestState extends TrainedNumbers {
  readonly step: number;
  readonly scores: Scores;
  /** Evaluations since. */
  readonly sinceBest: number;
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
export interface TrainingState extends TrainedNumbers {
  /** Optimizer steps done. */
  readonly step: number;
  /** Whether the evaluation due after that step is still to come, because an interruption cut it off. */
  readonly evaluationDue: boolean;
  readonly optimizer: AdamWState;
  /** What the method keeps beside the optimizer, by name. */
  readonly dynamics: Readonly<Record<string, Tensor<"float32">>>;
  readonly best: BestState | null;
  readonly clock: ClockState;
}
