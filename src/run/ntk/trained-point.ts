/** A point of training: a model as an adapter has left it, at which any set of parameters may be differentiated. */
import { createHash } from "node:crypto";
import type { Weights } from "../../nn/parameters.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { type AdaptedModel, adapterTensors } from "../../train/adapt.ts";
import { mergedWeights } from "../../train/merge.ts";
import { adaptedModel, type OnDownload } from "../loaded.ts";
import { loadModel, methodOfSource } from "../open.ts";
import type { PreparedRun } from "../prepare.ts";
import type { NtkConfig } from "./config.ts";

export interface TrainedPoint {
  /** The model with what the adapter has trained. */
  readonly adapted: AdaptedModel;
  /** Of the adapter's numbers. */
  readonly hash: string;
  /** Merged, for other sets to begin at. */
  weights(): Promise<Weights>;
}

/**
 * Reads the adapter of a study over its base model; null where the study begins at the base model.
 * @throws Error in one line when it does not fit, was trained for other classes, or cannot be merged where other sets need that
 */
export async function trainedPoint(
  { ntk: { adapter }, sets, common: { model, revision } }: NtkConfig,
  { task }: PreparedRun,
  runtime: Runtime,
  onDownload?: OnDownload,
): Promise<TrainedPoint | null> {
  if (adapter === null) return null;
  const source = { model, adapter, revision };
  const method = await methodOfSource(source);
  const other = sets.find(({ config }) => config !== null);
  if (other && method?.unmergeable !== undefined)
    throw new Error(`${other.name}: begins at merged weights, but ${adapter} cannot be merged: ${method.unmergeable}`);
  const loaded = await loadModel({ ...source, quantization: "none" }, onDownload);
  const { kind, labels } = loaded.task;
  if (kind !== task.kind || !isNamedAs(labels ?? [], task.labels ?? []))
    throw new Error(
      `${adapter}: was trained for ${kind} of ${labels?.join(", ")}, expected ${task.kind} of ${task.labels?.join(", ")}`,
    );
  const adapted = adaptedModel(loaded);
  const hash = createHash("sha256");
  for (const { name, values } of adapterTensors(adapted))
    hash.update(name).update(new Uint8Array(values.data.buffer, values.data.byteOffset, values.data.byteLength));
  return { adapted, hash: hash.digest("hex"), weights: () => mergedWeights(adapted, runtime) };
}

/** Whether classes are those of a task; an adapter of another library says only how many there are. */
const isNamedAs = (met: readonly string[], expected: readonly string[]): boolean =>
  met.length === expected.length && met.every((name, i) => name === expected[i] || name === `LABEL_${i}`);
