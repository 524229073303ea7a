/** The files of an adapter's folder: tensors, and what they are. Ours and peft's have the same names. */
import { access, readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import * as z from "zod";
import { decodeSafetensors } from "../formats/safetensors.ts";
import { readJson } from "../hub/files.ts";
import { fileError } from "../hub/reasons.ts";
import { type AdapterLayout, adapterLayout, type AdapterTensor, unpackAdapter } from "../peft/adapter.ts";
import type { AdapterHubFiles } from "../peft/formats/adapter-hub.ts";
import type { PeftFiles } from "../peft/formats/format.ts";
import type { Tensor } from "../tensor/tensor.ts";

export const adapterFiles = { weights: "adapter_model.safetensors", config: "adapter_config.json" } as const;

/** The files of the library adapters, beside adapter_config.json. */
export const hubFiles = {
  weights: "adapter.safetensors",
  head: "model_head.safetensors",
  headConfig: "head_config.json",
} as const;

/** The adapter's folder in a run folder. */
export const adapterFolder = "adapter";

/** What our adapter_config.json holds. */
export interface AdapterConfig {
  readonly method: string;
  readonly options: object;
  readonly base_model_name_or_path: string;
  readonly base_model_revision: string | null;
  readonly base_model_sha256: string;
  readonly task: string;
  readonly trained_parameters: number;
  readonly tensors: AdapterLayout;
}

const adapterConfigSchema: z.ZodType<AdapterConfig> = z.object({
  method: z.string(),
  options: z.looseObject({}),
  base_model_name_or_path: z.string(),
  base_model_revision: z.string().nullable(),
  base_model_sha256: z.string(),
  task: z.string(),
  trained_parameters: z.int(),
  tensors: adapterLayout,
});

/** An adapter's folder as this library writes it. */
export interface OwnAdapter {
  readonly config: AdapterConfig;
  readonly tensors: readonly AdapterTensor[];
}

/** @throws Error in one line when a file is missing or damaged. */
export async function readAdapter(folder: string): Promise<OwnAdapter> {
  const config = await readJson(join(folder, adapterFiles.config), adapterConfigSchema);
  const { path, tensors } = await readTensors(join(folder, adapterFiles.weights));
  return { config, tensors: unpackAdapter(tensors, config.tensors, path) };
}

async function readTensors(path: string): Promise<{ path: string; tensors: Map<string, Tensor> }> {
  const bytes = await readFile(path).catch((error: unknown) => {
    throw fileError(path, "cannot be read", error);
  });
  return { path, tensors: decodeSafetensors(bytes, path) };
}

/** What a person called an adapter: a run folder, or a folder with an adapter's files, ours or another library's. */
export type AdapterFolder =
  | { readonly kind: "run"; readonly folder: string }
  | { readonly kind: "own"; readonly folder: string; readonly adapter: OwnAdapter }
  | { readonly kind: "peft"; readonly folder: string; readonly files: PeftFiles }
  | { readonly kind: "adapter-hub"; readonly folder: string; readonly files: AdapterHubFiles };

/**
 * Reads an adapter from a run folder, the adapter folder of a run, a copy of one, or a folder that peft or adapters wrote.
 * @throws Error in one line when it is none of these, or damaged.
 */
export async function readAdapterFolder(folder: string): Promise<AdapterFolder> {
  const run = await runOf(folder);
  if (run !== null) return { kind: "run", folder: run };
  if (!(await isThere(join(folder, adapterFiles.config))))
    throw new Error(
      `${folder}: no ${adapterFiles.config}, expected a run folder, the adapter folder of one, or a folder that peft or adapters wrote`,
    );
  const config = await readJson(join(folder, adapterFiles.config), z.record(z.string(), z.unknown()));
  if ("peft_type" in config) {
    const { tensors } = await readTensors(await safetensorsIn(folder, adapterFiles.weights, "adapter_model.bin"));
    return { kind: "peft", folder, files: { config, tensors } };
  }
  if (!("config" in config)) return { kind: "own", folder, adapter: await readAdapter(folder) };
  const { tensors } = await readTensors(await safetensorsIn(folder, hubFiles.weights, "pytorch_adapter.bin"));
  const hasHead = await isThere(join(folder, hubFiles.headConfig));
  const head = hasHead
    ? (await readTensors(await safetensorsIn(folder, hubFiles.head, "pytorch_model_head.bin"))).tensors
    : new Map<string, Tensor>();
  return { kind: "adapter-hub", folder, files: { config, tensors, head } };
}

/** The path of a file of weights. @throws Error in one line where there is only a `pickle` in its place. */
async function safetensorsIn(folder: string, name: string, pickle: string): Promise<string> {
  const path = join(folder, name);
  if ((await isThere(path)) || !(await isThere(join(folder, pickle)))) return path;
  throw new Error(
    `${folder}: no ${name}, only ${pickle}, a pickle, which can run code when it is opened; load it in Python where you trust it and save it again as safetensors`,
  );
}

/** The run folder that a folder is, or is the adapter folder of; null where it is neither. */
async function runOf(folder: string): Promise<string | null> {
  if (await isThere(join(folder, "task.json"))) return folder;
  const above = dirname(resolve(folder));
  const isInRun = basename(resolve(folder)) === adapterFolder && (await isThere(join(above, "task.json")));
  return isInRun ? above : null;
}

export function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
