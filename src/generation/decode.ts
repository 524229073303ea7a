/** Searches that go on side by side: the rows of all that are not at their end are one batch of the model. */
import type { Reading } from "./reading.ts";
import type { Continuation, Search } from "./search.ts";

export interface Decoding {
  /** Whether a search is not at its end yet. */
  isOpen(): boolean;
  /** Lets every open search go on by a token. */
  step(): Promise<void>;
}

/** @param starts the row of `reading` that each search goes on from */
export function decoding(reading: Reading, searches: readonly Search[], starts: readonly number[]): Decoding {
  let open = searches.map((search, i) => ({ search, rows: [starts[i]!] }));
  let next: Continuation[] = [];
  return {
    isOpen: () => open.length > 0,
    async step() {
      if (next.length > 0) await reading.next(next);
      next = [];
      open = open
        .map(({ search, rows }) => {
          const continuations = search.step(rows.map((row) => reading.logits(row)));
          return { search, rows: continuations.map(({ from, token }) => next.push({ from: rows[from]!, token }) - 1) };
        })
        .filter(({ rows }) => rows.length > 0);
    },
  };
}
