/** How a training goes: the settings of the loop, under the names of the field. */
import type { MetricName } from "../metrics/registry.ts";
import type { AdamWOptions } from "../optim/adamw.ts";
import type { ScheduleName } from "../optim/schedule.ts";
import type { Objective } from "./objective.ts";

export interface TrainingOptions {
  readonly objective: Objective;
  /** What is learned before that, in turn, each for so many optimizer steps. */
  readonly curriculum: readonly { readonly objective: Objective; readonly steps: number }[];
  readonly seed: number;
  readonly learningRate: number;
  /** That of the head, where it is another. */
  readonly headLearningRate?: number | null;
  /** Whether the base model drops numbers in training as its configuration says. */
  readonly baseDropout?: boolean;
  /** Whether what a block computes is computed again for its gradient instead of being kept. */
  readonly gradientCheckpointing?: boolean;
  readonly schedule: ScheduleName;
  readonly warmupSteps: number;
  readonly adamw: AdamWOptions;
  /** The gradient's global norm is clipped to this; null leaves it. */
  readonly maxGradNorm: number | null;
  /** Examples of one run of the graph. */
  readonly batchSize: number;
  /** Whether a batch is of examples of like length; it is unless this is false. */
  readonly groupByLength?: boolean;
  /** Runs whose gradients make one optimizer step. */
  readonly gradientAccumulationSteps: number;
  readonly evalBatchSize: number;
  /** Passes over the data; fractions are allowed. */
  readonly epochs: number;
  /** Optimizer steps, overriding `epochs`; null does not. */
  readonly maxSteps: number | null;
  /** Steps between evaluations; null evaluates at the end of each epoch. */
  readonly evalSteps: number | null;
  /** Steps between checkpoints, besides those after each evaluation. */
  readonly saveSteps: number;
  /** Evaluations without a new best after which training stops; null never does. */
  readonly earlyStoppingPatience: number | null;
  readonly metrics: readonly MetricName[];
  /** The score whose best step is kept; of `loss` the lowest, of every other the highest. */
  readonly metricForBest: string;
  readonly padTokenId: number;
}

/** Optimizer steps of one pass over `examples`. */
export function stepsPerEpoch(
  examples: number,
  { batchSize, gradientAccumulationSteps }: Pick<TrainingOptions, "batchSize" | "gradientAccumulationSteps">,
): number {
  return Math.ceil(Math.ceil(examples / batchSize) / gradientAccumulationSteps);
}

/** Optimizer steps of the whole training. */
export function totalSteps(
  examples: number,
  options: Pick<TrainingOptions, "batchSize" | "gradientAccumulationSteps" | "epochs" | "maxSteps">,
): number {
  return options.maxSteps ?? Math.ceil(options.epochs * stepsPerEpoch(examples, options));
}
