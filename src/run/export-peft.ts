/** Adapters as peft keeps them, for programs in Python. */
import { resolve } from "node:path";
import { encodeSafetensors } from "../formats/safetensors.ts";
import { writeFiles } from "../hub/save.ts";
import { asLora } from "../peft/formats/as-lora.ts";
import type { Adapter, BaseModel, Evaluate } from "../peft/formats/format.ts";
import { type Origin, writePeft } from "../peft/formats/peft.ts";
import { nativeRuntime } from "../runtime/native.ts";
import { adapterFiles } from "./adapter-files.ts";
import type { ExportFormat } from "./export.ts";
import type { LoadedModel } from "./loaded.ts";
import { taskTypes } from "./peft-tasks.ts";

export const peft: ExportFormat = {
  summary: "the adapter in peft's own format",
  write: (loaded, output, options) => writeAdapter(loaded, (adapter) => adapter, output, options),
};

export const lora: ExportFormat = {
  summary: "rows or columns of RoCoFT, or LoRA-XS, as a LoRA adapter in peft's format: the same weights",
  write: (loaded, output, options) => writeAdapter(loaded, asLora, output, options),
};

async function writeAdapter(
  loaded: LoadedModel,
  converted: (adapter: Adapter, base: BaseModel) => Adapter,
  output: string,
  options: { readonly overwrite: boolean },
): Promise<readonly string[]> {
  const { opened, weights, adapter, init } = loaded;
  const { model, specs, folder } = opened;
  if (!adapter)
    throw new Error(`${folder.folder}: a checkpoint without an adapter, expected a run, or --adapter with it`);
  if (init === "random")
    throw new Error(`${adapter.folder}: was trained from random weights, and an adapter needs those of a checkpoint`);
  const base = { specs, weights, basePrefix: model.basePrefix, config: folder.config };
  const own = { method: adapter.method.name, options: adapter.options, tensors: adapter.tensors };
  const { config, tensors } = await writePeft(converted(own, base), base, originOf(loaded), evaluate);
  const files = new Map([
    [adapterFiles.weights, encodeSafetensors(tensors, { format: "pt" })],
    [adapterFiles.config, [Buffer.from(`${JSON.stringify(config, null, 2)}\n`)]],
  ]);
  return writeFiles(output, files, options);
}

/** The base model by the hub's name for it, else by its folder. */
function originOf({ opened: { resolved }, task }: LoadedModel): Origin {
  const { id, folder, revision } = resolved;
  return {
    base_model_name_or_path: revision === null ? resolve(folder) : id,
    revision,
    task_type: taskTypes[task.kind],
  };
}

const evaluate: Evaluate = async (outputs, feeds) => {
  const runtime = await nativeRuntime();
  const program = await runtime.compile(outputs);
  const results = await program.run(feeds);
  await program.dispose();
  return results;
};
