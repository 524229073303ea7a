/** Matrices to be kept in few bits, and places to keep them, for tests. */
import type { Parts, Scheme } from "../quantization/scheme.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { type HubEnvironment, hubEnvironment } from "./environment.ts";
import { normal, temporaryFolder } from "./folders.cases.ts";
import { type QuantizedSource, quantizedPath } from "./quantized-base.ts";

/** What the matrices are said to be made of. */
export const sha256: string = "a1".repeat(32);
export const matrices: Readonly<Record<string, Tensor<"float32">>> = {
  "layer.1.weight": normal([5, 32], 1),
  "layer.0.weight": normal([3, 64], 2),
  "words.weight": normal([7, 32], 3),
};

export interface WatchedSource {
  readonly source: QuantizedSource;
  /** The names of the matrices that were made, in turn. */
  readonly made: readonly string[];
}

/** Matrices as a source that is watched. */
export function sourceOf(scheme: Scheme, of: typeof matrices = matrices): WatchedSource {
  const made: string[] = [];
  const encode = async (name: string): Promise<Parts> => {
    made.push(name);
    return scheme.encode(of[name]!);
  };
  const shapes = new Map(Object.entries(of).map(([name, { shape }]) => [name, shape]));
  return { made, source: { scheme, sha256, shapes, encode } };
}

export interface EmptyHome {
  readonly environment: HubEnvironment;
  /** Where matrices are kept. */
  pathOf(scheme: Scheme): string;
}

/** A cache with nothing in it. */
export async function emptyHome(): Promise<EmptyHome> {
  const home = await temporaryFolder();
  const environment = hubEnvironment({ HF_HOME: home, HF_TOKEN: "x" });
  return { environment, pathOf: (scheme: Scheme) => quantizedPath(environment, sourceOf(scheme).source) };
}
