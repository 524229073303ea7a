/** Predictions and scores of a model as it stands. */
import { collate } from "../data/collate.ts";
import { sequentialBatches } from "../data/batches.ts";
import type { EncodedDataset } from "../data/encode.ts";
import { type MetricName, metrics } from "../metrics/registry.ts";
import type { Program, Tensors } from "../runtime/runtime.ts";
import type { Scores } from "./events.ts";

/**
 * Logits of every example of `data`, by a compiled forward pass over `weights`.
 * @throws the reason of `signal` when that is aborted, after the batch under way
 */
export async function predict(
  program: Program,
  weights: Tensors,
  data: Pick<EncodedDataset, "encodings" | "lengths">,
  { batchSize, padTokenId, signal }: { batchSize: number; padTokenId: number; signal?: AbortSignal | undefined },
): Promise<Float32Array[]> {
  const rows = new Array<Float32Array>(data.encodings.length);
  for (const batch of sequentialBatches(data.lengths, batchSize)) {
    signal?.throwIfAborted();
    const encodings = Array.from(batch, (i) => data.encodings[i]!);
    const { logits } = await program.run({ ...weights, ...collate(encodings, { padTokenId }) });
    const width = logits!.shape[1]!;
    batch.forEach(
      (example, row) => (rows[example] = (logits!.data as Float32Array).slice(row * width, (row + 1) * width)),
    );
  }
  return rows;
}

/** What a label is: one of several classes, or a number. */
export type Supervision = "classification" | "regression";

/** What logits say: the class of the largest, or the number itself. */
export const decisions: { readonly [S in Supervision]: (logits: Float32Array) => number } = {
  classification: (logits) => logits.reduce((best, x, i) => (x > logits[best]! ? i : best), 0),
  regression: ([value]) => value!,
};

/** The loss of one example, as training computes it. */
const exampleLosses: { readonly [S in Supervision]: (logits: Float32Array, label: number) => number } = {
  classification: (logits, label) => logSumExp(logits) - logits[label]!,
  regression: ([value], label) => (value! - label) ** 2,
};

function logSumExp(x: Float32Array): number {
  const max = Math.max(...x);
  return max + Math.log(x.reduce((total, n) => total + Math.exp(n - max), 0));
}

/** Probabilities of the classes: softmax(logits). */
export function probabilities(logits: Float32Array): number[] {
  const max = Math.max(...logits);
  const powers = Array.from(logits, (x) => Math.exp(x - max));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return powers.map((power) => power / total);
}

/** The mean loss and each of the named metrics. */
export function score(
  logits: readonly Float32Array[],
  labels: Float64Array,
  supervision: Supervision,
  metricNames: readonly MetricName[],
): Scores {
  const predictions = logits.map(decisions[supervision]);
  const loss = logits.reduce((total, row, i) => total + exampleLosses[supervision](row, labels[i]!), 0) / logits.length;
  return { loss, ...Object.fromEntries(metricNames.map((name) => [name, metrics[name].compute(labels, predictions)])) };
}
