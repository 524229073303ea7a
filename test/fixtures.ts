/** Reading the reference fixtures: tiny checkpoints with what transformers computed from them. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeSafetensors } from "../src/formats/safetensors.ts";
import { modelOf } from "../src/models/registry.ts";
import type { Model } from "../src/models/architecture.ts";
import { type Tensor, toFloat32, zeros } from "../src/tensor/tensor.ts";
import type { Checkpoint } from "../src/train/load.ts";

const fixtures = join(import.meta.dirname, "fixtures");

export const modelNames: readonly string[] = readdirSync(join(fixtures, "models"));

export function readTensors(...path: readonly string[]): Map<string, Tensor> {
  const file = join(fixtures, ...path);
  return decodeSafetensors(readFileSync(file), file);
}

export function readJson<T>(...path: readonly string[]): T {
  return JSON.parse(readFileSync(join(fixtures, ...path), "utf8")) as T;
}

/** A fixture model: its configuration read, and its checkpoint, which may be sharded. */
export function fixtureModel(name: string): { model: Model; config: Record<string, unknown>; checkpoint: Checkpoint } {
  const files = readdirSync(join(fixtures, "models", name)).filter(
    (file) => file.startsWith("model") && file.endsWith(".safetensors"),
  );
  const tensors = new Map(files.flatMap((file) => [...readTensors("models", name, file)]));
  const config = readJson<Record<string, unknown>>("models", name, "config.json");
  return {
    model: modelOf(config, `${name}/config.json`),
    config,
    checkpoint: {
      where: name,
      tensors,
      readInto: async (tensor, target) => target.set(toFloat32(tensors.get(tensor)!).data),
    },
  };
}

/** The feeds of a batch: inputs that a fixture lacks (segments) are zeros. */
export function batchFeeds(batch: ReadonlyMap<string, Tensor>, prefix = ""): Record<string, Tensor> {
  const names = ["input_ids", "attention_mask", "token_type_ids", "labels"];
  const ids = batch.get(`${prefix}input_ids`)!;
  const feeds = names.map((name): [string, Tensor] => [name, batch.get(prefix + name) ?? zeros("int64", ids.shape)]);
  const others = ["start_positions", "end_positions", "decoder_input_ids", "decoder_attention_mask"].flatMap(
    (name): [string, Tensor][] => (batch.has(prefix + name) ? [[name, batch.get(prefix + name)!]] : []),
  );
  return Object.fromEntries([...feeds, ...others]);
}
