/** Every task by its name. */
import type { Dataset } from "../data/examples.ts";
import { unknownName } from "../errors/unknown-name.ts";
import { causalLanguageModel } from "./causal-language-model.ts";
import { chat } from "./chat.ts";
import { withGivenColumns } from "./columns.ts";
import { commonsense, type CommonsenseName } from "./commonsense.ts";
import { contaminationsOf } from "./contamination.ts";
import { glue, type GlueName } from "./glue.ts";
import { lmBff, type LmBffName } from "./lm-bff.ts";
import { maskedLanguageModel } from "./masked-language-model.ts";
import { mathematics, type MathematicsName } from "./mathematics.ts";
import { promptCompletion } from "./prompt-completion.ts";
import { type ReadExamples, readTable, type Source } from "./read.ts";
import { sequenceToSequence } from "./sequence-to-sequence.ts";
import { squad, type SquadName } from "./squad.ts";
import { summarization, type SummaryName } from "./summarization.ts";
import { datasetOfSet, type TableSet, wholeTable } from "./table-set.ts";
import type { ColumnOptions, LanguageKind, Task, TaskDefinition } from "./task.ts";
import { textClassification } from "./text-classification.ts";

export type TaskName =
  | GlueName
  | LmBffName
  | CommonsenseName
  | MathematicsName
  | SummaryName
  | SquadName
  | "text-classification"
  | LanguageKind;

export const tasks: { readonly [name in TaskName]: TaskDefinition } = {
  ...glue,
  ...lmBff,
  ...commonsense,
  ...mathematics,
  ...summarization,
  ...squad,
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
 * The task `name` as its training data makes it, and that data's examples.
 * @throws Error when there is no such task, or the data does not hold what it needs.
 */
export function openTables(
  name: string,
  training: TableSet,
  options: ColumnOptions = {},
  reading: ReadExamples = {},
): { task: Task; training: Dataset } {
  const table = wholeTable(training);
  if (table.rows.length === 0) throw new Error(`${training.where}: no rows, expected at least one example`);
  const plain = taskNamed(name).resolve(table, training.where, options);
  const { where } = training;
  const contaminated = contaminationsOf({ where, columns: table.columns, rows: table.rows.length });
  const task = contaminated ? { ...plain, contaminated } : plain;
  return { task, training: datasetOfSet(task, training, reading) };
}

/** As {@link openTables}, of the text of one file. */
export function openTask(
  name: string,
  training: Source,
  options: ColumnOptions = {},
  reading: ReadExamples = {},
): { task: Task; training: Dataset } {
  const table = readTable(training, withGivenColumns(taskNamed(name).forms, options), reading.onBadRow);
  const { where } = training;
  return openTables(name, { where, parts: [{ where, table }] }, options, reading);
}
