/** A model and what was trained on it, read and not yet put together. */
import type { DownloadProgress } from "../hub/download.ts";
import type { Weights } from "../nn/parameters.ts";
import type { AdapterTensor } from "../peft/adapter.ts";
import { head as headOnly } from "../peft/methods/head.ts";
import type { Attachment, Method } from "../peft/method.ts";
import { random } from "../tensor/random.ts";
import type { Task } from "../tasks/task.ts";
import { adapt, type AdaptedModel, restore } from "../train/adapt.ts";
import type { Init } from "./base.ts";
import type { OpenModel } from "./prepare.ts";

/** Where a model comes from: a run folder; a base model with an adapter folder; or a checkpoint as it is. */
export type ModelSource = { readonly run: string } | CheckpointSource;

export interface CheckpointSource {
  /** Folder or hub id. */
  readonly model: string;
  /** A run folder, the adapter folder of one, or a folder that peft or adapters wrote. */
  readonly adapter?: string | undefined;
  /** The task it is scored on; without it, what the checkpoint does by itself, with columns that are found by their names. */
  readonly task?: string | undefined;
  readonly revision?: string | undefined;
  /** Whether it is to write: then a checkpoint that nobody names a task for must have a head that does. */
  readonly writes?: boolean | undefined;
}

/** An adapter as it was read, fit for the model it was read with. */
export interface StoredAdapter {
  /** Its folder, for errors. */
  readonly folder: string;
  readonly method: Method;
  readonly options: object;
  /** Of the method's selection. */
  readonly seed: number;
  readonly tensors: readonly AdapterTensor[];
}

/** A model that was read. */
export interface LoadedModel {
  readonly opened: OpenModel;
  readonly task: Task;
  /** Of the base model alone, until {@link adaptedModel} writes an adapter into them. */
  readonly weights: Weights;
  /** Where they come from. */
  readonly init: Init;
  /** null for a plain checkpoint. */
  readonly adapter: StoredAdapter | null;
  /** The longest sequence it is meant for. */
  readonly maxLength: number;
}

export type OnDownload = (progress: DownloadProgress) => void;

/** The model with its adapter's numbers written into the base weights. */
export function adaptedModel({ opened, weights, adapter }: LoadedModel): AdaptedModel {
  const { model, head, labels, specs } = opened;
  if (!adapter) {
    const attachment = headOnly.attach(specs, {}, random(0));
    return adapt({ model, head, labels, specs, weights, attachment });
  }
  const { method, options, seed, tensors, folder } = adapter;
  const attachment = method.attach(specs, options, random(seed, "selection"));
  return restore({ model, head, labels, specs, weights, attachment }, tensors, folder);
}

/** The longest sequence that a model is meant for whose training is not known, less the positions that a method takes. */
export function longest(
  { model }: Pick<OpenModel, "model">,
  { positions }: Pick<Attachment, "positions"> = { positions: 0 },
): number {
  return Math.min(model.maxPositions - positions, 512);
}
