/** What a graph is compiled with in place of inputs that are fed. */
import type { InferenceSession } from "onnxruntime-common";
import { isOp, type Value } from "../graph/value.ts";
import { topological } from "../graph/walk.ts";
import type { Tensor } from "../tensor/tensor.ts";

/** Bytes of a file: numbers as they lie in memory, little-endian. */
export interface FileRegion {
  readonly path: string;
  readonly offset: number;
  readonly length: number;
}

/** Numbers in a file, which is mapped into memory, or in memory. */
export type Constant = FileRegion | Tensor;

/** Where constants lie: each in a file, or in memory under the name of a file that there is not. */
export interface PlacedConstants {
  readonly regions: ReadonlyMap<string, FileRegion>;
  readonly inMemory: { readonly path: string; readonly data: Uint8Array }[];
}

/** Of the constants those that `outputs` read. */
export function placedConstants(constants: ReadonlyMap<string, Constant>, outputs: readonly Value[]): PlacedConstants {
  const regions = new Map<string, FileRegion>();
  const inMemory: { path: string; data: Uint8Array }[] = [];
  for (const value of constants.size === 0 ? [] : topological(outputs)) {
    if (!isOp(value, "input")) continue;
    const { name } = value.attrs;
    const constant = constants.get(name);
    if (constant === undefined) continue;
    if ("path" in constant) regions.set(name, constant);
    else {
      const { buffer, byteOffset, byteLength } = constant.data;
      inMemory.push({ path: name, data: new Uint8Array(buffer, byteOffset, byteLength) });
      regions.set(name, { path: name, offset: 0, length: byteLength });
    }
  }
  return { regions, inMemory };
}

/** As `options`, for a model with constants. Files may lie anywhere: what they hold is neither laid out anew nor computed with as it loads. */
export function withConstants(
  options: InferenceSession.SessionOptions,
  { regions, inMemory }: PlacedConstants,
): InferenceSession.SessionOptions {
  const given = inMemory.length === 0 ? options : { ...options, externalData: inMemory };
  if (regions.size === inMemory.length) return given;
  const { session = {}, ...extra } = (options.extra ?? {}) as Record<string, Record<string, unknown>>;
  return {
    ...given,
    extra: {
      ...extra,
      session: { ...session, disable_prepacking: "1", model_external_initializers_file_folder_path: "/" },
      optimization: { disable_specified_optimizers: "ConstantFolding" },
    },
  };
}
