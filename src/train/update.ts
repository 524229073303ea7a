/** One optimizer step. */
import type { EncodedDataset } from "../data/encode.ts";
import { adamw, type AdamWState, biasCorrection } from "../optim/adamw.ts";
import { clipByGlobalNorm } from "../optim/clip.ts";
import { scheduleFactor } from "../optim/schedule.ts";
import type { Dynamics } from "../peft/dynamics.ts";
import { random } from "../tensor/random.ts";
import { type AdaptedModel, commit, optimizerParameters } from "./adapt.ts";
import { batchGradient } from "./batch-gradient.ts";
import { dynamicsOf, stepMade, wholeGradients } from "./dynamics.ts";
import type { StepEvent } from "./events.ts";
import type { Batch } from "./objective.ts";
import type { TrainingOptions } from "./options.ts";
import type { Stage } from "./stages.ts";

/** What an optimizer step reports of itself. */
export type UpdateReport = Pick<StepEvent, "loss" | "learningRate" | "gradientNorm">;

export interface Updater {
  /** An optimizer step: `step` counts from 0; `batches` hold indices of the training data. */
  update(stage: Stage, step: number, batches: readonly Int32Array[]): Promise<UpdateReport>;
  readonly state: AdamWState;
  /** What the method keeps beside the optimizer. */
  readonly dynamics: Dynamics | null;
}

/**
 * The optimizer step over some batches: gradient, clipping, AdamW, and the trained numbers written through to the weights.
 * @param steps of the whole training, for the schedule
 * @param from the optimizer's state after the steps that are done already
 */
export function createUpdater(
  adapted: AdaptedModel,
  data: EncodedDataset,
  options: TrainingOptions,
  steps: number,
  from: AdamWState | null = null,
): Updater {
  const { seed, padTokenId } = options;
  const optimizer = adamw(options.adamw);
  const { headLearningRate: ofHead = null } = options;
  const parameters = optimizerParameters(adapted, ofHead === null ? 1 : ofHead / options.learningRate);
  const state = from ?? optimizer.init(parameters);
  const dynamics = dynamicsOf(adapted);
  return {
    state,
    dynamics,
    async update(stage, step, batches) {
      const { objective, program, noise } = stage;
      const learningRate = options.learningRate * scheduleFactor(options.schedule, step, options.warmupSteps, steps);
      const stream = random(seed, `batch ${step}`);
      const dice = random(seed, `noise ${step}`);
      const drawn = batches.map((examples) => {
        const batch = objective.batch(data, examples, { padTokenId, stream });
        return { ...batch, noise: noise(sizesOf(batch), dice) };
      });
      const at = { step: step + 1, totalSteps: steps };
      await dynamics?.beforeStep?.({
        ...at,
        gradients: (parameters) => wholeGradients(adapted, stage, drawn, parameters),
      });
      const { loss, gradients } = await batchGradient(program, adapted, drawn);
      const gradientNorm = clipByGlobalNorm(gradients, options.maxGradNorm ?? Infinity);
      for (const [name, value] of Object.entries({ loss, "gradient's norm": gradientNorm })) {
        if (!Number.isFinite(value)) throw notFinite(`${name} is ${value}`, step + 1, learningRate, data, batches);
      }
      optimizer.update(parameters, gradients, state, learningRate);
      commit(adapted);
      if (dynamics) {
        const correction = biasCorrection(options.adamw, state.step);
        const made = { ...at, gradients, state, biasCorrection: correction, noise: drawn.at(-1)!.noise };
        await dynamics.afterStep(stepMade(adapted, made));
        commit(adapted);
      }
      return { loss, learningRate, gradientNorm };
    },
  };
}

/** The sizes of a batch's named dimensions. */
function sizesOf({ feeds }: Batch): Readonly<Record<string, number>> {
  const [batch, sequence] = feeds["input_ids"]!.shape as [number, number];
  const target = feeds["decoder_input_ids"]?.shape[1];
  return { batch, sequence, ...(target !== undefined && { target }) };
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
