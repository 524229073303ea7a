/** The safetensors files of a checkpoint folder, read tensor by tensor straight into arrays of their own. */
import { access, type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { headerLength, parseHeader, type SafetensorsEntry } from "../formats/safetensors.ts";
import { quote } from "../formats/text.ts";
import { allocate, type DType } from "../tensor/dtype.ts";
import { halves } from "../tensor/half.ts";
import type { Parts } from "../quantization/scheme.ts";
import { sizeOf } from "../tensor/shape.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { indexFile, readIndex, weightsFile } from "./checkpoint.ts";
import { sha256Once } from "./files.ts";
import { readFully } from "./pieces.ts";
import { errorCode, fileError } from "./reasons.ts";

/** What is known of a tensor before its elements are read. */
export interface TensorInfo {
  readonly name: string;
  readonly dtype: DType;
  readonly shape: readonly number[];
}

export interface Weights {
  readonly tensors: ReadonlyMap<string, TensorInfo>;
  /** The paths of the safetensors files, in the order of their names. */
  readonly files: readonly string[];
  /**
   * The tensor `name` with its own elements, as they are stored.
   * @throws Error in one line for an unknown name, or when the file can no longer be read.
   */
  read(name: string): Promise<Tensor>;
  /**
   * Fills `target` with the elements of the tensor `name`, widened if they are float16 or bfloat16.
   * @throws Error in one line for an unknown name, another element type, or a target of another length.
   */
  readInto(name: string, target: Float32Array): Promise<void>;
  /**
   * The parts of a matrix where the file holds it in a form of {@link Scheme} already, else null.
   * @param turned whether its rows and columns are to be exchanged
   * @throws Error in one line for an unknown name, or when the file can no longer be read
   */
  readEncoded?(name: string, form: string, turned: boolean): Promise<Parts | null>;
  /** The SHA-256 of the files, one after the other, read once: that of model.safetensors itself when there is no other. */
  hash(): Promise<string>;
  /** Closes the files; nothing can be read afterwards. */
  close(): Promise<void>;
}

interface WeightFile {
  readonly path: string;
  readonly handle: FileHandle;
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  readonly metadata: Readonly<Record<string, string>>;
}

interface Located {
  readonly entry: SafetensorsEntry;
  readonly file: WeightFile;
}

/**
 * Opens model.safetensors, else the shards that model.safetensors.index.json names, and checks every header.
 * Null when the folder has neither.
 * @throws Error in one line when a file is missing, is no sound safetensors file, or lacks a tensor of the index.
 */
export async function openWeights(folder: string): Promise<Weights | null> {
  if (await isThere(join(folder, weightsFile))) return openFiles(folder, [weightsFile], null);
  if (!(await isThere(join(folder, indexFile)))) return null;
  const shards = await readIndex(folder);
  return openFiles(folder, [...new Set(shards.values())].sort(), shards);
}

/**
 * Opens one safetensors file, with the metadata of its header.
 * @throws Error in one line when it is missing or no sound safetensors file.
 */
export async function openSafetensors(
  path: string,
): Promise<Weights & { readonly metadata: Readonly<Record<string, string>> }> {
  const file = await openFile(path);
  return { ...weightsOf([file], allOf([file]), () => file.handle.close()), metadata: file.metadata };
}

function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    (error: unknown) => errorCode(error) !== "ENOENT",
  );
}

async function openFiles(
  folder: string,
  names: readonly string[],
  shards: ReadonlyMap<string, string> | null,
): Promise<Weights> {
  const opened = new Map<string, WeightFile>();
  const close = async (): Promise<void> => {
    await Promise.all([...opened.values()].map(({ handle }) => handle.close()));
  };
  try {
    for (const name of names) opened.set(name, await openFile(join(folder, name)));
    const located = shards === null ? allOf([...opened.values()]) : locate(folder, shards, opened);
    return weightsOf([...opened.values()], located, close);
  } catch (error) {
    await close();
    throw error;
  }
}

async function openFile(path: string): Promise<WeightFile> {
  let handle: FileHandle | null = null;
  try {
    handle = await open(path);
    const { size } = await handle.stat();
    const first8 = new Uint8Array(8);
    const { bytesRead } = await handle.read(first8, 0, 8, 0);
    const json = new Uint8Array(headerLength(first8.subarray(0, bytesRead), size, path));
    await readFully(handle, json, 8, path);
    const { entries, metadata } = parseHeader(json, size, path);
    return { path, handle, entries, metadata };
  } catch (error) {
    await handle?.close();
    throw fileError(path, "cannot be read", error);
  }
}

function allOf(files: readonly WeightFile[]): ReadonlyMap<string, Located> {
  return new Map(files.flatMap((file) => [...file.entries].map(([name, entry]) => [name, { entry, file }] as const)));
}

function locate(
  folder: string,
  shards: ReadonlyMap<string, string>,
  opened: ReadonlyMap<string, WeightFile>,
): ReadonlyMap<string, Located> {
  const located = new Map<string, Located>();
  for (const [name, shard] of shards) {
    const file = opened.get(shard)!;
    const entry = file.entries.get(name);
    if (entry === undefined) throw new Error(`${join(folder, indexFile)}: ${shard} has no tensor ${quote(name)}`);
    located.set(name, { entry, file });
  }
  return located;
}

function weightsOf(
  files: readonly WeightFile[],
  located: ReadonlyMap<string, Located>,
  close: () => Promise<void>,
): Weights {
  const paths = files.map(({ path }) => path);
  const find = (name: string): Located => {
    const found = located.get(name);
    if (found !== undefined) return found;
    throw new Error(`${paths.join(", ")}: no tensor named ${quote(name)} among ${located.size}`);
  };
  return {
    tensors: new Map([...located].map(([name, { entry }]) => [name, entry])),
    files: paths,
    read: async (name) => readTensor(find(name)),
    readInto: async (name, target) => readInto(find(name), target),
    hash: sha256Once(paths),
    close,
  };
}

async function readTensor({ entry, file }: Located): Promise<Tensor> {
  const data = allocateFor(entry, file.path);
  await readFully(file.handle, new Uint8Array(data.buffer), entry.begin, file.path);
  return tensor(entry.dtype, entry.shape, data);
}

/** A header may be sound and yet describe more than one array, or the memory, can hold. */
function allocateFor({ name, dtype, shape, begin, end }: SafetensorsEntry, path: string) {
  try {
    return allocate(dtype, sizeOf(shape));
  } catch (error) {
    throw new Error(`${path}: tensor ${quote(name)}: ${end - begin} bytes are more than there is memory for`, {
      cause: error,
    });
  }
}

async function readInto({ entry, file }: Located, target: Float32Array): Promise<void> {
  const { dtype, begin } = entry;
  const size = sizeOf(entry.shape);
  const subject = `${file.path}: tensor ${quote(entry.name)}`;
  if (target.length !== size) throw new Error(`${subject}: ${size} elements, the target has ${target.length}`);
  if (dtype === "float32") {
    const bytes = new Uint8Array(target.buffer, target.byteOffset, target.byteLength);
    return readFully(file.handle, bytes, begin, file.path);
  }
  if (dtype !== "float16" && dtype !== "bfloat16")
    throw new Error(`${subject}: ${dtype}, expected float32, float16 or bfloat16`);
  const values = halves[dtype]();
  const bits = (await readTensor({ entry, file })).data as Uint16Array;
  for (let i = 0; i < size; i++) target[i] = values[bits[i]!]!;
}
