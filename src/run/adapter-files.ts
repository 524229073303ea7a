/** The two files of an adapter's folder, ours and peft's alike: tensors, and what they are. */
import { access, readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import * as z from "zod";
import { decodeSafetensors } from "../formats/safetensors.ts";
import { readJson } from "../hub/files.ts";
import { fileError } from "../hub/reasons.ts";
import { type AdapterLayout, adapterLayout, type AdapterTensor, unpackAdapter } from "../peft/adapter.ts";
import type { PeftFiles } from "../peft/formats/format.ts";
import type { Tensor } from "../tensor/tensor.ts";

export const adapterFiles = { weights: "adapter_model.safetensors", config: "adapter_config.json" } as const;

/** What older versions of peft write in place of the weights. */
const pickleFile = "adapter_model.bin";

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
  const { path, tensors } = await readTensors(folder);
  return { config, tensors: unpackAdapter(tensors, config.tensors, path) };
}

async function readTensors(folder: string): Promise<{ path: string; tensors: Map<string, Tensor> }> {
  const path = join(folder, adapterFiles.weights);
  if (!(await isThere(path)) && (await isThere(join(folder, pickleFile))))
    throw new Error(
      `${folder}: no ${adapterFiles.weights}, only ${pickleFile}, a pickle, which can run code when it is opened; load it with peft where you trust it and save it again`,
    );
  const bytes = await readFile(path).catch((error: unknown) => {
    throw fileError(path, "cannot be read", error);
  });
  return { path, tensors: decodeSafetensors(bytes, path) };
}

/** What a person called an adapter: a run folder, or a folder with an adapter's files, ours or peft's. */
export type AdapterFolder =
  | { readonly kind: "run"; readonly folder: string }
  | { readonly kind: "own"; readonly folder: string; readonly adapter: OwnAdapter }
  | { readonly kind: "peft"; readonly folder: string; readonly files: PeftFiles };

/**
 * Reads an adapter from a run folder, the adapter folder of a run, a copy of one, or a folder that peft wrote.
 * @throws Error in one line when it is none of these, or damaged.
 */
export async function readAdapterFolder(folder: string): Promise<AdapterFolder> {
  const run = await runOf(folder);
  if (run !== null) return { kind: "run", folder: run };
  if (!(await isThere(join(folder, adapterFiles.config))))
    throw new Error(
      `${folder}: no ${adapterFiles.config}, expected a run folder, the adapter folder of one, or a folder that peft wrote`,
    );
  const config = await readJson(join(folder, adapterFiles.config), z.record(z.string(), z.unknown()));
  if (!("peft_type" in config)) return { kind: "own", folder, adapter: await readAdapter(folder) };
  const { tensors } = await readTensors(folder);
  return { kind: "peft", folder, files: { config, tensors } };
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
