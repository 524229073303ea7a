/** What the tokenizer library computes for a word is kept, since most words of a text were met before. */
import type { LibraryModel } from "./library-tokenizer.ts";

/** Longer words are rarely met again. */
const LONGEST = 64;
const MOST = 2 ** 16;

/** A pre-tokenizer of the library, or a part of it. */
export interface LibraryPreTokenizer {
  readonly config?: { readonly type?: unknown };
  /** The parts of a sequence. */
  readonly tokenizers?: readonly (LibraryPreTokenizer | null)[];
  readonly use_regex?: boolean;
  pre_tokenize_text: (text: string, options?: object) => readonly string[];
}

/** Lets `model` keep the tokens of words, which depend on nothing but the word, whatever the kind of the model. */
export function keepTokensOfWords(model: LibraryModel & { encode: LibraryModel["encode"] }): void {
  const encode = model.encode.bind(model);
  const tokensOf = kept((word) => encode([word]));
  model.encode = (words) => {
    const tokens: string[] = [];
    for (const word of words) for (const token of tokensOf(word)) tokens.push(token);
    return tokens;
  };
}

/** Lets the steps of `preTokenizer` that spell words as bytes keep what they made of a word. */
export function keepBytesOfWords(preTokenizer: LibraryPreTokenizer | null): void {
  for (const step of preTokenizer?.tokenizers ?? []) keepBytesOfWords(step);
  if (preTokenizer?.config?.type !== "ByteLevel" || preTokenizer.use_regex !== false) return;
  const spell = preTokenizer.pre_tokenize_text.bind(preTokenizer);
  preTokenizer.pre_tokenize_text = kept((word) => spell(word));
}

/** `compute`, which remembers what it gave for short texts, as long as they are not too many. */
function kept<T>(compute: (text: string) => T): (text: string) => T {
  const known = new Map<string, T>();
  return (text) => {
    const found = known.get(text);
    if (found !== undefined) return found;
    const made = compute(text);
    if (text.length > LONGEST) return made;
    if (known.size >= MOST) known.clear();
    known.set(text, made);
    return made;
  };
}
