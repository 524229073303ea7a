/** The order of classes: a checkpoint's own, where it names the same ones, so that its head keeps its meaning. */
import type { Dataset } from "../data/examples.ts";
import type { JsonObject } from "../hub/model-folder.ts";
import type { RunData } from "./data.ts";

/**
 * The data with its classes in the order of the checkpoint's `id2label`, where that names the same classes in another order
 * (three orders of MNLI's are in use); the data itself otherwise. Names are compared without case.
 */
export function inCheckpointOrder(data: RunData, config: JsonObject): RunData {
  const { labels } = data.task;
  const order = labels && checkpointLabels(config);
  if (!labels || !order) return data;
  const folded = order.map((name) => name.toLowerCase());
  const newIds = labels.map((name) => folded.indexOf(name.toLowerCase()));
  if (order.length !== labels.length || newIds.includes(-1)) return data;
  const relabelled = (dataset: Dataset): Dataset => ({
    ...dataset,
    examples: dataset.examples.map((example) => ({
      ...example,
      label: example.label === null ? null : newIds[example.label]!,
    })),
  });
  return {
    task: { ...data.task, labels: newIds.map((_, id) => labels[newIds.indexOf(id)]!) },
    train: relabelled(data.train),
    validation: relabelled(data.validation),
    extra: data.extra.map(relabelled),
  };
}

function checkpointLabels({ id2label }: JsonObject): string[] | null {
  if (typeof id2label !== "object" || id2label === null) return null;
  return Object.entries(id2label)
    .sort(([a], [b]) => Number(a) - Number(b))
    .map(([, name]) => String(name));
}
