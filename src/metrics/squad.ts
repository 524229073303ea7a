/**
 * How well answers to questions about a text agree with those that are accepted, as SQuAD's own programs score them: v1.1 (Rajpurkar
 * et al. 2016) and v2.0 (Rajpurkar et al. 2018), where a question may have no answer. Scores are percentages, as they are published.
 */
import { countItems, type TextMetric } from "./text-metric.ts";

const punctuation = /[!-/:-@[-`{-~]/g;
/** What Python takes for blanks and for letters of words is not what JavaScript's `\s` and `\b` do. */
const separators = String.fromCharCode(0x1c, 0x1d, 0x1e, 0x1f);
const blanks = new RegExp(`[\\p{White_Space}${separators}]+`, "u");
const articles = /(?<![\p{L}\p{N}_])(?:a|an|the)(?![\p{L}\p{N}_])/gu;

/** The words of an answer in lower case, without ASCII punctuation and without articles. */
export function answerTokens(answer: string): string[] {
  const bare = answer.toLowerCase().replace(punctuation, "").replace(articles, " ");
  return bare.split(blanks).filter((word) => word !== "");
}

/** An answer as it is compared: its words with one blank between them. */
export function normalizeAnswer(answer: string): string {
  return answerTokens(answer).join(" ");
}

/** 1 where two answers are the same once normalized, else 0. */
export function exactMatch(prediction: string, reference: string): number {
  return normalizeAnswer(prediction) === normalizeAnswer(reference) ? 1 : 0;
}

/** F1 of the words that two answers share, each as often as in both; 0 where they share none, as of v1.1. */
export function tokenF1(prediction: string, reference: string): number {
  return f1Of(answerTokens(prediction), answerTokens(reference));
}

/** The same as of v2.0: 1 where neither answer has a word. */
export function tokenF1OrNone(prediction: string, reference: string): number {
  const [predicted, accepted] = [answerTokens(prediction), answerTokens(reference)];
  return predicted.length === 0 && accepted.length === 0 ? 1 : f1Of(predicted, accepted);
}

function f1Of(predicted: readonly string[], accepted: readonly string[]): number {
  const left = new Map<string, number>();
  for (const word of accepted) left.set(word, (left.get(word) ?? 0) + 1);
  let shared = 0;
  for (const word of predicted) {
    const count = left.get(word) ?? 0;
    if (count > 0) shared++;
    left.set(word, count - 1);
  }
  if (shared === 0) return 0;
  const [precision, recall] = [shared / predicted.length, shared / accepted.length];
  return (2 * precision * recall) / (precision + recall);
}

/** The programs whose numbers these are. */
export const squadReferences: { readonly [program in "squad" | "squad_v2"]: string } = {
  squad: "evaluate's squad, which is SQuAD's evaluate-v1.1.py",
  squad_v2: "SQuAD's evaluate-v2.0.py",
};

/** SQuAD v1.1: `exact_match` and `f1`, the mean over the questions of the best over the accepted answers, from 0 to 100. */
export const squad: TextMetric = {
  name: "squad",
  reference: squadReferences.squad,
  compute(references, predictions) {
    countItems("squad", references, predictions);
    const bare = references.findIndex((accepted) => accepted.length === 0);
    if (bare >= 0) throw new Error(`squad: no accepted answer of item ${bare + 1}, expected at least one`);
    const best = (score: typeof exactMatch): number =>
      percentage(predictions.map((prediction, i) => bestOf(score, prediction, references[i]!)));
    return { exact_match: best(exactMatch), f1: best(tokenF1) };
  },
};

/** The scores of each program that tell how good answers are. */
export const squadScores: { readonly [program in "squad" | "squad_v2"]: readonly string[] } = {
  squad: ["f1", "exact_match"],
  squad_v2: ["f1", "exact", "HasAns_f1", "HasAns_exact", "NoAns_f1", "NoAns_exact", "best_f1", "best_exact"],
};

export interface SquadV2Options {
  /** How surely each question has no answer, by any measure; none surely unless given. */
  readonly noAnswer?: readonly number[];
  /** A question whose measure is above it counts as answered by nothing; 1 unless given. */
  readonly threshold?: number;
}

/**
 * SQuAD v2.0: `exact` and `f1` from 0 to 100, those of questions with an answer (`HasAns_`) and without (`NoAns_`) where there are such,
 * how many these are (`total`), and the best that any threshold would have given (`best_`, `best_…_thresh`): of equal measures of no
 * answer, those of the first questions count first.
 * @param references the accepted answers; none of a question without an answer
 * @param predictions an empty text where nothing is answered
 * @throws Error when there are no questions, or not as many predictions or measures as questions
 */
export function squadV2(
  references: readonly (readonly string[])[],
  predictions: readonly string[],
  { noAnswer = predictions.map(() => 0), threshold = 1 }: SquadV2Options = {},
): Readonly<Record<string, number>> {
  countItems("squad_v2", references, predictions);
  if (noAnswer.length !== predictions.length)
    throw new Error(`squad_v2: ${noAnswer.length} measures of no answer for ${predictions.length} predictions`);
  const answerable = references.map((accepted) => accepted.length > 0);
  const scores = {
    exact: predictions.map((prediction, i) => bestOf(exactMatch, prediction, withWords(references[i]!))),
    f1: predictions.map((prediction, i) => bestOf(tokenF1OrNone, prediction, withWords(references[i]!))),
  };
  const kept = (raw: readonly number[]): number[] =>
    raw.map((score, i) => (noAnswer[i]! > threshold ? Number(!answerable[i]) : score));
  const final = { exact: kept(scores.exact), f1: kept(scores.f1) };
  const order = [...noAnswer.keys()].sort((a, b) => noAnswer[a]! - noAnswer[b]!);
  const questions = { answerable, isEmpty: predictions.map((prediction) => prediction === ""), noAnswer, order };
  return {
    ...partOf("", final, () => true),
    ...partOf("HasAns_", final, (i) => answerable[i]!),
    ...partOf("NoAns_", final, (i) => !answerable[i]!),
    ...bestThreshold("best_exact", scores.exact, questions),
    ...bestThreshold("best_f1", scores.f1, questions),
  };
}

/** The accepted answers that have words, or the empty one. */
function withWords(accepted: readonly string[]): readonly string[] {
  const worded = accepted.filter((answer) => answerTokens(answer).length > 0);
  return worded.length > 0 ? worded : [""];
}

function bestOf(score: typeof exactMatch, prediction: string, accepted: readonly string[]): number {
  return accepted.reduce((best, reference) => Math.max(best, score(prediction, reference)), 0);
}

function percentage(scores: readonly number[]): number {
  return (100 * scores.reduce((sum, score) => sum + score, 0)) / scores.length;
}

/** The scores of the questions that `belongs` names, none where there is no such question. */
function partOf(
  prefix: string,
  { exact, f1 }: Readonly<Record<"exact" | "f1", readonly number[]>>,
  belongs: (question: number) => boolean,
): Record<string, number> {
  const of = (scores: readonly number[]): number[] => scores.filter((_, i) => belongs(i));
  const total = of(exact).length;
  if (total === 0) return {};
  return {
    [`${prefix}exact`]: percentage(of(exact)),
    [`${prefix}f1`]: percentage(of(f1)),
    [`${prefix}total`]: total,
  };
}

interface Thresholded {
  readonly answerable: readonly boolean[];
  /** Whether nothing is answered. */
  readonly isEmpty: readonly boolean[];
  readonly noAnswer: readonly number[];
  /** The questions from the least measure of no answer to the greatest. */
  readonly order: readonly number[];
}

/** The best score if only the questions up to some measure of no answer were answered, and that measure; 0 if none were. */
function bestThreshold(
  name: string,
  scores: readonly number[],
  { answerable, isEmpty, noAnswer, order }: Thresholded,
): Record<string, number> {
  let score = answerable.filter((has) => !has).length;
  let [best, threshold] = [score, 0];
  for (const i of order) {
    score += answerable[i] ? scores[i]! : isEmpty[i] ? 0 : -1;
    if (score > best) [best, threshold] = [score, noAnswer[i]!];
  }
  return { [name]: (100 * best) / scores.length, [`${name}_thresh`]: threshold };
}
