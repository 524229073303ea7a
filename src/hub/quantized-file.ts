/** A file of matrices in few bits, laid out by their shapes alone: written one matrix at a time, checked to the last byte, read in place. */
import { open, rename, rm } from "node:fs/promises";
import { dirname } from "node:path";
import { bytesOfTensor, layOutSafetensors, type SafetensorsEntry } from "../formats/safetensors.ts";
import { partName, type StoredMatrices, type StoredPart } from "../quantization/over-stored.ts";
import type { Parts, PartSpec, Scheme } from "../quantization/scheme.ts";
import { zeros } from "../tensor/tensor.ts";
import { makeFolder } from "./cache.ts";
import { sha256Files, temporaryName } from "./files.ts";
import { readFully, readFullySync, writeFully } from "./pieces.ts";
import { fileError } from "./reasons.ts";

/** Of the parts, their names and how they are made; files of another version are no longer read. */
const VERSION = 2;

/** What a file is to hold. */
export interface QuantizedContents {
  readonly scheme: Scheme;
  /** The SHA-256 of the weights that it is made of. */
  readonly sha256: string;
  /** The shapes of the matrices by their names. */
  readonly shapes: ReadonlyMap<string, readonly number[]>;
}

/** A file that is to be, or should be, at a path. */
export interface QuantizedFile extends QuantizedContents {
  /** Absolute. */
  readonly path: string;
  /** The parts by their names, in the order of their bytes. */
  readonly entries: ReadonlyMap<string, SafetensorsEntry>;
  /** Bytes of the header. */
  readonly dataOffset: number;
  /** Bytes in all. */
  readonly size: number;
  /** The header, once the SHA-256 of all bytes after it is known; its length does not depend on that. */
  header(dataHash: string): Uint8Array;
}

/** Stands for a hash that is not yet known. */
const PLACE = "-".repeat(64);

/** How the file of such contents is laid out. */
export function quantizedFile(path: string, contents: QuantizedContents): QuantizedFile {
  const { scheme, sha256, shapes } = contents;
  const specs = new Map<string, PartSpec>();
  for (const [parameter, shape] of shapes)
    for (const [part, spec] of Object.entries(scheme.parts(shape))) specs.set(partName(parameter, part), spec);
  const layOut = (dataHash: string) =>
    layOutSafetensors(specs, {
      form: scheme.form,
      version: String(VERSION),
      source_sha256: sha256,
      data_sha256: dataHash,
    });
  const { header, entries } = layOut(PLACE);
  const size = [...entries.values()].at(-1)?.end ?? header.length;
  return { ...contents, path, entries, dataOffset: header.length, size, header: (hash) => layOut(hash).header };
}

/** The file is what it should be to the last byte, or is not there or may not be read, or has a flaw, which is told in one line. */
export type Examined = "sound" | "absent" | { readonly flaw: string };

/** Looks at what lies at a file's path, all of it. */
export async function examine(file: QuantizedFile): Promise<Examined> {
  const { path, size, scheme } = file;
  const handle = await open(path).catch(() => null);
  if (handle === null) return "absent";
  try {
    const expected = file.header(PLACE);
    const { size: found } = await handle.stat();
    const header = Buffer.alloc(Math.min(expected.length, found));
    await readFully(handle, header, 0, path);
    const at = Buffer.from(expected).indexOf(PLACE);
    const dataHash = header.toString("latin1", at, at + PLACE.length);
    if (!header.equals(file.header(dataHash)))
      return { flaw: `${path}: its header is not that of these weights as ${scheme.form}, version ${VERSION}` };
    if (found !== size) return { flaw: `${path}: ${found} bytes, expected ${size}` };
    if ((await sha256Files([path], header.length)) !== dataHash)
      return { flaw: `${path}: damaged, its numbers have another SHA-256 than its header says` };
    return "sound";
  } catch (error) {
    return { flaw: fileError(path, "cannot be read", error).message };
  } finally {
    await handle.close();
  }
}

/** The machine does not let a file be written; the message says why in one line. */
export class Unwritable extends Error {}

/** What becomes of `work`, a failure of which is the machine's. */
function written<T>(path: string, work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    throw new Unwritable(fileError(path, "cannot be written", error).message, { cause: error });
  });
}

/**
 * Writes a file whole or not at all, whoever else does so at the same time.
 * @param encode gives the parts of a matrix; those of no other are held meanwhile
 * @param onWritten told after each matrix how many of the file's bytes are written
 * @throws Unwritable; what `encode` throws comes through as it is. In both cases nothing of the file is left.
 */
export async function writeQuantized(
  file: QuantizedFile,
  encode: (parameter: string) => Promise<Parts>,
  onWritten: (bytes: number) => void = () => {},
): Promise<void> {
  const { path } = file;
  const temporary = temporaryName(path);
  await written(path, makeFolder(dirname(path)));
  try {
    await writeMatrices(file, temporary, encode, onWritten);
    await written(path, complete(file, temporary));
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    throw error;
  }
}

async function writeMatrices(
  { path, entries, shapes, dataOffset }: QuantizedFile,
  temporary: string,
  encode: (parameter: string) => Promise<Parts>,
  onWritten: (bytes: number) => void,
): Promise<void> {
  const handle = await written(path, open(temporary, "wx"));
  try {
    let bytes = dataOffset;
    for (const parameter of shapes.keys()) {
      for (const [part, tensor] of Object.entries(await encode(parameter))) {
        const { begin, end } = entries.get(partName(parameter, part))!;
        await written(path, writeFully(handle, bytesOfTensor(tensor), begin));
        bytes += end - begin;
      }
      onWritten(bytes);
    }
  } finally {
    await written(path, handle.close());
  }
}

/** Puts the header in front of the numbers, and the file in its place. */
async function complete({ path, dataOffset, header }: QuantizedFile, temporary: string): Promise<void> {
  const dataHash = await sha256Files([temporary], dataOffset);
  const handle = await open(temporary, "r+");
  try {
    await writeFully(handle, header(dataHash), 0);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, path);
}

/** The matrices of a file that is sound, which stay there until they are read. */
export function matricesIn({ path, entries, shapes, scheme }: QuantizedFile): StoredMatrices {
  const parts = (parameter: string, shape: readonly number[]) =>
    Object.keys(scheme.parts(shape)).map((part) => [part, partIn(path, entries.get(partName(parameter, part))!)]);
  return new Map(
    [...shapes].map(([parameter, shape]) => [
      parameter,
      { scheme, parts: Object.fromEntries(parts(parameter, shape)) as Record<string, StoredPart> },
    ]),
  );
}

function partIn(path: string, { dtype, shape, begin, end }: SafetensorsEntry): StoredPart {
  return {
    dtype,
    shape,
    region: { path, offset: begin, length: end - begin },
    read() {
      const part = zeros(dtype, shape);
      readFullySync(bytesOfTensor(part), begin, path);
      return part;
    },
  };
}
