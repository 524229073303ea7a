/** How the trained rows, columns or entries of a matrix are chosen. */
import { largest, smallest } from "../tensor/largest.ts";
import type { Random } from "../tensor/random.ts";

export type SelectionName = "first" | "last" | "uniform" | "random" | "largest" | "smallest" | "mixed";

/**
 * From how many there are and how many are wanted, distinct indices in rising order.
 * @param scores one for each, where the strategy goes by them; without them it takes the first
 */
export type SelectionStrategy = (size: number, rank: number, random: Random, scores?: Float32Array) => number[];

const range = (rank: number, at: (i: number) => number) => Array.from({ length: rank }, (_, i) => at(i));
const first = (rank: number) => range(rank, (i) => i);

/** Those that go by scores. */
const byScore = {
  largest: (scores, rank) => [...largest(scores, rank)],
  smallest: (scores, rank) => [...smallest(scores, rank)],
  // The paper names it without a definition: here half of each, the larger half from the top.
  mixed: (scores, rank) =>
    [...largest(scores, Math.ceil(rank / 2)), ...smallest(scores, Math.floor(rank / 2))].sort((a, b) => a - b),
} as const satisfies Readonly<Record<string, (scores: Float32Array, rank: number) => number[]>>;

const scored =
  (name: keyof typeof byScore): SelectionStrategy =>
  (_, rank, __, scores) =>
    scores ? byScore[name](scores, rank) : first(rank);

/** The strategies by name; `first` is what the official RoCoFT code does. */
export const selectionStrategies: Readonly<Record<SelectionName, SelectionStrategy>> = {
  first: (_, rank) => first(rank),
  last: (size, rank) => range(rank, (i) => size - rank + i),
  uniform: (size, rank) => range(rank, (i) => Math.floor((i * size) / rank)),
  random: (size, rank, random) => [...random.permutation(size).slice(0, rank)].sort((a, b) => a - b),
  largest: scored("largest"),
  smallest: scored("smallest"),
  mixed: scored("mixed"),
};

/** Whether a strategy goes by scores. */
export const isScored = (name: SelectionName): boolean => Object.hasOwn(byScore, name);

/**
 * `count` of the numbers 0 … `size` − 1 at random, in rising order, in one pass that keeps nothing (Fan, Muller & Rezucha 1962;
 * Knuth, vol. 2, algorithm S): for sizes of which a permutation would not fit into memory.
 */
export function sample(size: number, count: number, { uniform }: Random): number[] {
  const chosen: number[] = [];
  for (let i = 0; chosen.length < count; i++) if (uniform() * (size - i) < count - chosen.length) chosen.push(i);
  return chosen;
}
