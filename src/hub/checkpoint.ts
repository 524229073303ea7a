/** The files of a transformers checkpoint folder: which there are, which are needed, and what to do when one is not there. */
import { join } from "node:path";
import * as z from "zod";
import { readJson } from "./files.ts";

export const configFile = "config.json";
export const tokenizerFile = "tokenizer.json";
export const tokenizerConfigFile = "tokenizer_config.json";
export const chatTemplateFile = "chat_template.jinja";
export const generationConfigFile = "generation_config.json";
export const weightsFile = "model.safetensors";
/** What a model merged into few bits lies in, by the form of its matrices. */
export const fewBitsFile = (form: string): string => `model-${form}.safetensors`;
export const indexFile = "model.safetensors.index.json";

/** What a checkpoint must have besides its weights. */
export const requiredFiles: readonly string[] = [configFile, tokenizerFile];

/** What is read where it is there. */
export const optionalFiles: readonly string[] = [
  tokenizerConfigFile,
  chatTemplateFile,
  "special_tokens_map.json",
  generationConfigFile,
];

/** What goes along, unread, when a checkpoint is saved again: everything of the tokenizer that other programs may want. */
export const companionFiles: readonly string[] = [
  tokenizerFile,
  ...optionalFiles,
  "added_tokens.json",
  "merges.txt",
  "sentencepiece.bpe.model",
  "spiece.model",
  "tokenizer.model",
  "vocab.json",
  "vocab.txt",
];

/**
 * The shard that holds each tensor, from model.safetensors.index.json.
 * @throws Error in one line when the index is malformed, empty, or names a shard outside its own folder.
 */
export async function readIndex(folder: string): Promise<ReadonlyMap<string, string>> {
  const path = join(folder, indexFile);
  const { weight_map: shards } = await readJson(path, WeightIndex);
  const entries = Object.entries(shards);
  if (entries.length === 0) throw new Error(`${path}: weight_map: names no tensor`);
  return new Map(entries);
}

const WeightIndex = z.object({
  weight_map: z.record(
    z.string(),
    z.string().regex(/^[^/\\\p{Cc}]+\.safetensors$/u, "expected the name of a .safetensors file"),
  ),
});

/** The error for a checkpoint with no safetensors among its file `names`; `where` is its folder or hub id. */
export function noWeights(where: string, names: readonly string[]): Error {
  const pickle = names.find((name) => /^pytorch_model.*\.bin$/.test(name));
  if (pickle === undefined) return new Error(`${where}: no ${weightsFile} and no ${indexFile}`);
  return new Error(
    `${where}: no ${weightsFile}, only ${pickle}, a pickle, which can run code when it is opened; load it with transformers ` +
      `where you trust it and write it again with model.save_pretrained(FOLDER, safe_serialization=True)`,
  );
}

/** The error for a checkpoint without the required file `name`. */
export function noFile(where: string, name: string): Error {
  if (name !== tokenizerFile) return new Error(`${where}: no ${name}, expected a transformers checkpoint`);
  return new Error(
    `${where}: no ${tokenizerFile}; write one with transformers: AutoTokenizer.from_pretrained("${where}").save_pretrained(FOLDER)`,
  );
}
