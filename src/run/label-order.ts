/** The order of classes: a checkpoint's own, where it names the same ones, so that its head keeps its meaning. */
import type { Dataset } from "../data/examples.ts";
import type { JsonObject } from "../hub/model-folder.ts";
import { taskNamed } from "../tasks/registry.ts";
import type { Task } from "../tasks/task.ts";
import type { RunData } from "./data.ts";

/**
 * The data with its classes in the order of the checkpoint's `id2label`, where that names the same classes in another order
 * (three orders of MNLI's are in use); the data itself otherwise. Names are compared without case.
 */
export function inCheckpointOrder(data: RunData, config: JsonObject): RunData {
  const { labels } = data.task;
  const order = labels && checkpointLabels(config);
  if (!labels || !order) return data;
  const ordered = inOrder(labels, order);
  if (!ordered) return data;
  return {
    ...data,
    task: { ...data.task, labels: ordered },
    train: relabel(data.train, labels, ordered),
    validation: relabel(data.validation, labels, ordered),
    extra: data.extra.map((dataset) => relabel(dataset, labels, ordered)),
  };
}

/** `labels` in the order in which `order` names the same ones, without regard to case; null where it names others. */
export function inOrder(labels: readonly string[], order: readonly string[]): string[] | null {
  const byName = new Map(labels.map((name) => [name.toLowerCase(), name]));
  const ordered = order.flatMap((name) => byName.get(name.toLowerCase()) ?? []);
  return order.length === labels.length && new Set(ordered).size === labels.length ? ordered : null;
}

/** A task's classes in the order of the ids its files give: a known task's own, whatever order the model has. */
export function fileOrder({ name, labels }: Task): readonly string[] | null {
  const { kind, resolve } = taskNamed(name);
  return kind === "classification" ? resolve({ columns: [], rows: [] }, name, {}).labels : labels;
}

/** The dataset with ids that count in `to` in place of ids that count in `from`; both hold the same names. */
export function relabel(dataset: Dataset, from: readonly string[], to: readonly string[]): Dataset {
  const newIds = from.map((name) => to.indexOf(name));
  const relabelled = (label: number | null) => (label === null ? null : newIds[label]!);
  return {
    ...dataset,
    examples: dataset.examples.map((example) => ({ ...example, label: relabelled(example.label) })),
  };
}

/** The classes that a config.json's `id2label` names, in the order of their ids; null where it names none. */
export function checkpointLabels({ id2label }: JsonObject): string[] | null {
  if (typeof id2label !== "object" || id2label === null) return null;
  return Object.entries(id2label)
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, name]) => String(name));
}
