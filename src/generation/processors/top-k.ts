/** The k likeliest tokens (Fan et al. 2018, §5.4). */
import { largest } from "../../tensor/largest.ts";
import type { LogitsProcessor } from "../processor.ts";

/** Tokens below the k-th score get −∞. */
export function topK(k: number): LogitsProcessor {
  return (scores) => {
    if (k >= scores.length) return;
    const least = largest(scores, k).reduce((least, i) => Math.min(least, scores[i]!), Infinity);
    for (let i = 0; i < scores.length; i++) if (scores[i]! < least) scores[i] = -Infinity;
  };
}
