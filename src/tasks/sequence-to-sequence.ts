/** Sequence-to-sequence: summaries, translations, answers; a source and its target in two columns. */
import type { TaskDefinition } from "./task.ts";
import { textToText } from "./text-to-text.ts";

export const sequenceToSequence: TaskDefinition = textToText("sequence-to-sequence", [
  ["source", "target"],
  ["document", "summary"],
  ["article", "highlights"],
  ["dialogue", "summary"],
  ["article", "summary"],
  ["text", "summary"],
  ["text", "target"],
  ["input", "target"],
  ["input", "output"],
  ["question", "answer"],
  ["prompt", "completion"],
]);
