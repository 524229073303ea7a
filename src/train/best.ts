/** The best evaluation so far, and the trained numbers that gave it. */
import { type AdaptedModel, commit } from "./adapt.ts";
import type { Scores } from "./events.ts";
import type { BestState } from "./state.ts";

export interface Best {
  /** Compares with the best so far and keeps a copy of the trained tensors where it is better; says whether it is. */
  offer(step: number, scores: Scores): boolean;
  /** The best so far; null before the first evaluation. */
  readonly state: BestState | null;
  /** Puts the best trained tensors back into the weights. */
  restore(): void;
}

/** Keeps the best by `metric`: of `loss` the lowest, of every other the highest; the earlier of equals; NaN is worse than any number. */
export function keepBest(adapted: AdaptedModel, metric: string, from: BestState | null = null): Best {
  const sign = metric === "loss" ? -1 : 1;
  let state = from;
  return {
    offer(step, scores) {
      const better = state === null || isBetter(sign * scores[metric]!, sign * state.scores[metric]!);
      state = better
        ? { step, scores, sinceBest: 0, trained: adapted.trained.map(({ view }) => view.data.slice()) }
        : { ...state!, sinceBest: state!.sinceBest + 1 };
      return better;
    },
    get state() {
      return state;
    },
    restore() {
      if (state !== null) setTrained(adapted, state.trained);
    },
  };
}

/** Writes numbers, one array a trained tensor, into the trained tensors and the weights. */
export function setTrained(adapted: AdaptedModel, numbers: readonly Float32Array[]): void {
  numbers.forEach((copy, i) => adapted.trained[i]!.view.data.set(copy));
  commit(adapted);
}

/** NaN, as of a correlation with constant predictions, gives way to any number. */
function isBetter(offered: number, best: number): boolean {
  return offered > best || (Number.isNaN(best) && !Number.isNaN(offered));
}
