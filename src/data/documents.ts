/** Texts as a causal language model reads them. */
import type { EncodedDataset } from "./encode.ts";
import type { Dataset } from "./examples.ts";
import { datasetOf, encodingOf, frameOf, type Sequence, type SequenceOptions } from "./sequences.ts";
import type { Tokenizer } from "./tokenizer.ts";

export interface DocumentOptions extends SequenceOptions {
  /** Whether what is left of a text is joined with the next one; it is unless given. */
  readonly joined?: boolean;
}

/**
 * Texts in sequences of `maxLength` tokens (Radford et al. 2018): each between the special tokens that the tokenizer puts there
 * and the one that ends texts, all in a row, divided where a sequence is full. Texts that are not joined begin a sequence of their
 * own each. `lines` says where the text stands that a sequence begins in. A rest of one token, which nothing is asked of, is left
 * out.
 * @throws Error when the texts have no tokens, or the tokenizer has none that ends them.
 */
export function encodeDocuments(
  { where, examples }: Dataset,
  tokenizer: Tokenizer,
  { maxLength, joined = true }: DocumentOptions,
): EncodedDataset {
  const { before, after } = frameOf(tokenizer);
  const sequences: Sequence[] = [];
  let open: { line: number; ids: number[] } = { line: 0, ids: [] };
  const close = () => {
    if (open.ids.length > 1) sequences.push({ line: open.line, encoding: encodingOf(open.ids) });
    open = { line: 0, ids: [] };
  };
  for (const { texts, line } of examples) {
    const tokens = tokenizer.tokenize(texts[0]);
    if (tokens.length === 0) continue;
    if (!joined) close();
    for (const id of [...before, ...tokens, ...after]) {
      if (open.ids.length === 0) open.line = line;
      open.ids.push(id);
      if (open.ids.length === maxLength) close();
    }
  }
  close();
  if (sequences.length === 0) throw new Error(`${where}: no tokens, expected at least one text that is not empty`);
  return datasetOf(where, sequences);
}
