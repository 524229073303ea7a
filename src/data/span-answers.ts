/** Answers to questions about a text out of what a model gives for each token of it, as transformers' utils_qa.py finds them. */
import type { Span } from "./aligned-text.ts";
import type { Window } from "./windows.ts";

/** How questions about a text are read, answered and scored. Plain data, its settings as run_qa.py spells them. */
export interface Answering {
  /** Which of SQuAD's programs scores the answers; of squad_v2 a question may have none. */
  readonly metric: "squad" | "squad_v2";
  /** How many tokens of a text a window shares with the one before it; null for a third of the longest sequence. */
  readonly doc_stride: number | null;
  /** How many first and last tokens are tried, and how many answers are kept. */
  readonly n_best_size: number;
  /** The most tokens of an answer. */
  readonly max_answer_length: number;
  /** By how much the score of no answer must be above that of the best one to be chosen. */
  readonly null_score_diff_threshold: number;
}

/** What a model gives for a window: for each token of the sequence, how likely an answer begins and ends with it. */
export interface WindowScores extends Pick<Window, "begin" | "offsets"> {
  readonly start: ArrayLike<number>;
  readonly end: ArrayLike<number>;
}

/** An answer with where it stands in the text; no answer is empty. */
export interface RankedAnswer extends Span {
  readonly text: string;
  /** Among the answers that are kept. */
  readonly probability: number;
}

export interface QuestionAnswer {
  /** What is answered; empty where nothing is. */
  readonly text: string;
  /** The best answer that is not empty. */
  readonly best: string;
  /** The score of no answer less that of {@link best}; null where no answer is no choice. */
  readonly nullOdds: number | null;
  /** From the likeliest on. */
  readonly nBest: readonly RankedAnswer[];
}

interface Candidate extends Span {
  readonly score: number;
}

/** What stands for an answer where no two tokens make one. */
const nothing = { text: "empty", score: 0, begin: 0, end: 0 };

/**
 * The answer to a question about `context`, out of all its windows, of which there is one at least. The score of an answer is the sum
 * of what its first and last token are given, that of no answer the least over windows of what the first place of all is given.
 */
export function answerOf(context: string, windows: readonly WindowScores[], answering: Answering): QuestionAnswer {
  const { metric, n_best_size: kept, null_score_diff_threshold: threshold } = answering;
  const none: Candidate = {
    begin: 0,
    end: 0,
    score: Math.min(...windows.map(({ start, end }) => start[0]! + end[0]!)),
  };
  const mayBeNone = metric === "squad_v2";
  const found = windows.flatMap((window) => candidatesOf(window, answering));
  const ranked = [...found, ...(mayBeNone ? [none] : [])].sort((a, b) => b.score - a.score).slice(0, kept);
  const isNone = ({ begin, end }: Span): boolean => begin === 0 && end === 0;
  const all = mayBeNone && !ranked.some(isNone) ? [...ranked, none] : ranked;
  const texts = all.map((candidate) => ({ ...candidate, text: context.slice(candidate.begin, candidate.end) }));
  const listed = texts.every(({ text }) => text === "") ? [nothing, ...texts] : texts;
  const best = listed.find(({ text }) => text !== "")!;
  const nullOdds = mayBeNone ? none.score - best.score : null;
  const first = nullOdds === null ? listed[0]! : best;
  return {
    text: nullOdds !== null && nullOdds > threshold ? "" : first.text,
    best: best.text,
    nullOdds,
    nBest: withProbabilities(listed),
  };
}

/** The answers whose first and last tokens are among the likeliest of the sequence and are of the text, in order and not too far apart. */
function candidatesOf(
  { begin: place, offsets, start, end }: WindowScores,
  { n_best_size: tried, max_answer_length: longest }: Answering,
): Candidate[] {
  const lasts = highest(end, tried);
  return highest(start, tried).flatMap((first) =>
    lasts.flatMap((last): Candidate[] => {
      const [from, to] = [offsets[first - place], offsets[last - place]];
      if (!from || !to || last < first || last - first + 1 > longest) return [];
      return [{ begin: from.begin, end: to.end, score: start[first]! + end[last]! }];
    }),
  );
}

/** The places of the `count` highest numbers, the highest first; of equals the later one, as numpy has it. */
function highest(numbers: ArrayLike<number>, count: number): number[] {
  const places = Array.from(numbers, (_, place) => place);
  return places.sort((a, b) => numbers[b]! - numbers[a]! || b - a).slice(0, count);
}

function withProbabilities(answers: readonly (Candidate & { readonly text: string })[]): RankedAnswer[] {
  const most = Math.max(...answers.map(({ score }) => score));
  const powers = answers.map(({ score }) => Math.exp(score - most));
  const total = powers.reduce((sum, power) => sum + power, 0);
  return answers.map(({ text, begin, end }, i) => ({ text, begin, end, probability: powers[i]! / total }));
}
