/** A token that must come at one place. */
import type { LogitsProcessor } from "../processor.ts";

/** One of `tokens` follows after exactly `length` tokens. */
export function forcedToken(length: number, tokens: readonly number[]): LogitsProcessor {
  return (scores, ids) => {
    if (ids.length !== length) return;
    scores.fill(-Infinity);
    for (const token of tokens) scores[token] = 0;
  };
}
