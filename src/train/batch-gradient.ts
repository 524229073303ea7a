/** The gradient of one optimizer step: of one batch, or of several accumulated. */
import { collate, type LabelKind } from "../data/collate.ts";
import type { EncodedDataset } from "../data/encode.ts";
import { scaleInPlace } from "../optim/clip.ts";
import type { Program } from "../runtime/runtime.ts";
import type { AdaptedModel } from "./adapt.ts";
import type { TrainingOptions } from "./options.ts";
import { gradientName, type Objective } from "./step.ts";

export interface BatchGradient {
  /** Mean loss over the examples of all batches. */
  readonly loss: number;
  /** One a trained tensor: the gradient of that mean. */
  readonly gradients: readonly Float32Array[];
}

const labelKinds: { readonly [O in Objective]: LabelKind } = { classification: "class", regression: "value" };

/**
 * Runs a compiled training step over batches of `data`, given as indices of its examples; several are accumulated, each
 * weighted by its examples.
 */
export function createBatchGradient(
  program: Program,
  adapted: AdaptedModel,
  data: EncodedDataset,
  { objective, padTokenId }: Pick<TrainingOptions, "objective" | "padTokenId">,
): (batches: readonly Int32Array[]) => Promise<BatchGradient> {
  const run = async (batch: Int32Array): Promise<BatchGradient> => {
    const encodings = Array.from(batch, (i) => data.encodings[i]!);
    const labels = Array.from(batch, (i) => data.labels[i]!);
    const results = await program.run({
      ...adapted.weights,
      ...collate(encodings, { padTokenId, labels, labelKind: labelKinds[objective] }),
    });
    const gradients = adapted.trained.map(({ name }) => results[gradientName(name)]!.data as Float32Array);
    return { loss: Number(results["loss"]!.data[0]), gradients };
  };

  return async (batches: readonly Int32Array[]): Promise<BatchGradient> => {
    if (batches.length === 1) return run(batches[0]!);
    const examples = batches.reduce((total, batch) => total + batch.length, 0);
    let sum: BatchGradient | null = null;
    for (const batch of batches) {
      const { loss, gradients } = await run(batch);
      const weight = batch.length / examples;
      scaleInPlace(gradients, weight);
      sum =
        sum === null
          ? { loss: loss * weight, gradients }
          : { loss: sum.loss + loss * weight, gradients: addInPlace(sum.gradients, gradients) };
    }
    return sum!;
  };
}

function addInPlace(sum: readonly Float32Array[], gradients: readonly Float32Array[]): readonly Float32Array[] {
  sum.forEach((total, t) => {
    const gradient = gradients[t]!;
    for (let i = 0; i < total.length; i++) total[i]! += gradient[i]!;
  });
  return sum;
}
