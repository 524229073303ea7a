/** How a task is scored beside the loss: by what a model says, by what it finds likely, or by both. Plain data. */
import type { TextMetricName } from "../metrics/text-registry.ts";

export interface Scoring {
  /** The part of the data that published scores are of. */
  readonly split: "validation" | "test";
  readonly generation?: GenerationScoring | undefined;
  readonly likelihood?: LikelihoodScoring | undefined;
}

/** A model says something to each prompt, and what it says is compared with what is accepted. */
export interface GenerationScoring {
  readonly metrics: readonly TextMetricName[];
  readonly decoding: Decoding;
}

/** Settings of generation, as transformers spells them; what is left out is as the model's folder says. */
export interface Decoding {
  readonly num_beams: number;
  readonly max_new_tokens: number;
  readonly min_new_tokens?: number | undefined;
  readonly length_penalty?: number | undefined;
  readonly no_repeat_ngram_size?: number | undefined;
}

/** Of what can be chosen, the model chooses what is likeliest: `acc` by the sums, `acc_norm` by the sums per character. */
export interface LikelihoodScoring {
  readonly metrics: readonly LikelihoodMetric[];
  /** The one of `metrics` that is usually reported. */
  readonly reported: LikelihoodMetric;
}

export const likelihoodMetrics = ["acc", "acc_norm"] as const;
export type LikelihoodMetric = (typeof likelihoodMetrics)[number];
