/**
 * Byte-level byte-pair encoding: its alphabet, its words, and how its merges are learned.
 *
 * Sennrich, Haddow and Birch, "Neural Machine Translation of Rare Words with Subword Units" (2016), over bytes as in
 * Radford et al., "Language Models are Unsupervised Multitask Learners" (2019).
 */

/** Two neighbouring symbols that become one. */
export type Merge = readonly [left: string, right: string];

/** What splits a text into words before bytes are merged: GPT-2's expression. A word keeps the space before it. */
const wordPattern = /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+/gu;

/** The character that stands for each byte: itself where it can be seen, else one of those from U+0100 on, in order. */
export const byteCharacters: readonly string[] = characterOfEachByte();

/** The 256 of them by code point, the order of their ids. */
export const alphabet: readonly string[] = [...byteCharacters].sort();

function characterOfEachByte(): string[] {
  let unseen = 0;
  return Array.from({ length: 256 }, (_, byte) => {
    const seen = (byte > 0x20 && byte < 0x7f) || (byte > 0xa0 && byte !== 0xad);
    return String.fromCharCode(seen ? byte : 0x100 + unseen++);
  });
}

/** How often each word occurs in `texts`, the words spelled with `byteCharacters`. */
export function countWords(texts: Iterable<string>): Map<string, number> {
  const counts = new Map<string, number>();
  for (const text of texts) {
    for (const word of text.match(wordPattern) ?? []) counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  return new Map(Array.from(counts, ([word, count]) => [inBytes(word), count]));
}

function inBytes(word: string): string {
  return Array.from(Buffer.from(word), (byte) => byteCharacters[byte]!).join("");
}

interface Word {
  /** Its symbols, as indices into the vocabulary. */
  symbols: number[];
  readonly count: number;
}

/**
 * The first `size` merges: each joins the pair of neighbouring symbols that occurs most often in `words`, which says how
 * often each word occurs. Among equal pairs the one whose left symbol, then whose right symbol came first is taken,
 * where `alphabet` comes in its order and then the results of the merges in theirs.
 * @throws Error when a word has a character outside `alphabet`, or the words have no pair left before `size` merges.
 */
export function learnMerges(words: ReadonlyMap<string, number>, alphabet: readonly string[], size: number): Merge[] {
  const vocabulary = [...alphabet];
  const pairs = new Pairs(alphabet.length + size);
  for (const word of spelled(words, alphabet)) pairs.add(word);
  const merges: Merge[] = [];
  while (merges.length < size) {
    const pair = pairs.mostFrequent();
    if (pair === null) throw new Error(`merges: the words have only ${merges.length}, expected ${size}`);
    const { left, right } = pair;
    merges.push([vocabulary[left]!, vocabulary[right]!]);
    vocabulary.push(vocabulary[left]! + vocabulary[right]!);
    for (const word of pairs.take(left, right)) {
      pairs.remove(word);
      word.symbols = joined(word.symbols, left, right, vocabulary.length - 1);
      pairs.add(word);
    }
  }
  return merges;
}

function spelled(words: ReadonlyMap<string, number>, alphabet: readonly string[]): Word[] {
  const idOf = new Map(alphabet.map((character, id) => [character, id]));
  return Array.from(words, ([word, count]) => {
    const symbols = Array.from(word, (character) => {
      const id = idOf.get(character);
      if (id === undefined) throw new Error(`merges: ${JSON.stringify(character)} of a word is not in the alphabet`);
      return id;
    });
    return { symbols, count };
  });
}

/** `symbols` with each `left right`, from the left, replaced by `result`. */
function joined(symbols: readonly number[], left: number, right: number, result: number): number[] {
  const out: number[] = [];
  for (let i = 0; i < symbols.length; i++) {
    const match = symbols[i] === left && symbols[i + 1] === right;
    out.push(match ? result : symbols[i]!);
    if (match) i++;
  }
  return out;
}

/** How often each pair of neighbouring symbols occurs, and the words it was seen in. */
class Pairs {
  readonly #counts = new Map<number, number>();
  readonly #words = new Map<number, Set<Word>>();
  readonly #symbols: number;

  constructor(symbols: number) {
    this.#symbols = symbols;
  }

  add(word: Word): void {
    for (const key of this.#keysOf(word)) {
      this.#counts.set(key, (this.#counts.get(key) ?? 0) + word.count);
      const seen = this.#words.get(key);
      if (seen === undefined) this.#words.set(key, new Set([word]));
      else seen.add(word);
    }
  }

  remove(word: Word): void {
    for (const key of this.#keysOf(word)) {
      const rest = this.#counts.get(key)! - word.count;
      if (rest > 0) this.#counts.set(key, rest);
      else this.#counts.delete(key);
    }
  }

  /** The words the pair was seen in; they are forgotten, for the caller merges the pair in all of them. */
  take(left: number, right: number): Set<Word> {
    const key = left * this.#symbols + right;
    const words = this.#words.get(key) ?? new Set();
    this.#words.delete(key);
    return words;
  }

  mostFrequent(): { readonly left: number; readonly right: number } | null {
    let best = -1;
    let most = 0;
    for (const [key, count] of this.#counts) {
      if (count > most || (count === most && key < best)) [best, most] = [key, count];
    }
    return best < 0 ? null : { left: Math.floor(best / this.#symbols), right: best % this.#symbols };
  }

  #keysOf({ symbols }: Word): number[] {
    return symbols.slice(1).map((right, i) => symbols[i]! * this.#symbols + right);
  }
}
