/** The base model of a run: a checkpoint's weights, or, from random initialisation, those that the seed gives. */
import { join } from "node:path";
import { sha256File } from "../hub/files.ts";
import type { Attachment } from "../peft/method.ts";
import type { StoredMatrices } from "../quantization/over-stored.ts";
import { type Quantization, schemeOf } from "../quantization/registry.ts";
import type { FirstNumbers } from "../train/adapt.ts";
import {
  type Checkpoint,
  type LoadedWeights,
  inFewBits,
  loadWeights,
  randomWeights,
  readParts,
} from "../train/load.ts";
import type { TrainConfig } from "./config.ts";
import type { OpenModel } from "./prepare.ts";

/** Where base weights come from. */
export type Init = TrainConfig["init"];
export const inits: readonly Init[] = ["pretrained", "random"];

/** What of a run's settings its base weights depend on. */
export type BaseSettings = Pick<TrainConfig, "init" | "seed" | "ignore_mismatched_sizes"> & {
  readonly quantization?: Quantization | undefined;
};

/**
 * The base weights of a run.
 * @param attachment what is trained of them: of a base that is stored in few bits, what changes as a whole is not
 * @throws Error in one line when the checkpoint lacks a parameter of the body.
 */
export async function baseWeights(
  { model, specs, folder }: Pick<OpenModel, "model" | "specs" | "folder">,
  settings: BaseSettings,
  attachment: Pick<Attachment, "trained"> = { trained: [] },
): Promise<LoadedWeights> {
  const { init, seed, ignore_mismatched_sizes: ignoreMismatchedSizes, quantization = "none" } = settings;
  const schemes = schemeOf(quantization, model, attachment);
  if (init === "random") return inFewBits(randomWeights(specs, seed), specs, schemes);
  return loadWeights(model, specs, checkpointOf(folder), { seed, ignoreMismatchedSizes, schemeOf: schemes });
}

/** What the trained parts of stored matrices begin with: their numbers in the checkpoint, which no rounding has touched. */
export function firstNumbers(
  { model, folder }: Pick<OpenModel, "model" | "folder">,
  { trained }: Pick<Attachment, "trained">,
  stored: StoredMatrices,
): Promise<FirstNumbers> {
  const parts = trained.filter(({ parameter }) => stored.has(parameter.name));
  return readParts(model, parts, checkpointOf(folder));
}

const checkpointOf = ({ folder, tensors, readInto }: OpenModel["folder"]): Checkpoint => ({
  where: folder,
  tensors,
  readInto,
});

/** How the base weights of a run come about: {@link baseWeights}, or from memory. */
export type ReadWeights = typeof baseWeights;

/** What tells one base model from another: the SHA-256 of its weights, or of the config.json that random ones are drawn for. */
export function baseHash({ folder }: Pick<OpenModel, "folder">, init: Init): Promise<string> {
  return init === "random" ? sha256File(join(folder.folder, "config.json")) : folder.hash();
}
