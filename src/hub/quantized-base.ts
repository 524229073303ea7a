/** The matrices of base models in few bits, made once and kept on this machine. */
import { join } from "node:path";
import type { StoredMatrices } from "../quantization/over-stored.ts";
import type { Parts } from "../quantization/scheme.ts";
import type { DownloadProgress } from "./download.ts";
import { type HubEnvironment, hubEnvironment } from "./environment.ts";
import {
  examine,
  matricesIn,
  type QuantizedContents,
  quantizedFile,
  Unwritable,
  writeQuantized,
} from "./quantized-file.ts";

/** Matrices, and how they are made. */
export interface QuantizedSource extends QuantizedContents {
  /** Makes the parts of a matrix; asked for only where they are not kept already. */
  encode(parameter: string): Promise<Parts>;
}

export interface QuantizedBase {
  /** The matrices, which lie in a file; none where none can be kept. */
  readonly matrices: StoredMatrices;
  /** What was met instead of a sound file or a folder that can be written, a line each. */
  readonly warnings: readonly string[];
}

export interface QuantizedBaseOptions {
  readonly environment?: HubEnvironment;
  readonly onProgress?: ((progress: DownloadProgress) => void) | undefined;
}

/** The path of what is kept, in one form, of weights with a SHA-256. */
export function quantizedPath({ madeFolder }: HubEnvironment, { sha256, scheme }: QuantizedContents): string {
  return join(madeFolder, `${sha256}-${scheme.form}.safetensors`);
}

/**
 * Finds matrices in few bits where they are kept, or makes them and keeps them. A file that is not what it should be to the last
 * byte is made anew.
 * @throws what `encode` throws
 */
export async function quantizedBase(
  { encode, ...contents }: QuantizedSource,
  { environment = hubEnvironment(), onProgress = () => {} }: QuantizedBaseOptions = {},
): Promise<QuantizedBase> {
  if (contents.shapes.size === 0) return { matrices: new Map(), warnings: [] };
  const file = quantizedFile(quantizedPath(environment, contents), contents);
  const { form } = contents.scheme;
  const examined = await examine(file);
  const warnings = typeof examined === "object" ? [`${examined.flaw}; it is made anew`] : [];
  const report = (received: number) =>
    onProgress({ work: "storing the base model as", file: form, received, total: file.size });
  try {
    if (examined !== "sound") await writeQuantized(file, encode, report);
    return { matrices: matricesIn(file), warnings };
  } catch (error) {
    if (!(error instanceof Unwritable)) throw error;
    return { matrices: new Map(), warnings: [...warnings, `${error.message}; ${form} matrices stay in memory`] };
  }
}
