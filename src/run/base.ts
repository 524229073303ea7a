/** The base model of a run: a checkpoint's weights, or, from random initialisation, those that the seed gives. */
import { join } from "node:path";
import { sha256File } from "../hub/files.ts";
import { quantizedBase, type QuantizedSource } from "../hub/quantized-base.ts";
import { findWeights } from "../models/weights.ts";
import type { Attachment } from "../peft/method.ts";
import type { StoredMatrices } from "../quantization/over-stored.ts";
import { type Quantization, schemeFor, schemeOf } from "../quantization/registry.ts";
import type { Scheme } from "../quantization/scheme.ts";
import type { FirstNumbers } from "../train/adapt.ts";
import {
  type Checkpoint,
  encoded,
  type LoadedWeights,
  inFewBits,
  loadWeights,
  parametersOf,
  randomWeights,
  readParts,
} from "../train/load.ts";
import type { TrainConfig } from "./config.ts";
import type { OnDownload } from "./loaded.ts";
import type { OpenModel } from "./prepare.ts";

/** Where base weights come from. */
export type Init = TrainConfig["init"];
export const inits: readonly Init[] = ["pretrained", "random"];

/** What of a run's settings its base weights depend on. */
export type BaseSettings = Pick<TrainConfig, "init" | "seed" | "ignore_mismatched_sizes"> & {
  readonly quantization?: Quantization | undefined;
};

/**
 * The base weights of a run. What is stored in few bits is made once and lies in a file ({@link quantizedBase}), but for random weights.
 * @param attachment what is trained of them: of a base that is stored in few bits, what changes as a whole is not
 * @param onProgress told how far the making of that file has come
 * @throws Error in one line when the checkpoint lacks a parameter of the body.
 */
export async function baseWeights(
  opened: Pick<OpenModel, "model" | "specs" | "folder">,
  settings: BaseSettings,
  attachment: Pick<Attachment, "trained"> = { trained: [] },
  onProgress?: OnDownload,
): Promise<LoadedWeights> {
  const { model, specs, folder } = opened;
  const { init, seed, ignore_mismatched_sizes: ignoreMismatchedSizes, quantization = "none" } = settings;
  const schemes = schemeOf(quantization, model, attachment);
  if (init === "random") return inFewBits(randomWeights(specs, seed), specs, schemes);
  const scheme = schemeFor(quantization, model);
  const options = { seed, ignoreMismatchedSizes, schemeOf: schemes };
  if (!scheme) return loadWeights(model, specs, checkpointOf(folder), options);
  const warnings: string[] = [];
  const kept = async () => {
    const base = await quantizedBase(await quantizedSource(opened, quantization, scheme), { onProgress });
    warnings.push(...base.warnings);
    return base.matrices;
  };
  return { ...(await loadWeights(model, specs, checkpointOf(folder), { ...options, kept })), warnings };
}

/** The matrices of a checkpoint that are stored in few bits under some head and for some method. */
async function quantizedSource(
  { model, folder }: Pick<OpenModel, "model" | "folder">,
  quantization: Quantization,
  scheme: Scheme,
): Promise<QuantizedSource> {
  const checkpoint = checkpointOf(folder);
  const specs = Object.values(model.heads).flatMap((head) => parametersOf(model, head, 1));
  const found = findWeights(specs, checkpoint.tensors, model.basePrefix);
  const isStored = schemeOf(quantization, model, { trained: [] });
  const matrices = new Map(
    specs.filter((spec) => found.has(spec.name) && isStored(spec)).map((spec) => [spec.name, spec]),
  );
  return {
    scheme,
    sha256: await folder.hash(),
    shapes: new Map([...matrices].map(([name, { shape }]) => [name, shape])),
    encode: (parameter) => encoded(matrices.get(parameter)!, found.get(parameter)!, checkpoint, scheme),
  };
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

const checkpointOf = (folder: OpenModel["folder"]): Checkpoint => ({ ...folder, where: folder.folder });

/** How the base weights of a run come about: {@link baseWeights}, or from memory. */
export type ReadWeights = typeof baseWeights;

/** What tells one base model from another: the SHA-256 of its weights, or of the config.json that random ones are drawn for. */
export function baseHash({ folder }: Pick<OpenModel, "folder">, init: Init): Promise<string> {
  return init === "random" ? sha256File(join(folder.folder, "config.json")) : folder.hash();
}
