/** Answers found in what a model says, and how many of them are right. */
import type { TextMetric } from "./text-metric.ts";

/** A rule by which an answer is found in a text. */
export interface Extraction {
  /** What it finds, in a few words. */
  readonly finds: string;
  /** The program whose rule it is. */
  readonly reference: string;
  /** The score of its answers: the share of those that are right. */
  readonly score: string;
  /** The answer in `text`; empty where there is none. */
  find(text: string): string;
  /** Whether an answer that was found is the accepted one; equality unless given. */
  agrees?(accepted: string, found: string): boolean;
}

const llmAdapters = "LLM-Adapters at 8166572";
const harness = "lm-evaluation-harness 0.4.13";

/** The first of some words, wherever it stands; the case counts. */
const firstOf = (...words: readonly string[]): Extraction => ({
  finds: `the first of ${words.join(", ")}`,
  reference: llmAdapters,
  score: "accuracy",
  find: (text) => new RegExp(words.join("|")).exec(text)?.[0] ?? "",
});
const numbered = (name: string, count: number): Extraction =>
  firstOf(...Array.from({ length: count }, (_, i) => `${name}${i + 1}`));

/** How far a number may be from the accepted one. */
const TOLERANCE = 0.001;

/** What exact match does not look at: commas, dollars, all up to the mark of an answer, one dot at the end. */
const plain = (text: string): string =>
  text
    .replaceAll(/,|\$/g, "")
    .replace(/.*#### /s, "")
    .replace(/\.$/, "")
    .toLowerCase();
const exactMatch = {
  reference: harness,
  agrees: (accepted: string, found: string) => plain(accepted) === plain(found),
};

export type ExtractionName =
  | "true_or_false"
  | "solution_number"
  | "answer_number"
  | "ending_number"
  | "option_number"
  | "last_number"
  | "first_letter"
  | "stated_letter"
  | "strict_match"
  | "flexible_extract";

/** Every rule by its name: those of LLM-Adapters (Hu et al. 2023), and those of the evaluation harness for GSM8K. */
export const extractions: { readonly [name in ExtractionName]: Extraction } = {
  true_or_false: firstOf("true", "false"),
  solution_number: numbered("solution", 2),
  answer_number: numbered("answer", 5),
  ending_number: numbered("ending", 4),
  option_number: numbered("option", 2),
  last_number: {
    finds: "the last number, commas left out",
    reference: llmAdapters,
    score: "accuracy",
    find: (text) =>
      text
        .replaceAll(",", "")
        .match(/-?\d+\.?\d*/g)
        ?.at(-1) ?? "",
    agrees: (accepted, found) => found !== "" && Math.abs(Number(accepted) - Number(found)) <= TOLERANCE,
  },
  first_letter: {
    finds: "the first capital from A to E, wherever it stands",
    reference: llmAdapters,
    score: "accuracy",
    find: (text) => /[A-E]/.exec(text)?.[0] ?? "",
  },
  stated_letter: {
    finds: "the letter in “answer is (…)”",
    reference: "the form of LLM-Adapters' own answers",
    score: "accuracy_stated",
    find: (text) => /answer is \(([A-E])\)/.exec(text)?.[1] ?? "",
  },
  strict_match: {
    ...exactMatch,
    finds: "the first number behind “#### ”",
    score: "exact_match_strict",
    find: (text) => /#### (-?[0-9.,]+)/.exec(text)?.[1] ?? "",
  },
  flexible_extract: {
    ...exactMatch,
    finds: "the last number, with what is written in it",
    score: "exact_match_flexible",
    find: (text) => text.match(/-?[$0-9.,]{2,}|-?[0-9]+/g)?.at(-1) ?? "",
  },
};

/** The share of texts in which the answer that a rule finds is an accepted one; a text without an answer is wrong. */
function shareOfRight(name: ExtractionName): TextMetric {
  const { reference, score, find, agrees = (accepted, found) => accepted === found } = extractions[name];
  return {
    name,
    reference,
    compute(references, predictions) {
      if (references.length !== predictions.length)
        throw new Error(
          `${name}: ${predictions.length} predictions for ${references.length} items, expected one for each`,
        );
      if (predictions.length === 0) throw new Error(`${name}: no items, expected at least one`);
      const right = predictions.filter((text, i) => {
        const found = find(text);
        return found !== "" && references[i]!.some((accepted) => agrees(accepted, found));
      });
      return { [score]: right.length / predictions.length };
    },
  };
}

/** The metric of each rule. */
export const answerMetrics: { readonly [name in ExtractionName]: TextMetric } = {
  true_or_false: shareOfRight("true_or_false"),
  solution_number: shareOfRight("solution_number"),
  answer_number: shareOfRight("answer_number"),
  ending_number: shareOfRight("ending_number"),
  option_number: shareOfRight("option_number"),
  last_number: shareOfRight("last_number"),
  first_letter: shareOfRight("first_letter"),
  stated_letter: shareOfRight("stated_letter"),
  strict_match: shareOfRight("strict_match"),
  flexible_extract: shareOfRight("flexible_extract"),
};
