/** What is measured: kernels, of several sets in one pass where they allow it, and what classifiers and training make of them. */
import { collate } from "../../data/collate.ts";
import type { EncodedDataset } from "../../data/encode.ts";
import { sub, take } from "../../graph/ops.ts";
import { metrics } from "../../metrics/registry.ts";
import type { KernelClassifierName } from "../../ntk/classifiers/classifier.ts";
import { predictedClasses } from "../../ntk/classifiers/parts.ts";
import { kernelClassifiers } from "../../ntk/classifiers/registry.ts";
import { relativeDistance } from "../../ntk/comparison/frobenius.ts";
import { type EmpiricalKernel, empiricalKernels, type KernelOptions } from "../../ntk/empirical-kernel.ts";
import { compileJacobian, type Jacobian, jacobianGraph, type OutputsOf } from "../../ntk/jacobian.ts";
import type { Kernel } from "../../ntk/kernel.ts";
import type { DriftPoint } from "../../ntk/study.ts";
import type { Tensors } from "../../runtime/runtime.ts";
import type { AdaptedModel } from "../../train/adapt.ts";
import { evaluationPass } from "../../train/step.ts";
import { train } from "../../train/trainer.ts";
import type { AttachedSet, Member } from "./member.ts";
import { kernelBytes } from "./open-split.ts";

/** Whether a set trains numbers of float32 weights alone, so that it computes what every other such set does. */
export const isInPlace = ({ attachment: { added, inputs, sites }, stored }: AdaptedModel): boolean =>
  added.length === 0 && inputs === undefined && sites === undefined && stored.size === 0;

/**
 * Compiles the Jacobian of models over the same weights; `member` says of which outputs, and over which tensors.
 * @param sets several only where all are {@link isInPlace}
 */
export async function withJacobian<T>(
  member: Member,
  sets: readonly AttachedSet[],
  use: (jacobian: Jacobian) => Promise<T>,
): Promise<T> {
  const { name, ntk, options, examples, isTaken } = member;
  const models = sets.map(({ adapted }) => adapted);
  const outputsOf: OutputsOf = (forward) => {
    const logits = options.objective.evaluation(forward)["logits"]!;
    return ntk.binary_classification ? sub(take(logits, -1, [1]), take(logits, -1, [0])) : logits;
  };
  const tokens = [...examples.train.lengths, ...examples.test.lengths].reduce((a, b) => Math.max(a, b), 0);
  const graph = jacobianGraph(models, outputsOf, tokens, isTaken);
  if (graph.forms.some((forms) => forms.length === 0)) throw new Error(`${name}: no output depends on what it trains`);
  const jacobian = await compileJacobian(models, graph, sets[0]!.runtime);
  try {
    return await use(jacobian);
  } finally {
    await jacobian.dispose();
  }
}

/** The kernels of a Jacobian's models as their weights stand now. */
export function kernelsOf(
  { examples, runtime, options: { padTokenId }, ntk }: Member,
  jacobian: Jacobian,
  { withTest = true, ...options }: KernelOptions & { readonly withTest?: boolean } = {},
): Promise<EmpiricalKernel[]> {
  const inputsOf = ({ encodings }: EncodedDataset): Tensors[] =>
    encodings.map((encoding) => ({ ...collate([encoding], { padTokenId }) }));
  const [train, test] = [inputsOf(examples.train), withTest ? inputsOf(examples.test) : []];
  const kernels = jacobian.forms.length * kernelBytes(train.length, test.length, jacobian.outputs);
  const memoryBytes = ntk.memory_mib * 2 ** 20 - kernels;
  return empiricalKernels(jacobian, runtime, train, test, { formula: ntk.kernel_formula, memoryBytes, ...options });
}

/** What a kernel classifier scores on the test examples. */
export function classify(
  name: KernelClassifierName,
  kernel: EmpiricalKernel,
  { examples, classes, metric, ntk }: Member,
): number {
  const initial = ntk.adjust_for_init ? { initial: kernel.trainLogits } : {};
  const labels = Int32Array.from(examples.train.labels);
  const fitted = kernelClassifiers[name].fit({ kernel: kernel.train, labels, classes, ...initial });
  const scores = fitted.predict(kernel.test, ntk.adjust_for_init ? kernel.testLogits : undefined);
  return metrics[metric].compute(examples.test.labels, predictedClasses(scores, classes));
}

export interface FineTuned {
  /** Of the weights that validated best, on the test examples. */
  readonly score: number;
  readonly drift: readonly DriftPoint[];
}

/**
 * Trains a set on the examples of its split, and looks at its kernel on the way.
 * @param before the kernel between the training inputs at initialisation
 */
export async function fineTune(
  member: Member,
  before: Kernel,
  { signal, onStep }: { signal?: AbortSignal | undefined; onStep?: (step: number, total: number) => void } = {},
): Promise<FineTuned> {
  const { options, examples, ntk } = member;
  const set = await member.attach(() => member.weights());
  const drift: DriftPoint[] = [{ step: 0, relativeDistance: 0 }];
  const run = async (kernelNow: () => Promise<Kernel>) => {
    const { train: training, validation } = examples;
    for await (const event of train({
      ...set,
      train: training,
      validation,
      options,
      ...(signal && { signal }),
    })) {
      if (event.type !== "step") continue;
      onStep?.(event.step, event.totalSteps);
      if (ntk.drift_steps.includes(event.step))
        drift.push({ step: event.step, relativeDistance: relativeDistance(await kernelNow(), before) });
    }
  };
  if (ntk.drift_steps.length === 0) await run(() => Promise.resolve(before));
  else
    await withJacobian(member, [set], (jacobian) =>
      run(async () => (await kernelsOf(member, jacobian, { withTest: false, signal }))[0]!.train),
    );
  signal?.throwIfAborted();
  return { score: await testScore(member, set), drift: ntk.drift_steps.length > 0 ? drift : [] };
}

async function testScore({ options, examples, metric }: Member, { adapted, runtime }: AttachedSet): Promise<number> {
  const { objective, evalBatchSize: batchSize, padTokenId } = options;
  const program = await runtime.compile(evaluationPass(adapted, objective.evaluation));
  try {
    const settings = { batchSize, padTokenId, metrics: [metric] };
    return (await objective.score(program, adapted.feeds, examples.test, settings))[metric]!;
  } finally {
    await program.dispose();
  }
}
