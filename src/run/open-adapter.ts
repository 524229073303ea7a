/** A base model with an adapter whose run is not at hand: a copied adapter folder, or one that peft wrote. */
import { join } from "node:path";
import type { JsonObject } from "../hub/model-folder.ts";
import { oneLine } from "../hub/reasons.ts";
import type { Weights } from "../nn/parameters.ts";
import type { Adapter, PeftFiles } from "../peft/formats/format.ts";
import { readPeft } from "../peft/formats/peft.ts";
import { methodOf, methodOptions } from "../peft/registry.ts";
import { random } from "../tensor/random.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { parametersOf } from "../train/load.ts";
import { type AdapterFolder, adapterFiles, type OwnAdapter } from "./adapter-files.ts";
import { baseHash, baseWeights } from "./base.ts";
import { headOf, taskOf } from "./checkpoint-task.ts";
import { type CheckpointSource, type LoadedModel, longest, type OnDownload } from "./loaded.ts";
import { taskOfType } from "./peft-tasks.ts";
import { type Headed, openModel, type OpenModel } from "./prepare.ts";

/** An adapter's files: what they say before the model is known, and what they come to once it is. */
interface AdapterReader {
  /** The task where none is named. */
  readonly task: string;
  /** A parameter of the model that was trained as a whole. */
  parameter(name: string): Tensor | undefined;
  /** @throws Error in one line when the base model is not the one it was trained on. */
  checkBase(opened: OpenModel): Promise<void>;
  /** @throws Error in one line when the files say what is not understood. */
  adapter(opened: OpenModel, weights: Weights): Adapter;
}

/** @throws Error in one line when the adapter does not fit the model. */
export async function loadAdapter(
  found: Exclude<AdapterFolder, { kind: "run" }>,
  { model, task: named, revision = "main" }: CheckpointSource,
  onDownload?: OnDownload,
): Promise<LoadedModel> {
  const { folder } = found;
  const reader = found.kind === "own" ? ownReader(found.adapter, folder) : peftReader(found.files, folder);
  const task = named ?? reader.task;
  const { head, labels } = headOf(task, model);
  const count = (config: JsonObject, headed: Headed) =>
    typeof labels === "number" ? labels : (outputsOf(headed, reader) ?? labels(config, headed));
  const opened = await openModel(model, { revision, head, labels: count }, onDownload);
  try {
    await reader.checkBase(opened);
    const init = "pretrained";
    const base = await baseWeights(opened, { init, seed: 0, ignore_mismatched_sizes: true });
    const adapter = reader.adapter(opened, base.weights);
    const absent = base.initialized.find((name) => !adapter.tensors.some(({ parameter }) => parameter === name));
    if (absent !== undefined)
      throw new Error(`${folder}: has no tensor named ${absent}, and neither has ${opened.folder.folder}`);
    const method = methodOf(adapter.method);
    return {
      opened,
      task: taskOf(opened.folder.config, model, task, opened.labels),
      weights: base.weights,
      init,
      adapter: { ...adapter, method, folder, seed: 0 },
      maxLength: longest(opened, method.attach(opened.specs, adapter.options, random(0))),
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

function ownReader({ config, tensors }: OwnAdapter, folder: string): AdapterReader {
  return {
    task: config.task,
    parameter: (name) => tensors.find((part) => part.parameter === name && part.selection === null)?.values,
    async checkBase(opened) {
      if ((await baseHash(opened, "pretrained")) !== config.base_model_sha256)
        throw new Error(
          `${opened.resolved.folder}: not the base model that ${folder} was trained on (it has another SHA-256)`,
        );
    },
    adapter: () => ({
      method: config.method,
      options: methodOptions(methodOf(config.method), { ...config.options }),
      tensors,
    }),
  };
}

function peftReader(files: PeftFiles, folder: string): AdapterReader {
  const where = <T>(file: string, read: () => T): T => {
    try {
      return read();
    } catch (error) {
      throw new Error(`${file}: ${oneLine(error)}`, { cause: error });
    }
  };
  return {
    task: where(join(folder, adapterFiles.config), () => taskOfType(files.config["task_type"])),
    parameter: (name) =>
      ["base_model.model.", "base_model."].map((prefix) => files.tensors.get(prefix + name)).find(Boolean),
    checkBase: async () => {},
    adapter: (opened, weights) =>
      where(folder, () => {
        const { specs, model, folder: base } = opened;
        return readPeft(files, { specs, weights, basePrefix: model.basePrefix, config: base.config });
      }),
  };
}
