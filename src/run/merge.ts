/** A run merged into an ordinary checkpoint folder, which transformers loads and which gives the same logits. */
import { writeModelFolder } from "../hub/save.ts";
import type { TaskKind } from "../tasks/task.ts";
import { type FloatType, toFloatType } from "../tensor/tensor.ts";
import { mergedWeights } from "../train/merge.ts";
import { methodOf } from "../peft/registry.ts";
import { openRun, type OpenOptions } from "./classifier.ts";
import { readRun } from "./store.ts";
import { checkOutput, refuseSameFolder } from "./output.ts";

export interface MergedModel {
  readonly folder: string;
  readonly architecture: string;
  readonly parameters: number;
}

/**
 * Writes base weights and trained numbers as one checkpoint, under transformers' names. What was trained in place is merged as it
 * is; of other methods the weights are computed as their mathematics says.
 * @param options `dtype` rounds the weights; float32 unless given
 * @throws Error in one line when the run or the output folder does not allow it; nothing is left half-written.
 */
export async function mergeRun(
  run: string,
  output: string,
  { overwrite = false, dtype = "float32", ...options }: OpenOptions & { overwrite?: boolean; dtype?: FloatType } = {},
): Promise<MergedModel> {
  await checkOutput(output, { overwrite });
  const { name, unmergeable } = methodOf((await readRun(run)).adapterConfig.method);
  if (unmergeable !== undefined) throw new Error(`${run}: ${name} cannot be merged: ${unmergeable}`);
  const classifier = await openRun(run, options);
  try {
    const { head, folder } = classifier.opened;
    await refuseSameFolder(output, folder.folder);
    await refuseSameFolder(output, run);
    const weights = await mergedWeights(classifier.adapted, classifier.runtime);
    const tensors = new Map(Object.entries(weights).map(([name, weight]) => [name, toFloatType(weight, dtype)]));
    const config = {
      ...withoutTypes(folder.config),
      architectures: [head.architecture],
      dtype,
      ...labelFields[classifier.task.kind](classifier.labels),
    };
    await writeModelFolder(output, { config, files: folder.files.companions, tensors }, { overwrite });
    const parameters = Object.values(weights).reduce((sum, { data }) => sum + data.length, 0);
    return { folder: output, architecture: head.architecture, parameters };
  } finally {
    await classifier.dispose();
  }
}

/** config.json without what speaks of the base checkpoint alone: its path, the types its weights were stored in, its own labels. */
function withoutTypes(config: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { _name_or_path, torch_dtype, dtype, num_labels, id2label, label2id, problem_type, ...kept } = config;
  return kept;
}

type LabelFields = (labels: readonly string[] | null) => Record<string, unknown>;
const labelFields: { readonly [K in TaskKind]: LabelFields } = {
  classification: (labels) => ({
    problem_type: "single_label_classification",
    id2label: Object.fromEntries(labels!.map((label, id) => [id, label])),
    label2id: Object.fromEntries(labels!.map((label, id) => [label, id])),
  }),
  regression: () => ({ problem_type: "regression", id2label: { 0: "LABEL_0" }, label2id: { LABEL_0: 0 } }),
  "masked-language-model": () => ({}),
};
