/** What peft calls tasks. */
import type { TaskName } from "../tasks/registry.ts";
import type { TaskKind } from "../tasks/task.ts";

/** peft's `task_type` for each kind of task; null where it has none. */
export const taskTypes: { readonly [K in TaskKind]: string | null } = {
  classification: "SEQ_CLS",
  "prompt-classification": null,
  regression: "SEQ_CLS",
  "masked-language-model": null,
  "causal-language-model": "CAUSAL_LM",
  "prompt-completion": "CAUSAL_LM",
  chat: "CAUSAL_LM",
  "sequence-to-sequence": "SEQ_2_SEQ_LM",
  "question-answering": "QUESTION_ANS",
};

/** The task of an adapter of a `task_type`, where no other is named. */
const tasks: Readonly<Record<string, TaskName>> = {
  SEQ_CLS: "text-classification",
  CAUSAL_LM: "causal-language-model",
  SEQ_2_SEQ_LM: "sequence-to-sequence",
  QUESTION_ANS: "squad_v2",
  null: "text-classification",
};

/** @throws Error in one line for a type that no task of ours is of. */
export function taskOfType(type: unknown): TaskName {
  const name = String(type ?? null);
  if (Object.hasOwn(tasks, name)) return tasks[name]!;
  throw new Error(`task_type: ${name}, expected one of ${Object.keys(tasks).join(", ")}`);
}
