/** Which examples go into which batch, and in what order the batches come. */
import type { Random } from "../tensor/random.ts";

/** Batches in a shuffled stretch that is sorted by length; fewer where the data would not fill four such stretches. */
const MEGA_BATCH = 50;

/**
 * Shuffled batches of examples of similar lengths: the indices of `lengths` in random order, cut into stretches, each
 * sorted from long to short, then cut into batches of `batchSize` (the last may be smaller). The longest example of all
 * comes first, so that memory runs out at once or never. As `LengthGroupedSampler` of transformers does.
 * @throws Error when `batchSize` is not a whole number above 0.
 */
export function lengthGroupedBatches(lengths: ArrayLike<number>, batchSize: number, random: Random): Int32Array[] {
  checkBatchSize(batchSize);
  const stretch = Math.max(1, Math.min(MEGA_BATCH, Math.floor(lengths.length / (batchSize * 4)))) * batchSize;
  const order = random.permutation(lengths.length);
  let longest = 0;
  for (let start = 0; start < order.length; start += stretch) {
    order.subarray(start, start + stretch).sort((a, b) => lengths[b]! - lengths[a]!);
    if (lengths[order[start]!]! > lengths[order[longest]!]!) longest = start;
  }
  if (longest > 0) [order[0], order[longest]] = [order[longest]!, order[0]!];
  return cut(order, batchSize);
}

/**
 * Shuffled batches of examples of whatever lengths: the indices of `lengths` in random order, cut into batches of `batchSize` (the
 * last may be smaller).
 * @throws Error when `batchSize` is not a whole number above 0.
 */
export function shuffledBatches(lengths: ArrayLike<number>, batchSize: number, random: Random): Int32Array[] {
  checkBatchSize(batchSize);
  return cut(random.permutation(lengths.length), batchSize);
}

/**
 * Batches of all indices of `lengths` from long to short, so that little is padded. Each batch holds the indices of its
 * examples, by which results find their way back into the order of the data.
 * @throws Error when `batchSize` is not a whole number above 0.
 */
export function sequentialBatches(lengths: ArrayLike<number>, batchSize: number): Int32Array[] {
  checkBatchSize(batchSize);
  const order = Int32Array.from(lengths, (_, i) => i).sort((a, b) => lengths[b]! - lengths[a]!);
  return cut(order, batchSize);
}

function cut(order: Int32Array, batchSize: number): Int32Array[] {
  const count = Math.ceil(order.length / batchSize);
  return Array.from({ length: count }, (_, i) => order.subarray(i * batchSize, (i + 1) * batchSize));
}

function checkBatchSize(batchSize: number): void {
  if (!Number.isInteger(batchSize) || batchSize < 1) {
    throw new Error(`batch size: ${batchSize}, expected a whole number above 0`);
  }
}
