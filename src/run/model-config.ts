/** config.json of a fine-tuned model. */
import type { JsonObject } from "../hub/model-folder.ts";
import type { Task, TaskKind } from "../tasks/task.ts";
import type { OpenModel } from "./prepare.ts";

/** The base model's configuration with the task's head and labels in it, in transformers' words. */
export function fineTunedConfig({ folder, head }: Pick<OpenModel, "folder" | "head">, task: Task): JsonObject {
  return { ...ofAnyTask(folder.config), architectures: [head.architecture], ...labelFields[task.kind](task.labels) };
}

/** config.json without what speaks of the base checkpoint alone: its path, the types its weights were stored in, its own labels. */
function ofAnyTask(config: JsonObject): JsonObject {
  const { _name_or_path, torch_dtype, dtype, num_labels, id2label, label2id, problem_type, ...kept } = config;
  return kept;
}

type LabelFields = (labels: readonly string[] | null) => JsonObject;
const labelFields: { readonly [K in TaskKind]: LabelFields } = {
  classification: (labels) => ({
    problem_type: "single_label_classification",
    id2label: Object.fromEntries(labels!.map((label, id) => [id, label])),
    label2id: Object.fromEntries(labels!.map((label, id) => [label, id])),
  }),
  "prompt-classification": () => ({}),
  regression: () => ({ problem_type: "regression", id2label: { 0: "LABEL_0" }, label2id: { LABEL_0: 0 } }),
  "masked-language-model": () => ({}),
  "causal-language-model": () => ({}),
  "prompt-completion": () => ({}),
  chat: () => ({}),
  "sequence-to-sequence": () => ({}),
  "question-answering": () => ({}),
};
