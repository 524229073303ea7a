/** Adapters whose run is not at hand: copied adapter folders, and those that other libraries wrote. */
import { join } from "node:path";
import { oneLine } from "../hub/reasons.ts";
import type { Weights } from "../nn/parameters.ts";
import { type AdapterHubFiles, hubMethodOf, readAdapterHub } from "../peft/formats/adapter-hub.ts";
import type { Adapter, BaseModel, PeftFiles } from "../peft/formats/format.ts";
import { peftFormatOf, readPeft } from "../peft/formats/peft.ts";
import { methodOf, methodOptions } from "../peft/registry.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type AdapterFolder, adapterFiles, type OwnAdapter } from "./adapter-files.ts";
import { baseHash } from "./base.ts";
import { taskOfType } from "./peft-tasks.ts";
import type { OpenModel } from "./prepare.ts";

/** An adapter's files: what they say before the model is known, and what they come to once it is. */
export interface AdapterReader {
  /** The method's name. */
  readonly method: string;
  /** The task where none is named. */
  readonly task: string;
  /** A parameter of the model that was trained as a whole. */
  parameter(name: string): Tensor | undefined;
  /** @throws Error in one line when the base model is not the one it was trained on. */
  checkBase(opened: OpenModel): Promise<void>;
  /** @throws Error in one line when the files say what is not understood. */
  adapter(opened: OpenModel, weights: Weights): Adapter;
}

/** @throws Error in one line when the adapter is of a kind that is not known. */
export function readerOf(found: Exclude<AdapterFolder, { kind: "run" }>): AdapterReader {
  if (found.kind === "own") return ownReader(found.adapter, found.folder);
  return found.kind === "peft" ? peftReader(found.files, found.folder) : hubReader(found.files, found.folder);
}

function ownReader({ config, tensors }: OwnAdapter, folder: string): AdapterReader {
  return {
    method: config.method,
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
  const config = join(folder, adapterFiles.config);
  return {
    method: inFile(config, () => peftFormatOf(files.config["peft_type"]).method),
    task: inFile(config, () => taskOfType(files.config["task_type"])),
    parameter: (name) =>
      ["base_model.model.", "base_model."].map((prefix) => files.tensors.get(prefix + name)).find(Boolean),
    checkBase: async () => {},
    adapter: (opened, weights) => inFile(folder, () => readPeft(files, baseOf(opened, weights))),
  };
}

function hubReader(files: AdapterHubFiles, folder: string): AdapterReader {
  return {
    method: inFile(join(folder, adapterFiles.config), () => hubMethodOf(files.config)),
    task: "text-classification",
    parameter: (name) => files.head.get(name),
    checkBase: async () => {},
    adapter: (opened, weights) => inFile(folder, () => readAdapterHub(files, baseOf(opened, weights))),
  };
}

/** A base model as the formats of adapters see it. */
export function baseOf({ specs, model, folder }: OpenModel, weights: Weights): BaseModel {
  return { specs, weights, basePrefix: model.basePrefix, config: folder.config };
}

function inFile<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new Error(`${file}: ${oneLine(error)}`, { cause: error });
  }
}
