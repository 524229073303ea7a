/** Texts as blocks of one length, for language modelling: what is too long is divided, what is short is joined. */
import type { EncodedDataset } from "./encode.ts";
import type { Dataset } from "./examples.ts";
import type { Encoding, Tokenizer } from "./tokenizer.ts";

/**
 * The tokens of all texts in a row, the separator between one text and the next, cut into blocks of `maxLength` tokens that
 * begin and end with the special tokens of a single text (Liu et al. 2019, §4.2: FULL-SENTENCES). The last block may be
 * shorter. No token is left out. `lines` says where the text stands that a block begins in.
 * @throws Error when the texts have no tokens, or `maxLength` leaves no room between the special tokens.
 */
export function encodeBlocks(
  { where, examples }: Dataset,
  tokenizer: Tokenizer,
  { maxLength }: { readonly maxLength: number },
): EncodedDataset {
  const room = maxLength - tokenizer.specialCount;
  if (room < 1)
    throw new Error(
      `max_seq_length: ${maxLength}, expected more than the ${tokenizer.specialCount} special tokens of a text`,
    );
  const encodings: Encoding[] = [];
  const lines: number[] = [];
  const separator = tokenizer.specialTokens.sep;
  let block: number[] = [];
  const close = () => {
    if (block.length > 0) encodings.push(tokenizer.frame(block));
    block = [];
  };
  for (const { texts, line } of examples) {
    const ids = tokenizer.tokenize(texts[0]);
    if (ids.length > 0 && block.length > 0 && separator !== null) block.push(separator);
    if (block.length === room) close();
    for (let start = 0; start < ids.length;) {
      if (block.length === 0) lines.push(line);
      const end = Math.min(ids.length, start + room - block.length);
      for (; start < end; start++) block.push(ids[start]!);
      if (block.length === room) close();
    }
  }
  close();
  if (encodings.length === 0) throw new Error(`${where}: no tokens, expected at least one text that is not empty`);
  return {
    where,
    encodings,
    labels: new Float64Array(encodings.length).fill(NaN),
    lines: Int32Array.from(lines),
    lengths: Int32Array.from(encodings, ({ ids }) => ids.length),
    truncated: 0,
  };
}
