/** What changes the scores of the next token before one is chosen, in transformers' order. */
import { forcedToken } from "./processors/forced-token.ts";
import { minimumLength } from "./processors/minimum-length.ts";
import { noRepeatNgram } from "./processors/no-repeat-ngram.ts";
import { repetitionPenalty } from "./processors/repetition-penalty.ts";
import { temperature } from "./processors/temperature.ts";
import { topK } from "./processors/top-k.ts";
import { topP } from "./processors/top-p.ts";
import type { GenerationSettings } from "./settings.ts";

/**
 * Changes `scores` [vocabulary] in place: logits, or log-probabilities in beam search. A token that must not come gets −∞.
 * @param ids the tokens so far, of the prompt and after it
 */
export type LogitsProcessor = (scores: Float32Array, ids: readonly number[]) => void;

/** What processors know of the text they work on. */
export interface Lengths {
  /** Tokens that a decoder reads before the first new one. */
  readonly prompt: number;
  /** The most new tokens. */
  readonly newTokens: number;
}

/** The processors that `settings` ask for. */
export function processorsOf(settings: GenerationSettings, { prompt, newTokens }: Lengths): LogitsProcessor[] {
  const { eos_token_id: ends, forced_bos_token_id: first, forced_eos_token_id: last } = settings;
  const shortest = Math.max(settings.min_length, settings.min_new_tokens > 0 ? prompt + settings.min_new_tokens : 0);
  return [
    ...when(settings.repetition_penalty !== 1, () => repetitionPenalty(settings.repetition_penalty)),
    ...when(settings.no_repeat_ngram_size > 0, () => noRepeatNgram(settings.no_repeat_ngram_size)),
    ...when(shortest > 0 && ends.length > 0, () => minimumLength(shortest, ends)),
    ...when(first !== null, () => forcedToken(1, [first!])),
    ...when(last.length > 0, () => forcedToken(prompt + newTokens - 1, last)),
    ...(settings.do_sample ? warpersOf(settings) : []),
  ];
}

/** Those that sampling adds. Beams keep a token more than can end a text, so that one goes on. */
function warpersOf(settings: GenerationSettings): LogitsProcessor[] {
  const kept = settings.num_beams === 1 ? 1 : Math.max(2, settings.eos_token_id.length + 1);
  return [
    ...when(settings.temperature !== 1, () => temperature(settings.temperature)),
    ...when(settings.top_k > 0, () => topK(Math.max(settings.top_k, kept))),
    ...when(settings.top_p < 1, () => topP(settings.top_p, kept)),
  ];
}

const when = (asked: boolean, make: () => LogitsProcessor): LogitsProcessor[] => (asked ? [make()] : []);
