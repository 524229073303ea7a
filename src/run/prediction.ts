/** What a classifier answers. */
import type { Example, Texts } from "../data/examples.ts";
import type { QuestionAnswer, RankedAnswer } from "../data/span-answers.ts";
import type { Task } from "../tasks/task.ts";
import { decisions, probabilities } from "../train/evaluate.ts";
import { taskKinds } from "./task-kinds.ts";

export interface Prediction {
  readonly text: string | readonly string[];
  /** The class, the number of a regression as text, or the answer to a question, which is empty where there is none. */
  readonly label: string;
  /** By label; null where there are no classes. */
  readonly probabilities: Readonly<Record<string, number>> | null;
  readonly logits: readonly number[];
  /** The likeliest answers to a question. */
  readonly answers?: readonly RankedAnswer[];
  /** What the data calls the question. */
  readonly id?: string;
}

/** @throws Error in one line for texts of another number than the task takes; null stands for any. */
export function checkTexts(examples: readonly Texts[], expected: number | null, task: string): void {
  const odd = expected === null ? -1 : examples.findIndex(({ length }) => length !== expected);
  if (odd < 0) return;
  const [met, takes] = expected === 1 ? ["a pair", "single texts"] : ["a single text", "pairs (--text A B --pair)"];
  throw new Error(`texts: number ${odd + 1} is ${met}, but ${task} takes ${takes}`);
}

/** What logits say of an example. */
export function predictionOf(texts: Texts, logits: Float32Array, { kind, labels }: Task): Prediction {
  const { supervision } = taskKinds[kind];
  if (supervision === null) throw new Error(`${kind}: labels nothing`);
  const decision = decisions[supervision](logits);
  const shares = labels && probabilities(logits);
  return {
    text: texts.length === 1 ? texts[0] : texts,
    label: labels?.[decision] ?? String(decision),
    probabilities: labels && Object.fromEntries(labels.map((label, i) => [label, shares![i]!])),
    logits: [...logits],
  };
}

/** What is answered to a question about a text. */
export function answerPrediction(
  { texts, id }: Pick<Example, "texts" | "id">,
  { text, nBest }: QuestionAnswer,
): Prediction {
  return { ...(id !== undefined && { id }), text: texts, label: text, probabilities: null, logits: [], answers: nBest };
}
