/** One optimizer step. */
import type { EncodedDataset } from "../data/encode.ts";
import { adamw } from "../optim/adamw.ts";
import { clipByGlobalNorm } from "../optim/clip.ts";
import { scheduleFactor } from "../optim/schedule.ts";
import type { Program } from "../runtime/runtime.ts";
import { commit, optimizerParameters } from "./adapt.ts";
import { createBatchGradient } from "./batch-gradient.ts";
import type { StepEvent } from "./events.ts";
import type { TrainingJob } from "./trainer.ts";

/** What an optimizer step reports of itself. */
export type UpdateReport = Pick<StepEvent, "loss" | "learningRate" | "gradientNorm">;

/** An optimizer step: `step` counts from 0; `batches` hold indices of the training data. */
export type Update = (step: number, batches: readonly Int32Array[]) => Promise<UpdateReport>;

/** The optimizer step over some batches: gradient, clipping, AdamW, and the trained numbers written through to the weights. */
export function createUpdate(
  { adapted, options, train: data }: Pick<TrainingJob, "adapted" | "options" | "train">,
  program: Program,
  steps: number,
): Update {
  const gradientOf = createBatchGradient(program, adapted, data, options);
  const optimizer = adamw(options.adamw);
  const parameters = optimizerParameters(adapted);
  const state = optimizer.init(parameters);
  return async (step, batches) => {
    const learningRate = options.learningRate * scheduleFactor(options.schedule, step, options.warmupSteps, steps);
    const { loss, gradients } = await gradientOf(batches);
    const gradientNorm = clipByGlobalNorm(gradients, options.maxGradNorm ?? Infinity);
    for (const [name, value] of Object.entries({ loss, "gradient's norm": gradientNorm })) {
      if (!Number.isFinite(value)) throw notFinite(`${name} is ${value}`, step + 1, learningRate, data, batches);
    }
    optimizer.update(parameters, gradients, state, learningRate);
    commit(adapted);
    return { loss, learningRate, gradientNorm };
  };
}

function notFinite(
  what: string,
  step: number,
  learningRate: number,
  { where, lines }: EncodedDataset,
  batches: readonly Int32Array[],
): Error {
  const shown = batches
    .flatMap((batch) => [...batch])
    .slice(0, 5)
    .map((i) => lines[i]);
  return new Error(
    `training: the ${what} at step ${step} (learning rate ${learningRate.toPrecision(3)}; batch of ${where} lines ${shown.join(", ")}, …); a lower --learning_rate is the usual remedy`,
  );
}
