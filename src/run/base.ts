/** The base model of a run: a checkpoint's weights, or, from random initialisation, those that the seed gives. */
import { join } from "node:path";
import { sha256File } from "../hub/files.ts";
import { type LoadedWeights, loadWeights, randomWeights } from "../train/load.ts";
import type { TrainConfig } from "./config.ts";
import type { OpenModel } from "./prepare.ts";

/** Where base weights come from. */
export type Init = TrainConfig["init"];
export const inits: readonly Init[] = ["pretrained", "random"];

/**
 * The base weights of a run.
 * @throws Error in one line when the checkpoint lacks a parameter of the body.
 */
export async function baseWeights(
  { model, specs, folder }: Pick<OpenModel, "model" | "specs" | "folder">,
  settings: Pick<TrainConfig, "init" | "seed" | "ignore_mismatched_sizes">,
): Promise<LoadedWeights> {
  const { init, seed, ignore_mismatched_sizes: ignoreMismatchedSizes } = settings;
  if (init === "random") return randomWeights(specs, seed);
  const checkpoint = { where: folder.folder, tensors: folder.tensors, readInto: folder.readInto };
  return loadWeights(model, specs, checkpoint, { seed, ignoreMismatchedSizes });
}

/** How the base weights of a run come about: {@link baseWeights}, or from memory. */
export type ReadWeights = typeof baseWeights;

/** What tells one base model from another: the SHA-256 of its weights, or of the config.json that random ones are drawn for. */
export function baseHash({ folder }: Pick<OpenModel, "folder">, init: Init): Promise<string> {
  return init === "random" ? sha256File(join(folder.folder, "config.json")) : folder.hash();
}
