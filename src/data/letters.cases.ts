/** A tokenizer to see through: every character is a token, its code the id, or every pair of characters that is named. */
import type { Tokenizer } from "./tokenizer.ts";

export interface Letters {
  /** What stands around one text. */
  readonly frame?: readonly [before: string, after: string];
  /** The token that ends texts. */
  readonly eos?: string | null;
  /** Pairs of characters that are one token together, found from the left; their ids begin at 1000. */
  readonly pairs?: readonly string[];
}

export function letters({ frame: [before, after] = ["<", ""], eos = ".", pairs = [] }: Letters = {}): Tokenizer {
  const unused = () => {
    throw new Error("letters have no such thing");
  };
  const tokenize = (text: string): number[] => {
    const [pair, [letter, ...rest]] = [pairs.indexOf(text.slice(0, 2)), text];
    if (letter === undefined) return [];
    return pair < 0 ? [letter.charCodeAt(0), ...tokenize(rest.join(""))] : [1000 + pair, ...tokenize(text.slice(2))];
  };
  const none = { pad: null, cls: null, sep: null, mask: null, unk: null, bos: null };
  return {
    specialTokens: { ...none, eos: eos?.charCodeAt(0) ?? null },
    specialTokenIds: new Set(),
    continuingPrefix: null,
    vocabularySize: 2000,
    modelMaxLength: null,
    specialCount: before.length + after.length,
    pairSpecialCount: 0,
    tokenize,
    tokenizeWithOffsets: unused,
    framePair: unused,
    frame: (ids) => {
      const framed = Int32Array.from([...tokenize(before), ...ids, ...tokenize(after)]);
      return { ids: framed, typeIds: new Uint8Array(framed.length), removed: 0 };
    },
    encode: unused,
    decode: unused,
    idOf: unused,
    tokensOf: unused,
    chatTemplate: unused,
  };
}
