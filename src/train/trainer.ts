/** The training loop. */
import type { EncodedDataset } from "../data/encode.ts";
import type { Program, Runtime } from "../runtime/runtime.ts";
import type { AdaptedModel } from "./adapt.ts";
import { keepBest, setTrained, trainedNumbers } from "./best.ts";
import { epochBatches } from "./epoch.ts";
import type { CheckpointEvent, EndEvent, EvaluationEvent, TrainingEvent } from "./events.ts";
import { stepsPerEpoch, totalSteps, type TrainingOptions } from "./options.ts";
import { restoreDynamics } from "./dynamics.ts";
import { createStages, type Stages } from "./stages.ts";
import { evaluationPass } from "./step.ts";
import type { TrainingState } from "./state.ts";
import { stopwatch } from "./stopwatch.ts";
import { createUpdater } from "./update.ts";

export interface TrainingJob {
  readonly adapted: AdaptedModel;
  readonly runtime: Runtime;
  readonly train: EncodedDataset;
  /** Without it nothing is evaluated, and the last step's weights are kept. */
  readonly validation: EncodedDataset | null;
  readonly options: TrainingOptions;
  /** Where an earlier training of the same job stood, to go on from. */
  readonly from?: TrainingState | null;
  /** Aborting it ends the training after the step or the batch of evaluation under way, with what is best so far kept. */
  readonly signal?: AbortSignal;
}

/**
 * Trains in place and reports as it goes. When it ends the weights are those of the best evaluation, or of the last step where
 * there was none. The same seed gives the same weights, bit for bit, on the same processor, interrupted and resumed or not.
 * @throws Error when there is nothing to train on, or a loss or gradient is not finite, before that step changes anything.
 */
export async function* train(job: TrainingJob): AsyncGenerator<TrainingEvent, EndEvent> {
  const { adapted, runtime, options, validation } = job;
  if (job.train.lengths.length === 0)
    throw new Error(`${job.train.where}: no examples, expected at least one to train on`);
  const stages = createStages(adapted, runtime, options);
  const evaluation = validation ? await runtime.compile(evaluationPass(adapted, options.objective.evaluation)) : null;
  try {
    return yield* loop(job, stages, evaluation);
  } finally {
    await stages.dispose();
    await evaluation?.dispose();
  }
}

async function* loop(
  job: TrainingJob,
  stages: Stages,
  evaluation: Program | null,
): AsyncGenerator<TrainingEvent, EndEvent> {
  const { adapted, options, signal, runtime, from = null } = job;
  const { lengths } = job.train;
  const steps = totalSteps(lengths.length, options);
  const perEpoch = stepsPerEpoch(lengths.length, options);
  const updater = createUpdater(adapted, job.train, options, steps, from?.optimizer);
  if (from) {
    setTrained(adapted, from);
    restoreDynamics(updater.dynamics, from.dynamics);
  }
  const best = keepBest(adapted, options.metricForBest, from?.best);
  const clock = stopwatch(from?.clock);
  let { step, evaluationDue } = from ?? { step: 0, evaluationDue: false };

  const checkpoint = (): CheckpointEvent => {
    const kept = { optimizer: updater.state, dynamics: updater.dynamics?.state ?? {}, best: best.state };
    const state = { step, evaluationDue, ...trainedNumbers(adapted), ...kept, clock: clock.state() };
    return { type: "checkpoint", step, state };
  };
  const evaluateIfDue = async function* (): AsyncGenerator<EvaluationEvent> {
    const event = evaluationDue ? await evaluate(job, evaluation!, { step, epoch: step / perEpoch }) : null;
    if (event === null) return;
    evaluationDue = false;
    clock.exclude(event.seconds);
    const isProvisional = updater.dynamics?.isProvisional?.(step, steps) ?? false;
    yield { ...event, best: !isProvisional && best.offer(step, event.scores) };
  };
  const isStopping = () => (best.state?.sinceBest ?? 0) >= (options.earlyStoppingPatience ?? Infinity);

  yield* evaluateIfDue();
  for (const batches of stepBatches(lengths, step, steps, options)) {
    if (signal?.aborted || isStopping()) break;
    const done = await updater.update(await stages.at(step), step, batches);
    step++;
    const tokens = batches.flatMap((batch) => Array.from(batch, (i) => lengths[i]!));
    const rates = clock.rates(step, steps, tokens);
    const epoch = step / perEpoch;
    evaluationDue = evaluation !== null && isEvaluationStep(step, steps, perEpoch, options);
    const isCheckpoint = evaluationDue || step % options.saveSteps === 0;
    yield { type: "step", step, totalSteps: steps, epoch, ...done, ...rates, residentBytes: runtime.residentBytes() };
    yield* evaluateIfDue();
    if (isCheckpoint && step < steps && !signal?.aborted) yield checkpoint();
  }

  const interrupted = signal?.aborted && (step < steps || evaluationDue);
  if (interrupted) yield checkpoint();
  best.restore();
  const end: EndEvent = {
    type: "end",
    reason: interrupted ? "interrupted" : step < steps ? "early stopping" : "finished",
    step,
    bestStep: best.state?.step ?? null,
    bestScores: best.state?.scores ?? null,
    secondsElapsed: clock.elapsed(),
  };
  yield end;
  return end;
}

/** The batches of each optimizer step from step `from` on, epoch after epoch, each epoch in an order of its own. */
function* stepBatches(
  lengths: Int32Array,
  from: number,
  steps: number,
  options: TrainingOptions,
): Generator<Int32Array[]> {
  const { gradientAccumulationSteps: perStep } = options;
  const perEpoch = stepsPerEpoch(lengths.length, options);
  for (let step = from; step < steps;) {
    const batches = epochBatches(lengths, Math.floor(step / perEpoch), options);
    for (let i = (step % perEpoch) * perStep; i < batches.length && step < steps; i += perStep, step++)
      yield batches.slice(i, i + perStep);
  }
}

function isEvaluationStep(step: number, steps: number, perEpoch: number, { evalSteps }: TrainingOptions): boolean {
  return step === steps || step % (evalSteps ?? perEpoch) === 0;
}

/** Scores of the validation data; null when the signal is aborted before they are known. */
async function evaluate(
  { adapted, validation, options, signal }: TrainingJob,
  program: Program,
  at: { step: number; epoch: number },
): Promise<Omit<EvaluationEvent, "best"> | null> {
  const start = performance.now();
  const { objective, evalBatchSize: batchSize, padTokenId, metrics } = options;
  try {
    const scores = await objective.score(program, adapted.feeds, validation!, {
      batchSize,
      padTokenId,
      metrics,
      signal,
    });
    return { type: "evaluation", ...at, scores, seconds: (performance.now() - start) / 1000 };
  } catch (error) {
    if (signal?.aborted) return null;
    throw error;
  }
}
