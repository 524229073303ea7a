/** The sets of questions that have choices, as likelihoods choose among them. */
import type { Question } from "../data/question.ts";
import { commonsense } from "./commonsense.ts";
import type { LikelihoodItem } from "./likelihood.ts";
import { mathematics } from "./mathematics.ts";
import type { ChoiceTask } from "./question-set.ts";

const choiceTasks: Readonly<Record<string, ChoiceTask>> = { ...commonsense, aqua: mathematics.aqua };

/**
 * What likelihoods choose among in a question of the task `name`.
 * @throws Error where the task is not scored so, or the question lacks a part that it is read with.
 */
export function likelihoodOf(name: string, question: Question): LikelihoodItem {
  const task = Object.hasOwn(choiceTasks, name) ? choiceTasks[name] : undefined;
  if (!task || question.choices === null)
    throw new Error(
      `${name}: no choices to find likely, expected a question of ${Object.keys(choiceTasks).join(", ")}`,
    );
  return task.likelihood(question);
}
