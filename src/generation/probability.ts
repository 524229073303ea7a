/** From scores to probabilities, and from those to a token. */
import type { Random } from "../tensor/random.ts";

/** log Σ exp(x) */
export function logSumExp(x: Float32Array): number {
  let highest = -Infinity;
  for (let i = 0; i < x.length; i++) if (x[i]! > highest) highest = x[i]!;
  let total = 0;
  for (let i = 0; i < x.length; i++) total += Math.exp(x[i]! - highest);
  return highest + Math.log(total);
}

/** Log-probabilities: x less log Σ exp(x). */
export function logSoftmax(x: Float32Array): Float32Array {
  const logOfSum = logSumExp(x);
  return x.map((score) => score - logOfSum);
}

/** Where the highest score stands, the first of equal ones. */
export function likeliest(scores: Float32Array): number {
  let best = 0;
  for (let i = 1; i < scores.length; i++) if (scores[i]! > scores[best]!) best = i;
  return best;
}

/** A token drawn by the softmax of `scores`. */
export function draw(scores: Float32Array, stream: Random): number {
  const highest = scores[likeliest(scores)]!;
  const powers = scores.map((score) => Math.exp(score - highest));
  let left = stream.uniform() * powers.reduce((total, power) => total + power, 0);
  let last = 0;
  for (let i = 0; i < powers.length; i++) {
    if (powers[i] === 0) continue;
    last = i;
    left -= powers[i]!;
    if (left < 0) break;
  }
  return last;
}

/**
 * Where the `count` highest scores stand, the highest first, of equal ones the first: for a handful of many.
 */
export function highest(scores: Float32Array, count: number): number[] {
  const found: number[] = [];
  for (let i = 0; i < scores.length; i++) {
    if (found.length === count && !(scores[i]! > scores[found[count - 1]!]!)) continue;
    let rank = found.length;
    while (rank > 0 && scores[i]! > scores[found[rank - 1]!]!) rank--;
    found.splice(rank, 0, i);
    if (found.length > count) found.pop();
  }
  return found;
}
