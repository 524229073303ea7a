import { type ClassCounts, countClasses } from "./confusion.ts";
import { countPairs, type Metric } from "./metric.ts";

/** F1 of class 1 in a binary task: 2·TP / (2·TP + FP + FN), 0 where class 1 occurs on neither side. */
export const f1: Metric = {
  name: "f1",
  reference: "scikit-learn 1.9.1, f1_score",
  compute(labels, predictions) {
    countPairs("f1", labels, predictions);
    const counts = countClasses(labels, predictions).get(1);
    return counts ? f1Of(counts) : 0;
  },
};

/** The mean of the F1 of every class that occurs among the labels or the predictions. */
export const f1Macro: Metric = {
  name: "f1_macro",
  reference: 'scikit-learn 1.9.1, f1_score of average="macro"',
  compute(labels, predictions) {
    countPairs("f1_macro", labels, predictions);
    const scores = Array.from(countClasses(labels, predictions).values(), f1Of);
    return scores.reduce((sum, score) => sum + score, 0) / scores.length;
  },
};

/** TP + FN is how often the class is the label, TP + FP how often it is predicted. */
function f1Of({ labelled, predicted, hits }: ClassCounts): number {
  return (2 * hits) / (labelled + predicted);
}
