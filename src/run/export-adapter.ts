/** Adapters as other libraries keep them. */
import { resolve } from "node:path";
import { encodeSafetensors } from "../formats/safetensors.ts";
import { writeFiles } from "../hub/save.ts";
import { writeAdapterHub } from "../peft/formats/adapter-hub.ts";
import { asLora } from "../peft/formats/as-lora.ts";
import type { Adapter, BaseModel, Evaluate, JsonObject } from "../peft/formats/format.ts";
import { writePeft } from "../peft/formats/peft.ts";
import { nativeRuntime } from "../runtime/native.ts";
import { adapterFiles, hubFiles } from "./adapter-files.ts";
import { baseOf } from "./adapter-reader.ts";
import type { ExportFormat } from "./export.ts";
import type { LoadedModel } from "./loaded.ts";
import { taskTypes } from "./peft-tasks.ts";

export const peft: ExportFormat = {
  summary: "the adapter as peft has it",
  write: (loaded, output, options) => writePeftFolder(loaded, (adapter) => adapter, output, options),
};

export const lora: ExportFormat = {
  summary: "rows or columns of RoCoFT, or LoRA-XS, as a LoRA adapter of peft's: the same weights",
  write: (loaded, output, options) => writePeftFolder(loaded, asLora, output, options),
};

export const adapters: ExportFormat = {
  summary: "a bottleneck adapter as the library adapters (AdapterHub) has it",
  async write(loaded, output, options) {
    const { own, base } = trained(loaded);
    const { opened, task } = loaded;
    const { config, tensors, head, headConfig } = writeAdapterHub(own, base, {
      model_name: originOf(loaded).base_model_name_or_path,
      model_class: opened.head.architecture,
      labels: task.labels ?? ["LABEL_0"],
    });
    const files = new Map([
      [hubFiles.weights, encodeSafetensors(tensors, { format: "pt" })],
      [hubFiles.head, encodeSafetensors(head, { format: "pt" })],
      [hubFiles.headConfig, json(headConfig)],
      // Python tells 1 from 1.0, and as a scale adapters takes the latter alone.
      [adapterFiles.config, json(config, (text) => text.replace(/("scaling": -?\d+)(?=[,\n])/, "$1.0"))],
    ]);
    return writeFiles(output, files, options);
  },
};

async function writePeftFolder(
  loaded: LoadedModel,
  converted: (adapter: Adapter, base: BaseModel) => Adapter,
  output: string,
  options: { readonly overwrite: boolean },
): Promise<readonly string[]> {
  const { own, base } = trained(loaded);
  const origin = { ...originOf(loaded), task_type: taskTypes[loaded.task.kind] };
  const { config, tensors } = await writePeft(converted(own, base), base, origin, evaluate);
  const files = new Map([
    [adapterFiles.weights, encodeSafetensors(tensors, { format: "pt" })],
    [adapterFiles.config, json(config)],
  ]);
  return writeFiles(output, files, options);
}

/** What was trained, and what it is for. @throws Error in one line where there is nothing, or no checkpoint to use it with. */
function trained({ opened, weights, adapter, init }: LoadedModel): {
  readonly own: Adapter;
  readonly base: BaseModel;
} {
  if (!adapter)
    throw new Error(`${opened.folder.folder}: a checkpoint without an adapter, expected a run, or --adapter with it`);
  if (init === "random")
    throw new Error(`${adapter.folder}: was trained from random weights, and an adapter needs those of a checkpoint`);
  const { method, options, tensors } = adapter;
  return { own: { method: method.name, options, tensors }, base: baseOf(opened, weights) };
}

/** The base model by the hub's name for it, else by its folder. */
function originOf({ opened: { resolved } }: LoadedModel): {
  readonly base_model_name_or_path: string;
  readonly revision: string | null;
} {
  const { id, folder, revision } = resolved;
  return { base_model_name_or_path: revision === null ? resolve(folder) : id, revision };
}

const json = (value: JsonObject, edited = (text: string) => text): [Uint8Array] => [
  Buffer.from(`${edited(JSON.stringify(value, null, 2))}\n`),
];

const evaluate: Evaluate = async (outputs, feeds) => {
  const runtime = await nativeRuntime();
  const program = await runtime.compile(outputs);
  const results = await program.run(feeds);
  await program.dispose();
  return results;
};
