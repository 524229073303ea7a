/** Reading a model from where it is: a run, a base model with an adapter, or a checkpoint. */
import type { Method } from "../peft/method.ts";
import { methodOf } from "../peft/registry.ts";
import { readAdapterFolder } from "./adapter-files.ts";
import { readerOf } from "./adapter-reader.ts";
import { baseHash, baseWeights, type ReadWeights } from "./base.ts";
import { headToOpen, taskOf, usualHead, usualTask } from "./checkpoint-task.ts";
import { type CheckpointSource, type LoadedModel, longest, type ModelSource, type OnDownload } from "./loaded.ts";
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
  if ("run" in source) return loadRun(source.run, null, read, onDownload);
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
 * @param base where the base model lies, if not where it was
 * @throws Error in one line when the folder is no run, or the base model is not the one it was trained on.
 */
async function loadRun(
  folder: string,
  base: CheckpointSource | null,
  read: ReadWeights,
  onDownload?: OnDownload,
): Promise<LoadedModel> {
  const { config, task, adapterConfig, adapter: tensors } = await readRun(folder);
  const { settings, methodOptions: options } = config;
  const { init, seed } = settings;
  const kind = taskKinds[task.kind];
  const place = base ?? {
    model: settings.model,
    revision: adapterConfig.base_model_revision ?? settings.revision,
  };
  const opened = await openModel(
    place.model,
    { revision: place.revision ?? "main", init, head: kind.head, labels: kind.outputs(task) },
    onDownload,
  );
  try {
    if ((await baseHash(opened, init)) !== adapterConfig.base_model_sha256)
      throw new Error(
        `${opened.resolved.folder}: not the base model that ${folder} was trained on (it has another SHA-256)`,
      );
    const { weights } = await read(opened, { init, seed, ignore_mismatched_sizes: true });
    const method = methodOf(adapterConfig.method);
    const adapter = { folder: `${folder}/adapter`, method, options, seed, tensors };
    return { opened, task, weights, init, adapter, maxLength: settings.max_seq_length };
  } finally {
    await opened.folder.close();
  }
}

/** @throws Error in one line when the checkpoint has no head for the task. */
async function loadCheckpoint(
  { model, task, revision = "main", writes = false }: CheckpointSource,
  onDownload?: OnDownload,
): Promise<LoadedModel> {
  const answer = task === undefined ? usualHead(model, writes) : headToOpen(task, model);
  const opened = await openModel(model, { revision, ...answer }, onDownload);
  const { folder } = opened;
  try {
    const init = "pretrained";
    const name = task ?? usualTask(folder.config, opened.model);
    const { weights, initialized } = await baseWeights(opened, { init, seed: 0, ignore_mismatched_sizes: false });
    if (initialized.length > 0)
      throw new Error(
        `${folder.folder}: has no head for ${name} (no tensor named ${initialized[0]}); fine-tune it first with rocoft train`,
      );
    return {
      opened,
      task: taskForModel(taskOf(folder.config, model, name), opened.model),
      weights,
      init,
      adapter: null,
      maxLength: longest(opened),
    };
  } finally {
    await folder.close();
  }
}
