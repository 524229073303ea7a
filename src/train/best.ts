/** The best evaluation so far, and the trained numbers that gave it. */
import { type AdaptedModel, commit, moveEntries } from "./adapt.ts";
import type { Scores } from "./events.ts";
import type { BestState, TrainedNumbers } from "./state.ts";

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
        ? { step, scores, sinceBest: 0, ...copyOf(trainedNumbers(adapted)) }
        : { ...state!, sinceBest: state!.sinceBest + 1 };
      return better;
    },
    get state() {
      return state;
    },
    restore() {
      if (state !== null) setTrained(adapted, state);
    },
  };
}

/** What is trained, live: the next step writes into it. */
export function trainedNumbers({ trained }: AdaptedModel): TrainedNumbers {
  return {
    trained: trained.map(({ view }) => view.data),
    entries: Object.fromEntries(trained.flatMap(({ name, moving }) => (moving ? [[name, moving.entries]] : []))),
  };
}

const copyOf = ({ trained, entries }: TrainedNumbers): TrainedNumbers => ({
  trained: trained.map((numbers) => numbers.slice()),
  entries: Object.fromEntries(Object.entries(entries).map(([name, places]) => [name, places.slice()])),
});

/** Writes what was trained at some moment into the trained tensors and the weights. */
export function setTrained(adapted: AdaptedModel, { trained, entries }: TrainedNumbers): void {
  for (const [name, places] of Object.entries(entries)) moveEntries(adapted, name, places);
  trained.forEach((copy, i) => adapted.trained[i]!.view.data.set(copy));
  commit(adapted);
}

/** NaN, as of a correlation with constant predictions, gives way to any number. */
function isBetter(offered: number, best: number): boolean {
  return offered > best || (Number.isNaN(best) && !Number.isNaN(offered));
}
