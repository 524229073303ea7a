import { countClasses } from "./confusion.ts";
import { countPairs, type Metric } from "./metric.ts";

/**
 * Matthews' correlation of classes: (c·s − Σ pₖtₖ) / √((s² − Σpₖ²)(s² − Σtₖ²)) with s examples, c hits, and class k
 * predicted pₖ and labelled tₖ times (Gorodkin 2004); of two classes it is Matthews' own (1975). 0 where either side is
 * constant.
 */
export const matthews: Metric = {
  name: "matthews_correlation",
  reference: "scikit-learn 1.9.1, matthews_corrcoef",
  compute(labels, predictions) {
    const n = countPairs("matthews_correlation", labels, predictions);
    let [hits, product, predictedSquares, labelledSquares] = [0, 0, 0, 0];
    for (const counts of countClasses(labels, predictions).values()) {
      hits += counts.hits;
      product += counts.predicted * counts.labelled;
      predictedSquares += counts.predicted ** 2;
      labelledSquares += counts.labelled ** 2;
    }
    const norm = Math.sqrt((n ** 2 - predictedSquares) * (n ** 2 - labelledSquares));
    return norm === 0 ? 0 : (hits * n - product) / norm;
  },
};
