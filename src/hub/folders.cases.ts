/** Folders and checkpoints for the tests of this folder. */
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { onTestFinished } from "vitest";
import { encodeSafetensors } from "../formats/safetensors.ts";
import { random } from "../tensor/random.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";

/** An empty folder that is deleted after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "rocoft-"));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** A folder that holds `files`. */
export async function folderOf(files: Readonly<Record<string, string | Uint8Array>>): Promise<string> {
  const folder = await temporaryFolder();
  for (const [name, data] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), data);
  }
  return folder;
}

/** Gives up, until the test ends, the rights of root, whom no permission stops. */
export function asNobody(): void {
  if (process.geteuid?.() !== 0) return;
  process.seteuid!(65534);
  onTestFinished(() => process.seteuid!(0));
}

/** What an error says, once it is seen to be a plain error of one line. */
export async function complaint(promise: Promise<unknown>): Promise<string> {
  const error: unknown = await promise.then(
    () => new Error("nothing was thrown"),
    (error: unknown) => error,
  );
  if (!(error instanceof Error) || error instanceof TypeError || error instanceof RangeError) throw error;
  if (/[\r\n]/.test(error.message)) throw new Error(`more than one line: ${error.message}`);
  return error.message;
}

/** The paths of all files and links under a folder, in order. */
export async function filesUnder(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  const files = entries.filter((entry) => !entry.isDirectory());
  return files.map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1)).sort();
}

/** A float32 tensor of normal numbers. */
export function normal(shape: readonly number[], seed: number): Tensor<"float32"> {
  const { normal } = random(seed);
  return tensor("float32", shape, Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, normal));
}

/** The bytes of a safetensors file. */
export function safetensors(tensors: Readonly<Record<string, Tensor>>): Buffer {
  return Buffer.concat(encodeSafetensors(new Map(Object.entries(tensors)), { format: "pt" }));
}

export const weights: Readonly<Record<string, Tensor>> = {
  "encoder.weight": normal([4, 3], 1),
  "encoder.bias": normal([4], 2),
};

/** The files of a checkpoint with one file of weights. */
export const checkpoint: Readonly<Record<string, string | Uint8Array>> = {
  "config.json": '{"model_type":"bert","hidden_size":3}',
  "tokenizer.json": '{"model":{"type":"WordPiece"}}',
  "tokenizer_config.json": '{"do_lower_case":true}',
  "model.safetensors": safetensors(weights),
};

const { "model.safetensors": _, ...small } = checkpoint;

/** The files of the same checkpoint with its weights in two shards. */
export const sharded: Readonly<Record<string, string | Uint8Array>> = {
  ...small,
  "model.safetensors.index.json": JSON.stringify({
    metadata: { total_size: 64 },
    weight_map: {
      "encoder.weight": "model-00001-of-00002.safetensors",
      "encoder.bias": "model-00002-of-00002.safetensors",
    },
  }),
  "model-00001-of-00002.safetensors": safetensors({ "encoder.weight": weights["encoder.weight"]! }),
  "model-00002-of-00002.safetensors": safetensors({ "encoder.bias": weights["encoder.bias"]! }),
};

/** `checkpoint` without its weights. */
export const weightless: Readonly<Record<string, string | Uint8Array>> = small;
