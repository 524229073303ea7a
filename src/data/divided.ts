/** Where places of a text lie among its tokens. */
import type { Tokenizer } from "./tokenizer.ts";

export interface Divided {
  readonly ids: readonly number[];
  /** For each place in the text, the first token that has something of what follows it. */
  readonly begins: readonly number[];
  /** For each place in the text, the number of tokens that have something of what stands before it. */
  readonly ends: readonly number[];
}

/** The tokens of a whole text without special ones around it, and where among them `places` of it lie. A token across a place belongs to both sides. */
export function divided(tokenizer: Tokenizer, text: string, places: readonly number[]): Divided {
  const ids = tokenizer.tokenize(text);
  const pieces = [0, ...places].map((begin, i) => tokenizer.tokenize(text.slice(begin, places[i])));
  if (equal(ids, pieces.flat())) {
    let count = 0;
    const counts = pieces.slice(0, -1).map(({ length }) => (count += length));
    return { ids, begins: counts, ends: counts };
  }
  const beginnings = places.map((place) => tokenizer.tokenize(text.slice(0, place)));
  const begins = beginnings.map((beginning) => sharedLength(beginning, ids));
  return { ids, begins, ends: begins.map((shared, i) => (shared === beginnings[i]!.length ? shared : shared + 1)) };
}

function equal(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && sharedLength(a, b) === a.length;
}

/** How many tokens two sequences begin with in common. */
function sharedLength(a: readonly number[], b: readonly number[]): number {
  const other = a.findIndex((id, i) => id !== b[i]);
  return other < 0 ? a.length : other;
}
