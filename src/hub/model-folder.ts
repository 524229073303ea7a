/** A transformers checkpoint folder, or one GGUF file: its configuration, its tokenizer and its weights. */
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import * as z from "zod";
import {
  chatTemplateFile,
  companionFiles,
  configFile,
  generationConfigFile,
  indexFile,
  noFile,
  noWeights,
  requiredFiles,
  tokenizerConfigFile,
  tokenizerFile,
  weightsFile,
} from "./checkpoint.ts";
import { readTextFile } from "./dataset.ts";
import { openFewBits } from "./few-bits-weights.ts";
import { readJson } from "./files.ts";
import { isGguf, openGguf } from "./gguf.ts";
import { fileError } from "./reasons.ts";
import { openWeights, type Weights } from "./weights.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

export interface ModelFolder extends Omit<Weights, "files"> {
  /** The folder, or the GGUF file. */
  readonly folder: string;
  /** config.json as it stands, or as it is made of a GGUF file. */
  readonly config: JsonObject;
  /** tokenizer.json, in the same way. */
  readonly tokenizer: JsonObject;
  /** tokenizer_config.json, in the same way, with the template of chat_template.jinja in it; empty when there is none. */
  readonly tokenizerConfig: JsonObject;
  /** generation_config.json as it stands; empty when there is none. */
  readonly generationConfig: JsonObject;
  readonly files: {
    /** The paths of the files that hold the weights. */
    readonly weights: readonly string[];
    /** The paths of what goes along unchanged when the model is saved again: the tokenizer's files. */
    readonly companions: readonly string[];
    /** What goes along besides, by the names of its files, where it lies in none. */
    readonly made: Readonly<Record<string, JsonObject>>;
  };
}

const AnyObject = z.record(z.string(), z.unknown());

/**
 * Opens a checkpoint folder, a folder whose only weights are one GGUF file, or such a file. The weights stay on the disk
 * until they are read.
 * @param options `weights: "optional"` accepts a folder without any, for a model that begins anew.
 * @throws Error in one line that names the file which is missing or unsound and, where there is one, the way out.
 */
export async function openModelFolder(
  folder: string,
  options: { readonly weights?: "required" | "optional" } = {},
): Promise<ModelFolder> {
  if (isGguf(folder) && (await isFile(folder))) return openGguf(folder);
  const names = await namesIn(folder);
  const gguf = names.filter(isGguf);
  if (gguf.length > 0 && !names.some(isSafetensors)) return openGguf(join(folder, theOnly(gguf, folder)));
  for (const name of requiredFiles) if (!names.includes(name)) throw noFile(folder, name);
  const readObject = (name: string): Promise<JsonObject> => readJson(join(folder, name), AnyObject);
  const readOptional = async (name: string) => (names.includes(name) ? readObject(name) : {});
  const [config, tokenizer, tokenizerConfig, generationConfig, template] = await Promise.all([
    readObject(configFile),
    readObject(tokenizerFile),
    readOptional(tokenizerConfigFile),
    readOptional(generationConfigFile),
    names.includes(chatTemplateFile) ? readTextFile(join(folder, chatTemplateFile)) : null,
  ]);
  const found = (await openWeights(folder)) ?? (await openFewBits(folder, names));
  if (found === null && options.weights !== "optional") throw noWeights(folder, names);
  const weights = found ?? withoutWeights(folder, names);
  const companions = companionFiles.filter((name) => names.includes(name)).map((name) => join(folder, name));
  return {
    ...weights,
    folder,
    config,
    tokenizer,
    tokenizerConfig: template === null ? tokenizerConfig : { ...tokenizerConfig, chat_template: template },
    generationConfig,
    files: { weights: weights.files, companions, made: {} },
  };
}

function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}

function isSafetensors(name: string): boolean {
  return name === weightsFile || name === indexFile;
}

function theOnly([first, ...others]: readonly string[], folder: string): string {
  if (first === undefined || others.length > 0)
    throw new Error(`${folder}: ${others.length + 1} .gguf files and no ${weightsFile}, expected the path of one`);
  return first;
}

async function namesIn(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    throw fileError(folder, "cannot be read as a model folder", error);
  }
}

/** What a folder without weights offers: no tensor, and a refusal of every reading. */
function withoutWeights(folder: string, names: readonly string[]): Weights {
  const refuse = async () => {
    throw noWeights(folder, names);
  };
  return { tensors: new Map(), files: [], read: refuse, readInto: refuse, hash: refuse, close: async () => {} };
}
