/** In which batches a pass over the training data goes. */
import { lengthGroupedBatches, shuffledBatches } from "../data/batches.ts";
import { random } from "../tensor/random.ts";
import type { TrainingOptions } from "./options.ts";

/**
 * The batches of an epoch, as indices of the examples that have `lengths`. They follow from the seed and the number of the epoch,
 * so that a training that is resumed has the same.
 * @param epoch counted from 0
 */
export function epochBatches(
  lengths: ArrayLike<number>,
  epoch: number,
  { seed, batchSize, groupByLength = true }: Pick<TrainingOptions, "seed" | "batchSize" | "groupByLength">,
): Int32Array[] {
  const batchesOf = groupByLength ? lengthGroupedBatches : shuffledBatches;
  return batchesOf(lengths, batchSize, random(seed, `epoch ${epoch}`));
}
