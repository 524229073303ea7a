/** Tasks whose columns and classes are known, whatever the data. */
import type { MetricName } from "../metrics/registry.ts";
import { givenTextColumns, withGivenColumns } from "./columns.ts";
import { type ColumnOptions, fixedTask, type Task, type TaskDefinition, type TextColumns } from "./task.ts";

/** Alternatives of columns as {@link Task} has them, and what is learned. */
export interface KnownTask {
  readonly text: readonly TextColumns[];
  readonly label: readonly string[];
  readonly headerless?: readonly (readonly string[])[];
  /** In the order of their ids; null where labels are numbers to predict. */
  readonly classes: readonly string[] | null;
  /** The first chooses the best checkpoint. */
  readonly metrics: readonly [MetricName, ...MetricName[]];
  readonly unlabelled?: readonly string[];
}

/** Files may give a class by its name or its id. */
export function knownTask(
  name: string,
  { text, label, classes, metrics, unlabelled, headerless = [] }: KnownTask,
): TaskDefinition {
  const forms = { textColumns: text, labelColumns: label, headerless };
  const task: Task = {
    ...forms,
    name,
    kind: classes ? "classification" : "regression",
    labels: classes,
    labelIds: true,
    metrics,
    metricForBest: metrics[0],
    ...(unlabelled && { unlabelled }),
  };
  return fixedTask(task, forms, (options) => {
    checkOptions(task, options);
    return withGivenColumns(task, options);
  });
}

function checkOptions(task: Task, options: ColumnOptions): void {
  const given = givenTextColumns(options);
  const expected = task.textColumns[0]!.length;
  if (given && given.length !== expected) {
    throw new Error(`${task.name}: ${given.length} text columns given, expected ${expected}`);
  }
  if (options.regression !== undefined && options.regression !== (task.kind === "regression")) {
    throw new Error(`${task.name}: regression ${options.regression} asked for, but the task is ${task.kind}`);
  }
}
