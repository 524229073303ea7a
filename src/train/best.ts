/** The best evaluation so far, and the trained numbers that gave it. */
import { type AdaptedModel, commit } from "./adapt.ts";
import type { Scores } from "./events.ts";

export interface Best {
  /** Compares with the best so far and keeps a copy of the trained tensors where it is better; says whether it is. */
  offer(step: number, scores: Scores): boolean;
  /** Evaluations since the best one. */
  readonly sinceBest: number;
  readonly step: number | null;
  readonly scores: Scores | null;
  /** Puts the best trained tensors back into the weights. */
  restore(): void;
}

/** Keeps the best by `metric`: of `loss` the lowest, of every other the highest; the earlier of equals; NaN is worse than any number. */
export function keepBest(adapted: AdaptedModel, metric: string): Best {
  const sign = metric === "loss" ? -1 : 1;
  let step: number | null = null;
  let scores: Scores | null = null;
  let sinceBest = 0;
  let copies: Float32Array[] = [];
  return {
    offer(at, offered) {
      const better = scores === null || isBetter(sign * offered[metric]!, sign * scores[metric]!);
      sinceBest = better ? 0 : sinceBest + 1;
      if (!better) return false;
      step = at;
      scores = offered;
      copies = adapted.trained.map(({ view }) => view.data.slice());
      return true;
    },
    get sinceBest() {
      return sinceBest;
    },
    get step() {
      return step;
    },
    get scores() {
      return scores;
    },
    restore() {
      copies.forEach((copy, i) => adapted.trained[i]!.view.data.set(copy));
      if (copies.length > 0) commit(adapted);
    },
  };
}

/** NaN, as of a correlation with constant predictions, gives way to any number. */
function isBetter(offered: number, best: number): boolean {
  return offered > best || (Number.isNaN(best) && !Number.isNaN(offered));
}
