/** Sources and targets as token ids, for sequence-to-sequence models. */
import type { EncodedDataset } from "./encode.ts";
import type { Dataset, Example } from "./examples.ts";
import type { Encoding, Tokenizer } from "./tokenizer.ts";

export interface PairOptions {
  /** The most tokens of a source, special ones included. */
  readonly maxSourceLength: number;
  /** The most tokens of a target, special ones included. */
  readonly maxTargetLength: number;
}

/**
 * Encodes the two texts of every example of `dataset`, each with the special tokens of a single text. `lengths` are those of the
 * sources; an example counts as truncated where either text was cut.
 * @throws Error in one line for an example without a target, or whose target has no tokens.
 */
export function encodePairs({ where, examples }: Dataset, tokenizer: Tokenizer, options: PairOptions): EncodedDataset {
  const encodings = examples.map((example) => encodePair(example, tokenizer, options, where));
  return {
    where,
    encodings,
    labels: new Float64Array(encodings.length).fill(NaN),
    lines: Int32Array.from(examples, ({ line }) => line),
    lengths: Int32Array.from(encodings, ({ ids }) => ids.length),
    truncated: encodings.filter(({ removed }) => removed > 0).length,
  };
}

function encodePair(
  { line, texts: [source, target] }: Example,
  tokenizer: Tokenizer,
  { maxSourceLength, maxTargetLength }: PairOptions,
  where: string,
): Encoding {
  if (target === undefined) throw new Error(`${where}:${line}: no target, expected a source and a target`);
  const read = tokenizer.encode([source], { maxLength: maxSourceLength });
  const { ids, removed } = tokenizer.encode([target], { maxLength: maxTargetLength });
  if (ids.length === 0) throw new Error(`${where}:${line}: a target without tokens, expected at least one`);
  return { ...read, removed: read.removed + removed, target: ids };
}
