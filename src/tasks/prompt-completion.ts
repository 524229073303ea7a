/**
 * Prompts with their completions: as they are, or of instructions (Alpaca; Taori et al. 2023) and of questions (GSM8K; Cobbe et al.
 * 2021), whose prompts are worded here.
 */
import type { Texts } from "../data/examples.ts";
import { instructionTemplates } from "./instructions.ts";
import { conversationFields, exchangeFields, inputFields } from "./records.ts";
import { textToText } from "./text-to-text.ts";
import type { TaskDefinition } from "./task.ts";

export const promptCompletion: TaskDefinition = textToText("prompt-completion", exchangeFields, conversationFields);

type Wording = (given: string, wanted: string, input: string) => Texts;

const asItIs: Wording = (given, wanted) => [given, wanted];
const question: Wording = (given, wanted) => [`Question: ${given}\nAnswer:`, ` ${wanted}`];
const instruction: Wording = (given, wanted, input) => [instructionTemplates.alpaca.training(given, input), wanted];

/** By the name of the column of what is asked; of any other name it is a prompt as it is. */
const wordings: Readonly<Record<string, Wording>> = { instruction, question, problem: question, query: question };

/** The prompt and the completion of a row, its two texts standing in the columns `given` and another. */
export function worded(given: string, [asked, wanted = ""]: Texts, values: Readonly<Record<string, unknown>>): Texts {
  const name = given.toLowerCase();
  const wording = Object.hasOwn(wordings, name) ? wordings[name]! : asItIs;
  const input = inputFields.map((column) => values[column]).find((value) => typeof value === "string");
  return wording(asked, wanted, input ?? "");
}
