/** Every metric by its name. */
import { accuracy } from "./accuracy.ts";
import { f1, f1Macro } from "./f1.ts";
import { matthews } from "./matthews.ts";
import type { Metric } from "./metric.ts";
import { pearson } from "./pearson.ts";
import { spearman } from "./spearman.ts";

export const metrics: { readonly [name in MetricName]: Metric } = {
  accuracy,
  f1,
  f1_macro: f1Macro,
  matthews_correlation: matthews,
  pearson,
  spearmanr: spearman,
};

export type MetricName = "accuracy" | "f1" | "f1_macro" | "matthews_correlation" | "pearson" | "spearmanr";
