/** Which tokens go on with a word, for masking that asks for words as a whole. */
import type { Tokenizer } from "./tokenizer.ts";

/** How tokens that stand behind a blank or a line break begin: byte-level ones, and SentencePiece's. */
const wordBegins = /^[\u2581\u0120\u010a\u010d\u0109\s]/;

/**
 * Whether a token goes on with the word of the token before it: one with WordPiece's prefix (Devlin et al. 2019, whole word
 * masking), or where blanks begin words, one that does not begin with a blank, as fairseq has it for RoBERTa.
 */
export function wordsOf({
  continuingPrefix: prefix,
  tokensOf,
}: Pick<Tokenizer, "continuingPrefix" | "tokensOf">): (token: number) => boolean {
  const known = new Map<number, boolean>();
  return (id) => {
    const found = known.get(id);
    if (found !== undefined) return found;
    const [token = ""] = tokensOf([id]);
    const goesOn = prefix === null ? !wordBegins.test(token) : token.startsWith(prefix);
    known.set(id, goesOn);
    return goesOn;
  };
}
