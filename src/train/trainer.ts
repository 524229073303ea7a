/** The training loop. */
import { lengthGroupedBatches } from "../data/batches.ts";
import type { EncodedDataset } from "../data/encode.ts";
import type { Program, Runtime } from "../runtime/runtime.ts";
import { random } from "../tensor/random.ts";
import type { AdaptedModel } from "./adapt.ts";
import { keepBest } from "./best.ts";
import { predict, score } from "./evaluate.ts";
import type { EndEvent, EvaluationEvent, TrainingEvent } from "./events.ts";
import { stepsPerEpoch, totalSteps, type TrainingOptions } from "./options.ts";
import { forwardPass, trainingStep } from "./step.ts";
import { createUpdate } from "./update.ts";

export interface TrainingJob {
  readonly adapted: AdaptedModel;
  readonly runtime: Runtime;
  readonly train: EncodedDataset;
  /** Without it nothing is evaluated, and the last step's weights are kept. */
  readonly validation: EncodedDataset | null;
  readonly options: TrainingOptions;
  /** Aborting it ends the training after the step or the batch of evaluation under way, with what is best so far kept. */
  readonly signal?: AbortSignal;
}

/**
 * Trains in place and reports as it goes. When it ends the weights are those of the best evaluation, or of the last step where
 * there was none. The same seed gives the same weights, bit for bit, on the same processor.
 * @throws Error when there is nothing to train on, or a loss or gradient is not finite, before that step changes anything.
 */
export async function* train(job: TrainingJob): AsyncGenerator<TrainingEvent, EndEvent> {
  const { adapted, runtime, options } = job;
  if (job.train.lengths.length === 0)
    throw new Error(`${job.train.where}: no examples, expected at least one to train on`);
  const program = await runtime.compile(trainingStep(adapted, options.objective));
  const forward = job.validation ? await runtime.compile(forwardPass(adapted)) : null;
  try {
    return yield* loop(job, program, forward);
  } finally {
    await program.dispose();
    await forward?.dispose();
  }
}

async function* loop(
  job: TrainingJob,
  program: Program,
  forward: Program | null,
): AsyncGenerator<TrainingEvent, EndEvent> {
  const { adapted, options, signal, runtime } = job;
  const steps = totalSteps(job.train.lengths.length, options);
  const perEpoch = stepsPerEpoch(job.train.lengths.length, options);
  const update = createUpdate(job, program, steps);
  const best = keepBest(adapted, options.metricForBest);
  const clock = stopwatch();
  let reason: EndEvent["reason"] = "finished";
  let step = 0;

  for (const batches of stepBatches(job.train.lengths, steps, options)) {
    if (signal?.aborted) reason = "interrupted";
    if (reason !== "finished") break;
    const done = await update(step++, batches);
    const epoch = step / perEpoch;
    yield {
      type: "step",
      step,
      totalSteps: steps,
      epoch,
      ...done,
      ...clock.rates(step, steps, batches, job.train.lengths),
      residentBytes: runtime.residentBytes(),
    };
    if (forward && isEvaluationStep(step, steps, perEpoch, options)) {
      const evaluation = await evaluate(job, forward, { step, epoch });
      if (evaluation === null) {
        reason = "interrupted";
        break;
      }
      const isBest = best.offer(step, evaluation.scores);
      clock.exclude(evaluation.seconds);
      yield { ...evaluation, best: isBest };
      if (best.sinceBest >= (options.earlyStoppingPatience ?? Infinity)) reason = "early stopping";
    }
  }
  best.restore();
  const end: EndEvent = {
    type: "end",
    reason,
    step,
    bestStep: best.step,
    bestScores: best.scores,
    secondsElapsed: clock.elapsed(),
  };
  yield end;
  return end;
}

/** The batches of each optimizer step, epoch after epoch, each epoch in an order of its own. */
function* stepBatches(
  lengths: Int32Array,
  steps: number,
  { seed, batchSize, gradientAccumulationSteps: perStep }: TrainingOptions,
): Generator<Int32Array[]> {
  for (let epoch = 0, step = 0; step < steps; epoch++) {
    const batches = lengthGroupedBatches(lengths, batchSize, random(seed, `epoch ${epoch}`));
    for (let i = 0; i < batches.length && step < steps; i += perStep, step++) yield batches.slice(i, i + perStep);
  }
}

function isEvaluationStep(step: number, steps: number, perEpoch: number, { evalSteps }: TrainingOptions): boolean {
  return step === steps || step % (evalSteps ?? perEpoch) === 0;
}

/** Scores of the validation data; null when the signal is aborted before they are known. */
async function evaluate(
  { adapted, validation, options, signal }: TrainingJob,
  forward: Program,
  at: { step: number; epoch: number },
): Promise<Omit<EvaluationEvent, "best"> | null> {
  const start = performance.now();
  const { evalBatchSize: batchSize, padTokenId } = options;
  const predicted = predict(forward, adapted.weights, validation!, { batchSize, padTokenId, signal });
  const logits = await predicted.catch((error: unknown) => {
    if (signal?.aborted) return null;
    throw error;
  });
  if (logits === null) return null;
  const scores = score(logits, validation!.labels, options.objective, options.metrics);
  return { type: "evaluation", ...at, scores, seconds: (performance.now() - start) / 1000 };
}

/** Elapsed time, and the rates of training so far; evaluations are left out of the rates. */
function stopwatch() {
  const start = performance.now();
  let excluded = 0;
  let examples = 0;
  let tokens = 0;
  const elapsed = () => (performance.now() - start) / 1000;
  return {
    elapsed,
    exclude: (seconds: number) => void (excluded += seconds),
    rates(step: number, steps: number, batches: readonly Int32Array[], lengths: Int32Array) {
      for (const batch of batches) {
        examples += batch.length;
        for (const example of batch) tokens += lengths[example]!;
      }
      const secondsElapsed = elapsed();
      const training = secondsElapsed - excluded;
      return {
        examplesPerSecond: examples / training,
        tokensPerSecond: tokens / training,
        secondsElapsed,
        secondsLeft: (training / step) * (steps - step),
      };
    },
  };
}
