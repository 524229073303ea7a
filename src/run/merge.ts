/** A model merged with what was trained on it into an ordinary checkpoint folder, which transformers loads and which gives the same logits. */
import { writeModelFolder } from "../hub/save.ts";
import { turned } from "../models/weights.ts";
import { type ComputeOptions, nativeRuntime } from "../runtime/native.ts";
import { type FloatType, toFloatType } from "../tensor/tensor.ts";
import { mergedWeights } from "../train/merge.ts";
import { adaptedModel, type ModelSource, type OnDownload } from "./loaded.ts";
import { fineTunedConfig } from "./model-config.ts";
import { loadModel, methodOfSource } from "./open.ts";
import { checkOutput, refuseSameFolder } from "./output.ts";

export interface MergedModel {
  readonly folder: string;
  readonly architecture: string;
  readonly parameters: number;
}

export interface MergeOptions extends ComputeOptions {
  readonly overwrite?: boolean;
  /** Rounds the weights; float32 unless given. */
  readonly dtype?: FloatType;
  readonly onDownload?: OnDownload;
}

/** Merges a run, as {@link mergeModel} does. */
export function mergeRun(run: string, output: string, options: MergeOptions = {}): Promise<MergedModel> {
  return mergeModel({ run }, output, options);
}

/**
 * Writes base weights and trained numbers as one checkpoint, under transformers' names. What was trained in place is merged as it
 * is; of other methods the weights are computed as their mathematics says.
 * @throws Error in one line when the method, the model or the output folder does not allow it; nothing is left half-written.
 */
export async function mergeModel(
  source: ModelSource,
  output: string,
  { overwrite = false, dtype = "float32", onDownload, ...compute }: MergeOptions = {},
): Promise<MergedModel> {
  await checkOutput(output, { overwrite });
  const trained = await mergeable(source);
  const loaded = await loadModel({ ...source, quantization: "none" }, onDownload);
  const { opened, task } = loaded;
  await refuseSameFolder(output, opened.folder.folder);
  await refuseSameFolder(output, trained);
  const runtime = await nativeRuntime(compute);
  const weights = await mergedWeights(adaptedModel(loaded), runtime);
  const tensors = new Map(
    opened.specs.map((spec) => [spec.name, toFloatType(turned(spec, weights[spec.name]!), dtype)]),
  );
  const config = { ...fineTunedConfig(opened, task), dtype };
  const { companions, made } = opened.folder.files;
  await writeModelFolder(output, { config, files: companions, made, tensors }, { overwrite });
  const parameters = Object.values(weights).reduce((sum, { data }) => sum + data.length, 0);
  return { folder: output, architecture: opened.head.architecture, parameters };
}

/** What was trained, by the folder it is named by. @throws Error in one line when there is nothing, or it cannot be merged. */
export async function mergeable(source: ModelSource): Promise<string> {
  const method = await methodOfSource(source);
  const name = "run" in source ? source.run : (source.adapter ?? source.model);
  if (method === null) throw new Error(`${name}: a checkpoint without an adapter, expected --adapter with it`);
  if (method.unmergeable !== undefined)
    throw new Error(`${name}: ${method.name} cannot be merged: ${method.unmergeable}`);
  return name;
}
