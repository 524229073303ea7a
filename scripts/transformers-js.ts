/**
 * transformers.js, which is no dependency of the project for its weight, from a folder in which it was installed; what it loads is
 * on this machine.
 */
import { createRequire } from "node:module";
import { basename, dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";

/** Its numbers by their names there, in float32 and in 8-bit integers. */
export const DTYPES: readonly string[] = ["fp32", "q8"];

interface Library {
  readonly env: { allowRemoteModels: boolean; localModelPath: string };
}

/**
 * @typeParam T what is used of it
 * @param modules the folder it was installed in
 * @param folder an exported model
 * @returns the library, and the name by which it finds the model
 */
export async function transformersJs<T>(modules: string, folder: string): Promise<{ library: T; name: string }> {
  const { resolve: find } = createRequire(join(resolve(modules), "package.json"));
  const library = (await import(pathToFileURL(find("@huggingface/transformers")).href)) as Library & T;
  library.env.allowRemoteModels = false;
  library.env.localModelPath = dirname(resolve(folder));
  return { library, name: basename(folder) };
}
