/** Tokens that were there before are made less likely (Keskar et al. 2019, §4.1). */
import type { LogitsProcessor } from "../processor.ts";

/** Scores of earlier tokens, of the prompt too, are divided by `penalty` where above zero, else multiplied. */
export function repetitionPenalty(penalty: number): LogitsProcessor {
  return (scores, ids) => {
    for (const id of new Set(ids)) {
      const score = scores[id];
      if (score !== undefined) scores[id] = score < 0 ? score * penalty : score / penalty;
    }
  };
}
