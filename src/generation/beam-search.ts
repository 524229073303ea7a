/**
 * Beam search as transformers does it (`_beam_search` of its version 5.24): of all continuations of the beams the best by the sum of
 * log-probabilities go on, and ended ones are compared by that sum over a power of their length (Wu et al. 2016, §7).
 *
 * Sums are rounded to float32 after each operation, as there, so that the same beams are found where two are nearly as good.
 */
import type { Random } from "../tensor/random.ts";
import { highest, logSoftmax } from "./probability.ts";
import type { LogitsProcessor } from "./processor.ts";
import { type Continuation, endOf, type Ending, type FinishReason, type Search } from "./search.ts";
import type { GenerationSettings } from "./settings.ts";

/** Added to a score that must lose against every other. */
const LOST = -1e9;

export interface BeamOptions {
  readonly prompt: readonly number[];
  readonly processors: readonly LogitsProcessor[];
  readonly ending: Ending;
  readonly settings: Pick<
    GenerationSettings,
    "num_beams" | "num_return_sequences" | "length_penalty" | "early_stopping"
  >;
  /** What continuations are drawn from; without it the best are taken. */
  readonly stream: Random | null;
}

interface Beam {
  /** The new tokens. */
  readonly tokens: readonly number[];
  /** The sum of their log-probabilities; over a power of their number once they have ended. */
  readonly score: number;
}

interface Candidate extends Beam, Continuation {
  readonly finishReason: FinishReason | null;
}

interface Ended extends Beam {
  /** null where nothing has ended yet. */
  readonly finishReason: FinishReason | null;
}

export function beamSearch({ prompt, processors, ending, settings, stream }: BeamOptions): Search {
  const { num_beams: width, length_penalty: penalty, early_stopping: early } = settings;
  const considered = Math.max(2, 1 + ending.eos.size) * width;
  // Only the first beam's continuations count at first, since all beams are the same.
  let running: readonly Beam[] = Array.from({ length: width }, (_, i) => ({ tokens: [], score: i === 0 ? 0 : LOST }));
  let ended: readonly Ended[] = running.map(() => ({ tokens: [], score: LOST, finishReason: null }));
  let canImprove = true;
  const allEnded = () => ended.every(({ finishReason }) => finishReason !== null);

  const scoresOf = (logits: readonly Float32Array[]): Float32Array[] =>
    logits.map((row, i) => {
      const scores = logSoftmax(row);
      const ids = [...prompt, ...running[i]!.tokens];
      for (const process of processors) process(scores, ids);
      return scores;
    });

  /** The ended beams, with what has ended of the best of `candidates`. */
  const withEnded = (candidates: readonly Candidate[]): Ended[] => {
    const fresh = candidates.map(({ tokens, score, finishReason }, rank): Ended => {
      const counts = finishReason !== null && rank < width;
      const compared = Math.fround(score / Math.fround(tokens.length ** penalty));
      return {
        tokens,
        score: counts ? compared : Math.fround(compared + LOST),
        finishReason: counts ? finishReason : null,
      };
    });
    return best([...ended, ...fresh], width);
  };

  /** Whether the best of the running beams could still come before the worst ended one. */
  const mayImprove = (): boolean => {
    const [{ tokens, score }] = running as [Beam];
    const length = early === "never" && penalty > 0 ? ending.newTokens : tokens.length;
    const possible = Math.fround(score / Math.fround(length ** penalty));
    const worst = Math.min(...ended.map((beam) => beam.score));
    return ended.some(({ finishReason }) => possible > (finishReason === null ? LOST : worst));
  };

  return {
    step(logits) {
      const candidates = continuations(running, scoresOf(logits), considered, stream).map((beam): Candidate => ({
        ...beam,
        finishReason: endOf(beam.tokens, ending),
      }));
      const goesOn = candidates.map((beam) => ({
        ...beam,
        score: beam.finishReason === null ? beam.score : Math.fround(beam.score + LOST),
      }));
      const next = best(goesOn, width);
      ended = withEnded(candidates);
      running = next;
      canImprove &&= mayImprove();
      const isOver =
        !canImprove || (early === true && allEnded()) || candidates.every(({ finishReason }) => finishReason !== null);
      return isOver ? [] : next.map(({ from, token }) => ({ from: Math.min(from, logits.length - 1), token }));
    },
    results: () =>
      ended
        .slice(0, settings.num_return_sequences)
        .map(({ tokens, score, finishReason }) => ({ tokens, score, finishReason: finishReason! })),
  };
}

/** The `count` best, the best first. */
function best<B extends Beam>(beams: readonly B[], count: number): B[] {
  return beams.toSorted((a, b) => b.score - a.score).slice(0, count);
}

/**
 * The `count` best continuations of all beams together, or as many drawn without replacement, the best first.
 * @param scores of each beam's next token; of all beams the same where there is one row
 */
function continuations(
  beams: readonly Beam[],
  scores: readonly Float32Array[],
  count: number,
  stream: Random | null,
): (Beam & Continuation)[] {
  const vocabulary = scores[0]!.length;
  const sums = new Float32Array(beams.length * vocabulary);
  beams.forEach(({ score }, i) =>
    sums.set(
      (scores[i] ?? scores[0]!).map((next) => next + score),
      i * vocabulary,
    ),
  );
  const places = highest(stream ? sums.map((sum) => sum + gumbel(stream)) : sums, count);
  const found = places.map((place) => {
    const from = Math.floor(place / vocabulary);
    const token = place % vocabulary;
    return { tokens: [...beams[from]!.tokens, token], score: sums[place]!, from, token };
  });
  return stream ? best(found, count) : found;
}

/** Noise with which the largest log-probabilities are a draw without replacement (Kool et al. 2019, §3). */
const gumbel = (stream: Random) => -Math.log(-Math.log(stream.uniform() + 2 ** -33));
