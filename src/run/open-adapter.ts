/** A base model with an adapter whose run is not at hand. */
import type { JsonObject } from "../hub/model-folder.ts";
import { methodOf } from "../peft/registry.ts";
import { random } from "../tensor/random.ts";
import { parametersOf } from "../train/load.ts";
import type { AdapterFolder } from "./adapter-files.ts";
import { type AdapterReader, readerOf } from "./adapter-reader.ts";
import type { ReadWeights } from "./base.ts";
import { headToOpen, taskOf } from "./checkpoint-task.ts";
import { type CheckpointSource, type LoadedModel, longest, type OnDownload } from "./loaded.ts";
import { type Headed, openModel } from "./prepare.ts";
import { taskForModel } from "./task-for-model.ts";

/** @throws Error in one line when the adapter does not fit the model. */
export async function loadAdapter(
  found: Exclude<AdapterFolder, { kind: "run" }>,
  { model, task: named, revision = "main", quantization }: CheckpointSource,
  read: ReadWeights,
  onDownload?: OnDownload,
): Promise<LoadedModel> {
  const { folder } = found;
  const reader = readerOf(found);
  const task = named ?? reader.task;
  const { head, labels } = headToOpen(task, model);
  const count = (config: JsonObject, headed: Headed) =>
    typeof labels === "number" ? labels : (outputsOf(headed, reader) ?? labels(config, headed));
  const opened = await openModel(model, { revision, head, labels: count }, onDownload);
  try {
    await reader.checkBase(opened);
    const init = "pretrained";
    // What the adapter trains is known when it is read, and reading it may take weights.
    const settings = { init, seed: 0, ignore_mismatched_sizes: true } as const;
    const base = await read(opened, settings);
    const adapter = reader.adapter(opened, base.weights);
    const absent = base.initialized.find((name) => !adapter.tensors.some(({ parameter }) => parameter === name));
    if (absent !== undefined)
      throw new Error(`${folder}: has no tensor named ${absent}, and neither has ${opened.folder.folder}`);
    const method = methodOf(adapter.method);
    const attachment = method.attach(opened.specs, adapter.options, random(0));
    const inFewBits = quantization !== undefined && quantization !== "none";
    const kept = inFewBits ? await read(opened, { ...settings, quantization }, attachment, onDownload) : base;
    const { weights, stored = new Map(), warnings = [] } = kept;
    return {
      opened,
      task: taskForModel(taskOf(opened.folder.config, model, task, opened.labels), opened.model),
      weights,
      stored,
      init,
      adapter: { ...adapter, method, folder, seed: 0 },
      maxLength: longest(opened, attachment),
      warnings,
    };
  } finally {
    await opened.folder.close();
  }
}

/** The size of the head's output that an adapter was trained with; undefined where it has no head. */
function outputsOf({ model, head }: Headed, { parameter }: AdapterReader): number | undefined {
  const [one, two] = [1, 2].map((labels) => parametersOf(model, head, labels));
  const output = one!.find(({ shape }, i) => shape[0] !== two![i]!.shape[0]);
  return output && parameter(output.name)?.shape[0];
}
