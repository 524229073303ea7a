/** What the encodings for causal language models share: what stands around a text, and examples of one sequence each. */
import { askedCount } from "./asked.ts";
import type { EncodedDataset } from "./encode.ts";
import type { Encoding, Tokenizer } from "./tokenizer.ts";

export interface SequenceOptions {
  /** The most tokens of a sequence, special ones included. */
  readonly maxLength: number;
}

/** What stands around a text: what the tokenizer puts there, and behind it the token that ends texts. */
export interface Frame {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

const TEXT = -1;

/** @throws Error in one line when the tokenizer has no token that ends texts. */
export function frameOf(tokenizer: Tokenizer): Frame {
  const { eos } = tokenizer.specialTokens;
  if (eos === null)
    throw new Error("tokenizer_config.json: no eos_token, which a language model learns to end its texts with");
  const framed = [...tokenizer.frame([TEXT]).ids];
  const place = framed.indexOf(TEXT);
  const after = framed.slice(place + 1);
  return { before: framed.slice(0, place), after: after.includes(eos) ? after : [...after, eos] };
}

/** An encoded example and the line it came from. */
export interface Sequence {
  readonly line: number;
  readonly encoding: Encoding;
}

/** The encoding of tokens of which none was removed. */
export function encodingOf(ids: readonly number[]): Encoding {
  return { ids: Int32Array.from(ids), typeIds: new Uint8Array(ids.length), removed: 0 };
}

/**
 * The sequences of which something carries loss; the others are counted.
 * @throws Error when there is none.
 */
export function withLoss(where: string, sequences: readonly Sequence[]): EncodedDataset {
  const kept = sequences.filter(({ encoding }) => askedCount(encoding) > 0);
  if (kept.length === 0)
    throw new Error(`${where}: no example has a token that carries loss within max_seq_length, which is too short`);
  return { ...datasetOf(where, kept), skipped: sequences.length - kept.length };
}

/** Sequences as a data set without labels. */
export function datasetOf(where: string, sequences: readonly Sequence[]): EncodedDataset {
  const encodings = sequences.map(({ encoding }) => encoding);
  return {
    where,
    encodings,
    labels: new Float64Array(encodings.length).fill(NaN),
    lines: Int32Array.from(sequences, ({ line }) => line),
    lengths: Int32Array.from(encodings, ({ ids }) => ids.length),
    truncated: encodings.filter(({ removed }) => removed > 0).length,
  };
}
