/** How much of what a model reads is padding. */
import type { Encoding } from "./tokenizer.ts";

/** What is padded apart from each other: a text, and a target behind it. */
const sides: readonly ((encoding: Encoding) => number)[] = [
  ({ ids }) => ids.length,
  ({ target }) => target?.length ?? 0,
];

/**
 * The share of padding among all tokens of `batches`, those of targets among them; 0 where there are none.
 * @param batches of indices of `encodings`
 */
export function paddingShare(encodings: readonly Encoding[], batches: readonly Int32Array[]): number {
  let tokens = 0;
  let padded = 0;
  for (const batch of batches)
    for (const lengthOf of sides) {
      const lengths = batch.map((i) => lengthOf(encodings[i]!));
      tokens += lengths.reduce((sum, length) => sum + length, 0);
      padded += lengths.length * lengths.reduce((longest, length) => Math.max(longest, length), 0);
    }
  return padded === 0 ? 0 : 1 - tokens / padded;
}
