/** A model and what was trained on it, read and not yet put together. */
import type { DownloadProgress } from "../hub/download.ts";
import type { Weights } from "../nn/parameters.ts";
import type { AdapterTensor } from "../peft/adapter.ts";
import { head as headOnly } from "../peft/methods/head.ts";
import type { Attachment, Method } from "../peft/method.ts";
import { random } from "../tensor/random.ts";
import type { StoredMatrices } from "../quantization/over-stored.ts";
import type { Quantization } from "../quantization/registry.ts";
import { overQuantizedBase } from "../quantization/runtime.ts";
import { type ComputeOptions, nativeRuntime } from "../runtime/native.ts";
import { withResident } from "../runtime/resident.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { Task } from "../tasks/task.ts";
import { adapt, type AdaptedModel, restore } from "../train/adapt.ts";
import type { Init } from "./base.ts";
import type { OpenModel } from "./prepare.ts";

/** Where a model comes from: a run folder; a base model with an adapter folder; or a checkpoint as it is. */
export type ModelSource = ({ readonly run: string } & BaseChoice) | CheckpointSource;

/** How the base model of a source is stored. */
export interface BaseChoice {
  /** Unless given, a run's as in its training, every other as float32. */
  readonly quantization?: Quantization | undefined;
}

export interface CheckpointSource extends BaseChoice {
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
  /** Of the base model's weights, those that are stored in few bits. */
  readonly stored: StoredMatrices;
  /** Where they come from. */
  readonly init: Init;
  /** null for a plain checkpoint. */
  readonly adapter: StoredAdapter | null;
  /** The longest sequence it is meant for. */
  readonly maxLength: number;
  /** What was met while it was read that does no harm, a line each. */
  readonly warnings: readonly string[];
}

export type OnDownload = (progress: DownloadProgress) => void;

/** The model with its adapter's numbers written into the base weights. */
export function adaptedModel({ opened, weights, stored, adapter }: LoadedModel): AdaptedModel {
  const { model, head, labels, specs } = opened;
  const base = { model, head, labels, specs, weights, stored };
  if (!adapter) return adapt({ ...base, attachment: headOnly.attach(specs, {}, random(0)) });

  return restore({ ...base, attachment: attachmentOf(opened, adapter) }, adapter.tensors, adapter.folder);
}

/** What an adapter's method does to a model. */
export function attachmentOf(
  { specs }: Pick<OpenModel, "specs">,
  { method, options, seed }: Pick<StoredAdapter, "method" | "options" | "seed">,
): Attachment {
  return method.attach(specs, options, random(seed, "selection"));
}

/** What computes a model that was read and changes no more: what of it is stored in few bits, or lies on a device, need not be fed. */
export async function runtimeFor(
  { stored, weights }: Pick<AdaptedModel, "stored" | "weights">,
  { threads, device }: ComputeOptions = {},
): Promise<Runtime> {
  return overQuantizedBase(withResident(await nativeRuntime({ threads, device }), weights), stored);
}

/** The longest sequence that a model is meant for whose training is not known, less the positions that a method takes. */
export function longest(
  { model }: Pick<OpenModel, "model">,
  { positions }: Pick<Attachment, "positions"> = { positions: 0 },
): number {
  return Math.min(model.maxPositions - positions, 512);
}
