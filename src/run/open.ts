/** Reading a model from where it is: a run, a base model with an adapter, or a checkpoint. */
import type { Method } from "../peft/method.ts";
import { methodOf } from "../peft/registry.ts";
import { readAdapterFolder } from "./adapter-files.ts";
import { readerOf } from "./adapter-reader.ts";
import { baseHash, baseWeights, type ReadWeights } from "./base.ts";
import { headToOpen, taskOf, usualHead, usualTask } from "./checkpoint-task.ts";
import {
  attachmentOf,
  type CheckpointSource,
  type LoadedModel,
  longest,
  type ModelSource,
  type OnDownload,
} from "./loaded.ts";
import { loadAdapter } from "./open-adapter.ts";
import { openModel } from "./prepare.ts";
import { readRun } from "./store.ts";
import { taskForModel } from "./task-for-model.ts";
import { taskKinds } from "./task-kinds.ts";

/**
 * Reads a model from its source.
 * @param read the base model's weights, from its files unless given
 * @throws Error in one line when a folder is not what it is taken for, or the parts do not fit each other.
 */
export async function loadModel(
  source: ModelSource,
  onDownload?: OnDownload,
  read: ReadWeights = baseWeights,
): Promise<LoadedModel> {
  const { quantization } = source;
  if ("run" in source) return loadRun(source.run, { quantization }, read, onDownload);
  if (source.adapter === undefined) return loadCheckpoint(source, onDownload);
  const adapter = await readAdapterFolder(source.adapter);
  if (adapter.kind !== "run") return loadAdapter(adapter, source, read, onDownload);
  if (source.task !== undefined) throw new Error(`task: ${adapter.folder} is a run, which knows its own`);
  return loadRun(adapter.folder, source, read, onDownload);
}

/** The method that a model was trained with, before anything of the base model is read; null for a plain checkpoint. */
export async function methodOfSource(source: ModelSource): Promise<Method | null> {
  if ("run" in source) return methodOf((await readRun(source.run)).adapterConfig.method);
  if (source.adapter === undefined) return null;
  const adapter = await readAdapterFolder(source.adapter);
  if (adapter.kind === "run") return methodOfSource({ run: adapter.folder });
  return methodOf(readerOf(adapter).method);
}

/**
 * @param base where the base model lies, if not where it was, and how it is stored, if not as it was
 * @throws Error in one line when the folder is no run, or the base model is not the one it was trained on.
 */
async function loadRun(
  folder: string,
  base: Partial<CheckpointSource>,
  read: ReadWeights,
  onDownload?: OnDownload,
): Promise<LoadedModel> {
  const { config, task, adapterConfig, adapter: tensors } = await readRun(folder);
  const { settings, methodOptions: options } = config;
  const { init, seed } = settings;
  const kind = taskKinds[task.kind];
  const {
    model = settings.model,
    revision = base.model === undefined ? (adapterConfig.base_model_revision ?? settings.revision) : "main",
    quantization = settings.quantization,
  } = base;
  const opened = await openModel(model, { revision, init, head: kind.head, labels: kind.outputs(task) }, onDownload);
  try {
    if ((await baseHash(opened, init)) !== adapterConfig.base_model_sha256)
      throw new Error(
        `${opened.resolved.folder}: not the base model that ${folder} was trained on (it has another SHA-256)`,
      );
    const method = methodOf(adapterConfig.method);
    const adapter = { folder: `${folder}/adapter`, method, options, seed, tensors };
    const baseSettings = { init, seed, ignore_mismatched_sizes: true, quantization };
    const base = await read(opened, baseSettings, attachmentOf(opened, adapter), onDownload);
    const { weights, stored = new Map(), warnings = [] } = base;
    return { opened, task, weights, stored, init, adapter, maxLength: settings.max_seq_length, warnings };
  } finally {
    await opened.folder.close();
  }
}

/** @throws Error in one line when the checkpoint has no head for the task. */
async function loadCheckpoint(
  { model, task, revision = "main", writes = false, quantization }: CheckpointSource,
  onDownload?: OnDownload,
): Promise<LoadedModel> {
  const answer = task === undefined ? usualHead(model, writes) : headToOpen(task, model);
  const opened = await openModel(model, { revision, ...answer }, onDownload);
  const { folder } = opened;
  try {
    const init = "pretrained";
    const name = task ?? usualTask(folder.config, opened.model);
    const settings = { init, seed: 0, ignore_mismatched_sizes: false, quantization } as const;
    const base = await baseWeights(opened, settings, undefined, onDownload);
    const { weights, stored = new Map(), initialized, warnings = [] } = base;
    if (initialized.length > 0)
      throw new Error(
        `${folder.folder}: has no head for ${name} (no tensor named ${initialized[0]}); fine-tune it first with rocoft train`,
      );
    return {
      opened,
      task: taskForModel(taskOf(folder.config, model, name), opened.model),
      weights,
      stored,
      init,
      adapter: null,
      maxLength: longest(opened),
      warnings,
    };
  } finally {
    await folder.close();
  }
}
