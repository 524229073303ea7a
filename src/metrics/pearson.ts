import { countPairs, type Metric } from "./metric.ts";

/** Pearson's correlation of labels and raw predictions; NaN where either side is constant. */
export const pearson: Metric = {
  name: "pearson",
  reference: "scipy 1.17.1, pearsonr",
  compute(labels, predictions) {
    countPairs("pearson", labels, predictions);
    return correlation(labels, predictions);
  },
};

/** Pearson's r = Σ(x − x̄)(y − ȳ) / √(Σ(x − x̄)² Σ(y − ȳ)²) of two series of equal length; NaN where one is constant. */
export function correlation(x: ArrayLike<number>, y: ArrayLike<number>): number {
  if (isConstant(x) || isConstant(y)) return NaN;
  const [meanX, meanY] = [mean(x), mean(y)];
  let [xx, yy, xy] = [0, 0, 0];
  for (let i = 0; i < x.length; i++) {
    const [dx, dy] = [x[i]! - meanX, y[i]! - meanY];
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  return Math.max(-1, Math.min(1, xy / (Math.sqrt(xx) * Math.sqrt(yy))));
}

/** Asked outright, since the rounded mean of equal numbers can differ from them and leave a variance above 0. */
function isConstant(x: ArrayLike<number>): boolean {
  for (let i = 1; i < x.length; i++) if (x[i] !== x[0]) return false;
  return true;
}

function mean(x: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += x[i]!;
  return sum / x.length;
}
