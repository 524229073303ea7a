/** The gradient of one optimizer step: of one batch, or of several accumulated. */
import { scaleInPlace } from "../optim/clip.ts";
import type { Program, Tensors } from "../runtime/runtime.ts";
import type { AdaptedModel } from "./adapt.ts";
import type { Batch } from "./objective.ts";
import { gradientName } from "./step.ts";

export interface BatchGradient {
  /** Mean loss over the terms of all batches. */
  readonly loss: number;
  /** One a trained tensor: the gradient of that mean. */
  readonly gradients: readonly Float32Array[];
}

/** A batch, and the random numbers its step asks for. */
export interface DrawnBatch extends Batch {
  readonly noise?: Tensors;
}

/** What a step is fed besides its batch, and the names of what it gives gradients of. */
export type Stepped = Pick<AdaptedModel, "feeds"> & { readonly trained: readonly { readonly name: string }[] };

/** Runs a compiled training step over batches; several are accumulated, each weighted by the terms of its loss. */
export async function batchGradient(
  program: Program,
  adapted: Stepped,
  batches: readonly DrawnBatch[],
): Promise<BatchGradient> {
  if (batches.length === 1) return gradientOf(program, adapted, batches[0]!);
  const terms = batches.reduce((total, batch) => total + batch.terms, 0);
  let sum: BatchGradient | null = null;
  for (const batch of batches) {
    const { loss, gradients } = await gradientOf(program, adapted, batch);
    const weight = batch.terms / terms;
    scaleInPlace(gradients, weight);
    sum =
      sum === null
        ? { loss: loss * weight, gradients }
        : { loss: sum.loss + loss * weight, gradients: addInPlace(sum.gradients, gradients) };
  }
  return sum!;
}

async function gradientOf(program: Program, adapted: Stepped, { feeds, noise }: DrawnBatch): Promise<BatchGradient> {
  const results = await program.run({ ...adapted.feeds, ...feeds, ...noise });
  return {
    loss: Number(results["loss"]!.data[0]),
    gradients: adapted.trained.map(({ name }) => results[gradientName(name)]!.data as Float32Array),
  };
}

function addInPlace(sum: readonly Float32Array[], gradients: readonly Float32Array[]): readonly Float32Array[] {
  sum.forEach((total, t) => {
    const gradient = gradients[t]!;
    for (let i = 0; i < total.length; i++) total[i]! += gradient[i]!;
  });
  return sum;
}
