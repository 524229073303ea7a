import { longestCommonSubsequence } from "./longest-common-subsequence.ts";
import { type RougeTokenOptions, rougeTokens } from "./rouge-tokens.ts";
import { countItems, type TextMetric } from "./text-metric.ts";

/** Shares from 0 to 1: of the prediction, of the reference, and the harmonic mean of both. */
export interface RougeScore {
  readonly precision: number;
  readonly recall: number;
  readonly fmeasure: number;
}

export type RougeType = "rouge1" | "rouge2" | "rougeL" | "rougeLsum";

/**
 * ROUGE as run_summarization asks for it, with the stemmer: of each item the F of its best reference, for each type by
 * itself, and the mean over the items. evaluate's script gives the median of 1,000 bootstrapped means in place of the mean.
 * In rougeLsum a line is a sentence: texts in one line have that of rougeL. See `sentencesOf`.
 */
export const rouge: TextMetric = {
  name: "rouge",
  reference: "rouge_score 0.1.2, use_stemmer",
  compute: (references, predictions) => meanRouge(references, predictions, { useStemmer: true }),
};

/**
 * The mean over all items of each type's F, the highest among the references of the item.
 * @param references the accepted texts of each item
 * @throws Error when there are no items, not as many predictions as items, or an item has no reference
 */
export function meanRouge(
  references: readonly (readonly string[])[],
  predictions: readonly string[],
  options: RougeTokenOptions,
): Record<RougeType, number> {
  const count = countItems("rouge", references, predictions);
  const empty = references.findIndex((texts) => texts.length === 0);
  if (empty >= 0) throw new Error(`rouge: item ${empty + 1} has no reference, expected at least one`);
  const sums: Record<RougeType, number> = { rouge1: 0, rouge2: 0, rougeL: 0, rougeLsum: 0 };
  for (const [i, texts] of references.entries()) {
    const prediction = read(predictions[i]!, options);
    const scores = texts.map((text) => compare(read(text, options), prediction));
    for (const type of rougeTypes) sums[type] += Math.max(...scores.map((score) => score[type].fmeasure));
  }
  for (const type of rougeTypes) sums[type] /= count;
  return sums;
}

/** Every type of ROUGE of a prediction and one reference; all 0 where either has no words. */
export function rougeScores(
  reference: string,
  prediction: string,
  options: RougeTokenOptions,
): Record<RougeType, RougeScore> {
  return compare(read(reference, options), read(prediction, options));
}

/** The words of a text, line by line and all together. */
interface Words {
  readonly lines: readonly (readonly string[])[];
  readonly all: readonly string[];
}

function read(text: string, options: RougeTokenOptions): Words {
  const lines = text.split("\n").map((line) => rougeTokens(line, options));
  return { lines, all: lines.flat() };
}

function compare(reference: Words, prediction: Words): Record<RougeType, RougeScore> {
  return {
    rouge1: ngramScore(1, reference.all, prediction.all),
    rouge2: ngramScore(2, reference.all, prediction.all),
    rougeL: lcsScore(reference.all, prediction.all),
    rougeLsum: summaryLcsScore(reference, prediction),
  };
}

const rougeTypes: readonly RougeType[] = ["rouge1", "rouge2", "rougeL", "rougeLsum"];

/** ROUGE-N: the n-grams in common, each as often as in the text that has it less often. */
function ngramScore(n: number, reference: readonly string[], prediction: readonly string[]): RougeScore {
  const [expected, predicted] = [ngrams(n, reference), ngrams(n, prediction)];
  return scoreOf(matches(expected, predicted), expected.length, predicted.length);
}

function ngrams(n: number, tokens: readonly string[]): string[] {
  return Array.from({ length: Math.max(0, tokens.length - n + 1) }, (_, i) => tokens.slice(i, i + n).join(" "));
}

/** ROUGE-L: the longest common subsequence. */
function lcsScore(reference: readonly string[], prediction: readonly string[]): RougeScore {
  return scoreOf(longestCommonSubsequence(reference, prediction).length, reference.length, prediction.length);
}

/**
 * Summary-level ROUGE-L (Lin 2004, section 3.2): the words of each line of the reference that are in its longest common
 * subsequence with any line of the prediction; none more often than the prediction has it, as in ROUGE-1.5.5.
 */
function summaryLcsScore(reference: Words, prediction: Words): RougeScore {
  const found = reference.lines.flatMap((line) => {
    const places = new Set(prediction.lines.flatMap((other) => longestCommonSubsequence(line, other)));
    return line.filter((_, i) => places.has(i));
  });
  return scoreOf(matches(found, prediction.all), reference.all.length, prediction.all.length);
}

/** How many of `items` find one of their own among `others`, each of which is found once. */
function matches(items: readonly string[], others: readonly string[]): number {
  const left = new Map<string, number>();
  for (const item of others) left.set(item, (left.get(item) ?? 0) + 1);
  let count = 0;
  for (const item of items) {
    const remaining = left.get(item) ?? 0;
    if (remaining === 0) continue;
    left.set(item, remaining - 1);
    count++;
  }
  return count;
}

function scoreOf(hits: number, expected: number, predicted: number): RougeScore {
  if (hits === 0) return { precision: 0, recall: 0, fmeasure: 0 };
  const [precision, recall] = [hits / predicted, hits / expected];
  return { precision, recall, fmeasure: (2 * precision * recall) / (precision + recall) };
}
