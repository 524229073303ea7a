/** Tiny models with random weights whose matrices are kept in few bits, with a method attached. */
import { join } from "node:path";
import { encodeSafetensors } from "../src/formats/safetensors.ts";
import { turned } from "../src/models/weights.ts";
import { type Quantization, schemeOf } from "../src/quantization/registry.ts";
import type { Scheme } from "../src/quantization/scheme.ts";
import type { ParameterSpec, Weights } from "../src/nn/parameters.ts";
import { viewOf } from "../src/tensor/view.ts";
import { adapt, type AdaptedModel, type AttachedModel, type FirstNumbers } from "../src/train/adapt.ts";
import { inFewBits, randomWeights } from "../src/train/load.ts";
import { makeTinyModel, write } from "./tiny-model.ts";
import { tinyAttachment, type TinyOptions } from "./tiny-training.ts";

/** Fields of a fixture's configuration with which all widths are of whole blocks, and weights are far from zero. */
const wide: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  "bert-classification": { hidden_size: 32, intermediate_size: 64, initializer_range: 0.2 },
  "llama-classification": { hidden_size: 32, intermediate_size: 64 },
  "gpt2-classification": { n_embd: 32 },
};

export interface StoredModel {
  readonly adapted: AdaptedModel;
  /** The weights as they were before any was stored. */
  readonly exact: Weights;
}

/** The structure of a fixture, made wide, with a method attached. */
export function wideAttachment(name: string, options: TinyOptions = {}): AttachedModel {
  return tinyAttachment(name, { ...options, config: { ...wide[name], ...options.config } });
}

/**
 * Makes a model folder at `folder` of a fixture made wide, with random weights for it under a head of two labels.
 * @param changes fields of config.json to change
 */
export function makeWideModel(
  folder: string,
  fixture: string,
  changes: Readonly<Record<string, unknown>> = {},
): string {
  const config = { ...wide[fixture], id2label: { 0: "negative", 1: "positive" }, ...changes };
  makeTinyModel(folder, fixture, config);
  const { specs } = wideAttachment(fixture, { method: "head", labels: 2, config: changes });
  const { weights } = randomWeights(specs, 11);
  const tensors = new Map(specs.map((spec) => [spec.name, turned(spec, weights[spec.name]!)]));
  write(join(folder, "model.safetensors"), Buffer.concat(encodeSafetensors(tensors)));
  return folder;
}

/** How the parameters of a model with a method attached are stored. */
export type Storing = (attached: AttachedModel) => (spec: ParameterSpec) => Scheme | null;

export const storedAs =
  (quantization: Quantization): Storing =>
  ({ model, attachment }) =>
    schemeOf(quantization, model, attachment);

/** What a quantisation stores, by another scheme. */
export const storedBy =
  (scheme: Scheme, quantization: Quantization = "int8"): Storing =>
  (attached) => {
    const usual = storedAs(quantization)(attached);
    return (spec) => usual(spec) && scheme;
  };

/** A model over a base in few bits; the trained parts of stored matrices begin as these were. */
export function tinyStored(attached: AttachedModel, storing: Storing, seed = 5): StoredModel {
  const loaded = randomWeights(attached.specs, seed);
  const { weights, stored } = inFewBits(loaded, attached.specs, storing(attached));
  const first = firstOf(attached, loaded.weights);
  return { adapted: adapt({ ...attached, weights, stored }, seed, first), exact: loaded.weights };
}

/** The numbers that trained parts of the model's own parameters begin with. */
function firstOf({ attachment, specs }: AttachedModel, weights: Weights): FirstNumbers {
  const own = new Set(specs.map(({ name }) => name));
  const parts = attachment.trained.filter(({ parameter }) => own.has(parameter.name));
  return new Map(
    parts.map(({ name, parameter, selection }) => [name, viewOf(weights[parameter.name]!, selection).data.slice()]),
  );
}
