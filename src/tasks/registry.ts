/** Every task by its name. */
import type { Dataset } from "../data/examples.ts";
import { unknownName } from "../errors/unknown-name.ts";
import { withGivenColumns } from "./columns.ts";
import { glue, type GlueName } from "./glue.ts";
import { maskedLanguageModel } from "./masked-language-model.ts";
import { datasetOf, readTable, type Source } from "./read.ts";
import type { ColumnOptions, Task, TaskDefinition } from "./task.ts";
import { textClassification } from "./text-classification.ts";

export type TaskName = GlueName | "text-classification" | "masked-language-model";

export const tasks: { readonly [name in TaskName]: TaskDefinition } = {
  ...glue,
  "text-classification": textClassification,
  "masked-language-model": maskedLanguageModel,
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
  const task = definition.resolve(table, training.where, options);
  return { task, training: datasetOf(task, table, training.where) };
}
