/** A point of training: a model as an adapter has left it, at which any set of parameters may be differentiated. */
import { createHash } from "node:crypto";
import type { Weights } from "../../nn/parameters.ts";
import type { Runtime } from "../../runtime/runtime.ts";
import { type AdaptedModel, adapterTensors } from "../../train/adapt.ts";
import { mergedWeights } from "../../train/merge.ts";
import { adaptedModel } from "../loaded.ts";
import { loadModel } from "../open.ts";
import type { PreparedRun } from "../prepare.ts";

export interface TrainedPoint {
  /** The model with what the adapter has trained. */
  readonly adapted: AdaptedModel;
  /** Of the adapter's numbers. */
  readonly hash: string;
  /** Merged, for other sets to begin at. @throws Error in one line where the adapter cannot be merged. */
  weights(): Promise<Weights>;
}

/**
 * Reads an adapter over the base model of a study.
 * @throws Error in one line when it does not fit, or was trained for other classes.
 */
export async function trainedPoint(
  adapter: string,
  { config: { settings }, task }: PreparedRun,
  runtime: Runtime,
): Promise<TrainedPoint> {
  const loaded = await loadModel({ model: settings.model, adapter, revision: settings.revision });
  const { kind, labels } = loaded.task;
  if (kind !== task.kind || labels?.join() !== task.labels?.join())
    throw new Error(
      `${adapter}: was trained for ${kind} of ${labels?.join(", ")}, expected ${task.kind} of ${task.labels?.join(", ")}`,
    );
  const adapted = adaptedModel(loaded);
  const hash = createHash("sha256");
  for (const { name, values } of adapterTensors(adapted))
    hash.update(name).update(new Uint8Array(values.data.buffer, values.data.byteOffset, values.data.byteLength));
  return {
    adapted,
    hash: hash.digest("hex"),
    async weights() {
      const reason = loaded.adapter?.method.unmergeable;
      if (reason !== undefined)
        throw new Error(
          `${adapter}: other sets of parameters begin at merged weights, and it cannot be merged: ${reason}`,
        );
      return mergedWeights(adapted, runtime);
    },
  };
}
