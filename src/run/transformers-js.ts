/** The small files that transformers.js asks for beside a model, and what it looks for in them. */
import { basename } from "node:path";
import { chatTemplateFile, generationConfigFile, tokenizerConfigFile } from "../hub/checkpoint.ts";
import type { JsonObject, ModelFolder } from "../hub/model-folder.ts";
import type { AttachedModel } from "../train/adapt.ts";
import { folderSettings } from "./generator.ts";
import type { LoadedModel } from "./loaded.ts";
import type { OpenModel } from "./prepare.ts";
import { isLabelled } from "./task-kinds.ts";

/** Files of JSON by their names. */
type Made = Readonly<Record<string, JsonObject>>;

const lacks = ({ files: { companions } }: ModelFolder, name: string) =>
  !companions.some((path) => basename(path) === name);

/** tokenizer_config.json where the checkpoint has none, or has its chat template, which is looked for there alone, in another file. */
export function tokenizerConfig({ opened, task, maxLength }: LoadedModel, { model, attachment }: AttachedModel): Made {
  const { folder } = opened;
  const isMissing = lacks(folder, tokenizerConfigFile);
  if (!isMissing && lacks(folder, chatTemplateFile)) return {};
  const longest = isLabelled(task.kind) ? maxLength : model.maxPositions - attachment.positions;
  const own = isMissing ? plainTokenizerConfig(opened, longest) : {};
  return { [tokenizerConfigFile]: { ...own, ...folder.tokenizerConfig } };
}

function plainTokenizerConfig({ tokenizer, model }: OpenModel, longest: number): JsonObject {
  const named = Object.entries(tokenizer.specialTokens).flatMap(([role, id]) =>
    id === null ? [] : [[`${role}_token`, ...tokenizer.tokensOf([id])] as const],
  );
  // Of the classes of transformers.js it is BERT's that says which segment a token belongs to.
  const tokenizer_class = model.segments > 1 ? "BertTokenizer" : "PreTrainedTokenizer";
  const limit = Number.isFinite(longest) ? { model_max_length: longest } : {};
  return { tokenizer_class, ...limit, ...Object.fromEntries(named) };
}

/** generation_config.json where the checkpoint has none: which tokens begin and end a text. */
export function generationConfig(opened: OpenModel): Made {
  if (!lacks(opened.folder, generationConfigFile)) return {};
  const { bos_token_id, eos_token_id } = folderSettings(opened);
  const named = Object.entries({ bos_token_id, eos_token_id, pad_token_id: opened.tokenizer.specialTokens.pad });
  return { [generationConfigFile]: Object.fromEntries(named.filter(([, id]) => id !== undefined && id !== null)) };
}

/** The field of config.json that says how many layers keep keys and values, where it is not num_hidden_layers. */
const layerFields: Readonly<Record<string, string>> = { gpt2: "n_layer", gptj: "n_layer", bloom: "n_layer" };

/** What config.json must say of a model whose keys and values are kept in so many layers. */
export function cacheConfig({ folder: { config } }: OpenModel, layers: number): JsonObject {
  return { [layerFields[String(config["model_type"])] ?? "num_hidden_layers"]: layers };
}
