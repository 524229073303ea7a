/** How one prompt is continued: what a search makes of the logits that a model gives for its rows. */

/** Why a text ends: by a token that ends texts, by a stop string, or because it may not be longer. */
export type FinishReason = "eos" | "stop" | "length";

/** One way of going on. */
export interface Continuation {
  /** Which of the search's rows it goes on from. */
  readonly from: number;
  readonly token: number;
}

export interface Sequence {
  /** The new tokens, with the one that ended them. */
  readonly tokens: readonly number[];
  readonly finishReason: FinishReason;
  /** By which beams are compared; null where none were. */
  readonly score: number | null;
}

/** A text, or several beside each other, growing out of one prompt. It begins with one row, the prompt's. */
export interface Search {
  /**
   * How the rows go on, given the logits [vocabulary] of each row's next token, which stay as they are: a row for each continuation
   * takes the place of the rows there were. None when the search is at its end.
   */
  step(logits: readonly Float32Array[]): readonly Continuation[];
  /** What was found, the best first; after the end. */
  results(): readonly Sequence[];
}

/** What ends a text. */
export interface Ending {
  readonly eos: ReadonlySet<number>;
  /** The most new tokens. */
  readonly newTokens: number;
  /** Whether the text of new tokens contains a stop string. */
  stops(tokens: readonly number[]): boolean;
}

/** Why the new tokens are at their end, or null. */
export function endOf(tokens: readonly number[], { eos, newTokens, stops }: Ending): FinishReason | null {
  if (eos.has(tokens.at(-1)!)) return "eos";
  if (stops(tokens)) return "stop";
  return tokens.length >= newTokens ? "length" : null;
}
