/** A dataset as token ids. */
import type { Dataset, Example } from "./examples.ts";
import type { EncodeOptions, Encoding, Tokenizer } from "./tokenizer.ts";

export interface EncodedDataset {
  readonly where: string;
  readonly encodings: readonly Encoding[];
  /** Class ids or targets; NaN where the data has none. */
  readonly labels: Float64Array;
  /** The line each example came from. */
  readonly lines: Int32Array;
  /** Tokens of each example. */
  readonly lengths: Int32Array;
  /** How many examples were cut to the maximum length. */
  readonly truncated: number;
  /** How many were left out, since nothing of them that carries loss fits; none unless given. */
  readonly skipped?: number;
  /** The questions that the encodings are windows of, where they are. */
  readonly questions?: readonly Example[];
}

/** Encodes every example of `dataset`. */
export function encodeDataset(dataset: Dataset, tokenizer: Tokenizer, options: EncodeOptions): EncodedDataset {
  return encodeEach(dataset, ({ texts }) => tokenizer.encode(texts, options));
}

/** Encodes every example of a dataset as `encode` has it. */
export function encodeEach({ where, examples }: Dataset, encode: (example: Example) => Encoding): EncodedDataset {
  const encodings = examples.map(encode);
  return {
    where,
    encodings,
    labels: Float64Array.from(examples, ({ label }) => label ?? NaN),
    lines: Int32Array.from(examples, ({ line }) => line),
    lengths: Int32Array.from(encodings, ({ ids }) => ids.length),
    truncated: encodings.filter(({ removed }) => removed > 0).length,
  };
}
