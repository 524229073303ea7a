/**
 * The matrices of a model of LLaMA-2's shape in 4 bits, random, in a file: a base model as large as one likes without a checkpoint. The
 * parts of one matrix come after those of another, in the order of the parameters.
 */
import { randomFillSync } from "node:crypto";
import { closeSync, openSync, readSync, renameSync, statSync, writeSync } from "node:fs";
import { resolve } from "node:path";
import type { Model } from "../src/models/architecture.ts";
import { modelOf } from "../src/models/registry.ts";
import type { ParameterSpec } from "../src/nn/parameters.ts";
import { int4 } from "../src/quantization/int4.ts";
import type { StoredMatrices, StoredMatrix, StoredPart } from "../src/quantization/over-stored.ts";
import type { PartSpec } from "../src/quantization/scheme.ts";
import { allocate, bytesPerElement } from "../src/tensor/dtype.ts";
import { sizeOf } from "../src/tensor/shape.ts";
import { tensor } from "../src/tensor/tensor.ts";
import { parametersOf } from "../src/train/load.ts";

/** What the programs about such a model are told of it. */
export const largeModelFlags = {
  base: { type: "string" },
  layers: { type: "string", default: "32" },
  hidden_size: { type: "string", default: "4096" },
  length: { type: "string", default: "512" },
  steps: { type: "string", default: "1" },
} as const;

export interface LlamaShape {
  readonly layers: number;
  readonly hiddenSize: number;
}

/** A model of LLaMA-2's shape, the other sizes in the proportions of its 7 billion; what it reads and writes are 32,000 tokens. */
export function llamaOf({ layers, hiddenSize }: LlamaShape): {
  readonly model: Model;
  readonly specs: readonly ParameterSpec[];
} {
  const config = {
    model_type: "llama",
    vocab_size: 32_000,
    hidden_size: hiddenSize,
    intermediate_size: (hiddenSize * 11_008) / 4096,
    num_hidden_layers: layers,
    num_attention_heads: hiddenSize / 128,
    num_key_value_heads: hiddenSize / 128,
    max_position_embeddings: 4096,
  };
  const model = modelOf(config, "config.json");
  return { model, specs: parametersOf(model, model.heads["causal-language-model"]!, 0) };
}

const isMatrix = ({ shape }: ParameterSpec) => int4.fits(shape);
const bytesOf = ({ dtype, shape }: PartSpec) => sizeOf(shape) * bytesPerElement(dtype);

/** Codes of 0 to 15, all as likely, have a deviation of 4.6: with this scale that of the weights is 0.02. */
const SCALE = 0.02 / 4.6;

/** Writes the random parts of every matrix, one after the other. */
export function writeRandomBase(path: string, specs: readonly ParameterSpec[]): void {
  const temporary = `${path}.tmp`;
  const file = openSync(temporary, "w");
  for (const spec of specs.filter(isMatrix))
    for (const [name, part] of Object.entries(int4.parts(spec.shape))) {
      const bytes = new Uint8Array(bytesOf(part));
      if (name === "codes") randomFillSync(bytes);
      else new Float32Array(bytes.buffer).fill(SCALE);
      for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
    }
  closeSync(file);
  renameSync(temporary, path);
}

/** The matrices of a file that {@link writeRandomBase} wrote, which is mapped into memory. @throws Error when it has another size. */
export function openRandomBase(file: string, specs: readonly ParameterSpec[]): StoredMatrices {
  const path = resolve(file);
  const stored = new Map<string, StoredMatrix>();
  let offset = 0;
  for (const spec of specs.filter(isMatrix)) {
    const parts: Record<string, StoredPart> = {};
    for (const [name, part] of Object.entries(int4.parts(spec.shape))) {
      const region = { path, offset, length: bytesOf(part) };
      parts[name] = { ...part, region, read: () => readPart(part, region) };
      offset += region.length;
    }
    stored.set(spec.name, { scheme: int4, parts });
  }
  const { size } = statSync(path);
  if (size !== offset) throw new Error(`${file}: ${size} bytes, expected ${offset} for this shape`);
  return stored;
}

function readPart({ dtype, shape }: PartSpec, { path, offset, length }: Required<StoredPart>["region"]) {
  const data = allocate(dtype, sizeOf(shape));
  const file = openSync(path, "r");
  readSync(file, new Uint8Array(data.buffer), 0, length, offset);
  closeSync(file);
  return tensor(dtype, shape, data);
}
