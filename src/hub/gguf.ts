/** A model in one GGUF file, with its configuration and its tokenizer: what a checkpoint folder holds, under the same names. */
import { type FileHandle, open } from "node:fs/promises";
import { type GgufEntry, type GgufHeader, MAX_GGUF_HEADER_BYTES, parseGguf } from "../formats/gguf.ts";
import { quote } from "../formats/text.ts";
import { sizeOf } from "../tensor/shape.ts";
import { zeros } from "../tensor/tensor.ts";
import { tokenizerConfigFile, tokenizerFile } from "./checkpoint.ts";
import { sha256Once } from "./files.ts";
import { architectureOf, type GgufArchitecture, type Layout } from "./gguf-architectures.ts";
import { type Metadata, metadataOf } from "./gguf-metadata.ts";
import { readEncoded, readTensor } from "./gguf-tensor.ts";
import { ggufTokenizer } from "./gguf-tokenizer.ts";
import type { JsonObject, ModelFolder } from "./model-folder.ts";
import { readFully } from "./pieces.ts";
import { fileError } from "./reasons.ts";

/** Whether a path is that of a GGUF file, by its name. */
export function isGguf(path: string): boolean {
  return path.toLowerCase().endsWith(".gguf");
}

/**
 * Opens a GGUF file as a checkpoint. Its tensors are read one by one, as float32.
 * @throws Error in one line when it is no sound GGUF file, or holds a model or a tokenizer of an unknown kind.
 */
export async function openGguf(path: string): Promise<ModelFolder> {
  let handle: FileHandle | null = null;
  try {
    handle = await open(path);
    return await describe(path, handle, await readHeader(handle, path));
  } catch (error) {
    await handle?.close();
    throw fileError(path, "cannot be read", error);
  }
}

const FIRST_BYTES = 2 ** 20;

/** How long a header is shows only as it is read. */
async function readHeader(handle: FileHandle, path: string): Promise<GgufHeader> {
  const { size } = await handle.stat();
  for (let length = FIRST_BYTES; ; length *= 2) {
    const bytes = new Uint8Array(Math.min(length, size));
    await readFully(handle, bytes, 0, path);
    const header = parseGguf(bytes, size, path);
    if (header !== null) return header;
    if (length >= MAX_GGUF_HEADER_BYTES) throw new Error(`${path}: a header of more than ${length} bytes`);
  }
}

/** A tensor of the file as the checkpoint has it. */
interface Placed {
  readonly name: string;
  readonly shape: readonly number[];
  readonly entry: GgufEntry;
  readonly layout: Layout;
}

async function describe(path: string, handle: FileHandle, header: GgufHeader): Promise<ModelFolder> {
  const metadata = metadataOf(header.metadata, path);
  if (metadata.integer("split.count", 1) > 1)
    throw new Error(`${path}: one of several parts; join them with llama-gguf-split --merge`);
  const architecture = architectureOf(metadata.text("general.architecture"), path);
  const config = await configOf(architecture, metadata, header, handle);
  const placed = new Map(placeTensors(architecture, config, header, path).map((tensor) => [tensor.name, tensor]));
  const length = config["max_position_embeddings"] ?? config["n_positions"];
  const { tokenizer, tokenizerConfig } = ggufTokenizer(metadata, typeof length === "number" ? length : null);
  const read = async (name: string, target: Float32Array): Promise<void> => {
    const { entry, layout } = placed.get(name) ?? missing(path, name, placed.size);
    await readTensor(handle, path, entry, layout, target);
  };
  return {
    folder: path,
    config,
    tokenizer,
    tokenizerConfig,
    generationConfig: {},
    tensors: new Map([...placed].map(([name, { shape }]) => [name, { name, shape, dtype: "float32" }])),
    files: {
      weights: [path],
      companions: [],
      made: { [tokenizerFile]: tokenizer, [tokenizerConfigFile]: tokenizerConfig },
    },
    read: async (name) => {
      const { shape } = placed.get(name) ?? missing(path, name, placed.size);
      const tensor = zeros("float32", shape);
      await read(name, tensor.data);
      return tensor;
    },
    readInto: read,
    readEncoded: async (name, form, turned) => {
      const { entry, layout } = placed.get(name) ?? missing(path, name, placed.size);
      return readEncoded(handle, path, entry, layout, form, turned);
    },
    hash: sha256Once([path]),
    close: () => handle.close(),
  };
}

function missing(path: string, name: string, count: number): never {
  throw new Error(`${path}: no tensor named ${quote(name)} among ${count}`);
}

async function configOf(
  architecture: GgufArchitecture,
  metadata: Metadata,
  { entries }: GgufHeader,
  handle: FileHandle,
): Promise<JsonObject> {
  const embedding = entries.get("token_embd.weight");
  if (embedding === undefined) throw new Error(`${metadata.where}: no tensor named token_embd.weight`);
  const factors = entries.get("rope_freqs.weight");
  const rotaryFactors = factors === undefined ? null : new Float32Array(sizeOf(factors.shape));
  if (factors && rotaryFactors) await readTensor(handle, metadata.where, factors, {}, rotaryFactors);
  const vocabularySize = embedding.shape[0] ?? 0;
  const id = (role: string): number | null => metadata.integer(`tokenizer.ggml.${role}_token_id`, null);
  return {
    ...architecture.config({ metadata, has: (name) => entries.has(name), rotaryFactors }),
    vocab_size: vocabularySize,
    tie_word_embeddings: architecture.alwaysTied ?? !entries.has("output.weight"),
    bos_token_id: id("bos"),
    eos_token_id: id("eos"),
    pad_token_id: id("padding"),
  };
}

/** What a file may hold besides parameters, and the configuration says instead. */
const derived = /^rope_freqs\.weight$|\.attn_rot_embd$|\.rope_freqs(\.weight)?$/;

function placeTensors(
  { names, layers, layout = () => ({}), alwaysTied = false }: GgufArchitecture,
  config: JsonObject,
  { entries }: GgufHeader,
  path: string,
): Placed[] {
  return [...entries.values()].flatMap((entry) => {
    if (derived.test(entry.name) || (alwaysTied && entry.name === "output.weight")) return [];
    const [, layer, part = "", kind = ""] = /^(?:blk\.(\d+)\.)?(\w+)\.(weight|bias)$/.exec(entry.name) ?? [];
    const name = Object.hasOwn(names, part) ? names[part] : undefined;
    if (name === undefined)
      throw new Error(
        `${path}: tensor ${quote(entry.name)} has no place in a model of ${String(config["model_type"])}`,
      );
    const placement = layout(`${part}.${kind}`, config);
    const shape = placement.transposed ? entry.shape.toReversed() : entry.shape;
    const prefix = layer === undefined ? "" : `${layers}.${layer}.`;
    return [{ name: `${prefix}${name}.${kind}`, shape, entry, layout: placement }];
  });
}
