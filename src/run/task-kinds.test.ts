/** What of a kind of task is not told by its data. */
import { expect, test } from "vitest";
import { parseConfig } from "./config.ts";
import { trainingOptions } from "./options.ts";
import type { PreparedRun } from "./prepare.ts";
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

test.each([
  [{}, 8],
  [{ per_device_eval_batch_size: 3 }, 3],
])("a setting goes before that: %j", (given, size) => {
  const config = parseConfig({ model: "m", data: "d", output_dir: "o", task: "chat", ...given });
  const prepared = { config, method: {}, task: { kind: "chat" }, folder: {} } as unknown as PreparedRun;
  expect(trainingOptions(prepared).evalBatchSize).toBe(size);
});
