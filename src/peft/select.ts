/** How the trained rows or columns of a matrix are chosen. */
import type { Random } from "../tensor/random.ts";

export type SelectionName = "first" | "last" | "uniform" | "random";

/** From how many there are and how many are wanted, distinct indices in rising order. */
export type SelectionStrategy = (size: number, rank: number, random: Random) => number[];

const range = (rank: number, at: (i: number) => number) => Array.from({ length: rank }, (_, i) => at(i));

/** The strategies by name; `first` is what the official RoCoFT code does. */
export const selectionStrategies: Readonly<Record<SelectionName, SelectionStrategy>> = {
  first: (_, rank) => range(rank, (i) => i),
  last: (size, rank) => range(rank, (i) => size - rank + i),
  uniform: (size, rank) => range(rank, (i) => Math.floor((i * size) / rank)),
  random: (size, rank, random) => [...random.permutation(size).slice(0, rank)].sort((a, b) => a - b),
};
