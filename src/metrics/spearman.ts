import { countPairs, type Metric } from "./metric.ts";
import { correlation } from "./pearson.ts";

/** Spearman's rank correlation: Pearson's of the ranks. NaN where either side is constant or holds a NaN. */
export const spearman: Metric = {
  name: "spearmanr",
  reference: "scipy 1.17.1, spearmanr",
  compute(labels, predictions) {
    countPairs("spearmanr", labels, predictions);
    return correlation(ranks(labels), ranks(predictions));
  },
};

/** The rank of each value, from 1; equal values share the mean of their ranks. A NaN has no place, so all ranks are NaN. */
export function ranks(values: ArrayLike<number>): Float64Array {
  const result = new Float64Array(values.length);
  const order = Array.from(values, (_, i) => i).sort((a, b) => values[a]! - values[b]!);
  if (order.some((i) => Number.isNaN(values[i]))) return result.fill(NaN);
  for (let begin = 0, end = 0; begin < order.length; begin = end) {
    while (end < order.length && values[order[end]!] === values[order[begin]!]) end++;
    for (let i = begin; i < end; i++) result[order[i]!] = (begin + 1 + end) / 2;
  }
  return result;
}
