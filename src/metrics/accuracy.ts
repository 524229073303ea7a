import { countPairs, type Metric } from "./metric.ts";

/** The share of predictions that equal their label. */
export const accuracy: Metric = {
  name: "accuracy",
  reference: "scikit-learn 1.9.1, accuracy_score",
  compute(labels, predictions) {
    const n = countPairs("accuracy", labels, predictions);
    let hits = 0;
    for (let i = 0; i < n; i++) if (labels[i] === predictions[i]) hits++;
    return hits / n;
  },
};
