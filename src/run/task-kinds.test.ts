/** What of a kind of task is not told by its data. */
import { expect, test } from "vitest";
import { taskKinds } from "./task-kinds.ts";

test("evaluation takes fewer examples at once where every token that is asked for is scored against all words", () => {
  const sizes = Object.entries(taskKinds).map(([kind, { evalBatchSize }]) => [kind, evalBatchSize]);
  expect(Object.fromEntries(sizes)).toEqual({
    classification: 64,
    "prompt-classification": 64,
    regression: 64,
    "masked-language-model": 64,
    "causal-language-model": 8,
    "prompt-completion": 8,
    chat: 8,
    "sequence-to-sequence": 8,
    "question-answering": 64,
  });
});
