/** Every metric of texts by its name. */
import { answerMetrics, type ExtractionName } from "./answers.ts";
import { rouge } from "./rouge.ts";
import { squad } from "./squad.ts";
import type { TextMetric } from "./text-metric.ts";

export const textMetrics: { readonly [name in TextMetricName]: TextMetric } = { rouge, squad, ...answerMetrics };

export type TextMetricName = "rouge" | "squad" | ExtractionName;
