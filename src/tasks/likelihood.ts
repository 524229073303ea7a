/** What likelihoods choose among: contexts with their continuations, as lm-evaluation-harness 0.4.13 has them. */
import type { ChoiceQuestion } from "../data/question.ts";

/**
 * One continuation of one context for each choice. By `acc` the choice is that of the greatest sum of log-probabilities, by
 * `acc_norm` that of the greatest sum divided by its normaliser; the first of equals.
 */
export interface LikelihoodItem {
  readonly contexts: readonly string[];
  /** With their leading blank; a tokenizer reads context and continuation as one text. */
  readonly continuations: readonly string[];
  /** Which choice is right, counted from 0. */
  readonly gold: number;
  /** How many characters each choice has. */
  readonly normalisers: readonly number[];
}

/** Each choice, by default as it stands, behind one context. */
export function choicesBehind(
  context: string,
  { choices, gold }: Pick<ChoiceQuestion, "choices" | "gold">,
): LikelihoodItem {
  return itemOf(
    choices.map((choice) => [context, ` ${choice}`]),
    gold,
    choices.map(characters),
  );
}

/** A sentence whose gap each choice fills: the text before the gap and the choice, continued by what comes after. */
export function choicesInGap({ asked, choices, gold }: ChoiceQuestion): LikelihoodItem {
  const [before, after] = splitAt(asked, asked.indexOf("_"));
  return itemOf(
    choices.map((choice) => [`${before}${choice}`, ` ${after.trim()}`]),
    gold,
    choices.map(() => characters(after.trim())),
  );
}

function splitAt(text: string, gap: number): readonly [string, string] {
  return [text.slice(0, gap), text.slice(gap + 1)];
}

/** Blanks that end a context are moved to its continuation, of whose first token they are a part. */
function itemOf(
  pairs: readonly (readonly [context: string, continuation: string])[],
  gold: number,
  normalisers: readonly number[],
): LikelihoodItem {
  const contexts = pairs.map(([context]) => context.trimEnd());
  const continuations = pairs.map(([context, continuation], i) => context.slice(contexts[i]!.length) + continuation);
  return { contexts, continuations, gold, normalisers };
}

function characters(text: string): number {
  return [...text].length;
}

/** HellaSwag's texts without the marks of WikiHow: titles become sentences, other marks go, and so do the blanks around them. */
export function withoutMarks(text: string): string {
  return text
    .trim()
    .replaceAll(" [title]", ". ")
    .replaceAll(/\[.*?\]/g, "")
    .replaceAll("  ", " ");
}

/** The first letter in upper case, the others in lower case. */
export function capitalised(text: string): string {
  const [first = "", ...rest] = text;
  return first.toUpperCase() + rest.join("").toLowerCase();
}
