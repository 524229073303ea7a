/** Every task by its name. */
import type { Dataset } from "../data/examples.ts";
import { unknownName } from "../errors/unknown-name.ts";
import { causalLanguageModel } from "./causal-language-model.ts";
import { chat } from "./chat.ts";
import { withGivenColumns } from "./columns.ts";
import { glue, type GlueName } from "./glue.ts";
import { lmBff, type LmBffName } from "./lm-bff.ts";
import { maskedLanguageModel } from "./masked-language-model.ts";
import { promptCompletion } from "./prompt-completion.ts";
import { datasetOf, readTable, type Source } from "./read.ts";
import { sequenceToSequence } from "./sequence-to-sequence.ts";
import type { ColumnOptions, LanguageKind, Task, TaskDefinition } from "./task.ts";
import { textClassification } from "./text-classification.ts";

export type TaskName = GlueName | LmBffName | "text-classification" | LanguageKind;

export const tasks: { readonly [name in TaskName]: TaskDefinition } = {
  ...glue,
  ...lmBff,
  "text-classification": textClassification,
  "masked-language-model": maskedLanguageModel,
  "causal-language-model": causalLanguageModel,
  "prompt-completion": promptCompletion,
  chat,
  "sequence-to-sequence": sequenceToSequence,
};

/**
 * The definition of the task `name`.
 * @throws Error with the nearest names when there is none.
 */
export function taskNamed(name: string): TaskDefinition {
  if (isTaskName(name)) return tasks[name];
  throw unknownName("unknown task", name, Object.keys(tasks));
}

function isTaskName(name: string): name is TaskName {
  return Object.hasOwn(tasks, name);
}

/**
 * The task `name` as its training file makes it, and that file's examples.
 * @throws Error when there is no such task, or the file does not hold what it needs.
 */
export function openTask(
  name: string,
  training: Source,
  options: ColumnOptions = {},
): { task: Task; training: Dataset } {
  const definition = taskNamed(name);
  const table = readTable(training, withGivenColumns(definition.forms, options));
  if (table.rows.length === 0) throw new Error(`${training.where}: no rows, expected at least one example`);
  const task = definition.resolve(table, training.where, options);
  return { task, training: datasetOf(task, table, training.where) };
}
