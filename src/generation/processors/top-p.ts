/** Nucleus sampling (Holtzman et al. 2020, §3.1). */
import type { LogitsProcessor } from "../processor.ts";

/**
 * The least likely tokens, which together have no more than 1 − p of the probability, get −∞.
 * @param kept how many of the likeliest stay whatever p is
 */
export function topP(p: number, kept: number): LogitsProcessor {
  return (scores) => {
    const least = leastKept(scores.slice().sort(), p, kept);
    for (let i = 0; i < scores.length; i++) if (scores[i]! < least) scores[i] = -Infinity;
  };
}

/** The lowest of the `rising` scores that stays. */
function leastKept(rising: Float32Array, p: number, kept: number): number {
  const highest = rising.at(-1)!;
  const total = rising.reduce((sum, score) => sum + Math.exp(score - highest), 0);
  let below = 0;
  let rank = 0;
  for (; rank < rising.length - kept; rank++) {
    below += Math.exp(rising[rank]! - highest);
    if (below > (1 - p) * total) break;
  }
  return rising[rank]!;
}
