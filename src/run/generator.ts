/** A language model ready to write: from a run, a base model with an adapter, or a checkpoint. */
import type { Message } from "../data/examples.ts";
import {
  type Generated,
  generate,
  type GenerateOptions,
  streamTokens,
  type TokenEvent,
} from "../generation/generate.ts";
import { languageModel } from "../generation/language-model.ts";
import type { Prompt, TextModel } from "../generation/prompt.ts";
import { type GenerationInput, readGenerationConfig } from "../generation/settings.ts";
import type { ComputeOptions } from "../runtime/native.ts";
import type { Runtime } from "../runtime/runtime.ts";
import type { AdaptedModel } from "../train/adapt.ts";
import { writingHeads } from "./checkpoint-task.ts";
import { adaptedModel, type LoadedModel, type ModelSource, type OnDownload, runtimeFor } from "./loaded.ts";
import { loadModel } from "./open.ts";
import type { OpenModel } from "./prepare.ts";

/** A text, tokens as they stand, or a conversation, whose next turn is the assistant's. */
export type GeneratorPrompt = string | Prompt | { readonly messages: readonly Message[] };

export interface Generator {
  readonly adapted: AdaptedModel;
  readonly runtime: Runtime;
  readonly opened: OpenModel;
  /** What was met while the model was read that does no harm, a line each. */
  readonly warnings: readonly string[];
  /** What the model's folder says of the settings; what a caller gives stands above it. */
  readonly defaults: GenerationInput;
  /** A prompt as tokens. @throws Error in one line for a conversation where the tokenizer has no chat template. */
  tokensOf(prompt: GeneratorPrompt): readonly number[];
  /**
   * Continues each prompt, in their order.
   * @throws Error in one line for settings that do not fit and for a prompt that leaves no room, before anything is computed.
   */
  generate(
    prompts: readonly GeneratorPrompt[],
    settings?: GenerationInput,
    options?: GenerateOptions,
  ): Promise<Generated[]>;
  /** The same, token by token, of all prompts in one batch. @throws Error as above, and where beams are asked for. */
  stream(
    prompts: readonly GeneratorPrompt[],
    settings?: GenerationInput,
    options?: Pick<GenerateOptions, "signal">,
  ): AsyncIterable<TokenEvent>;
  dispose(): Promise<void>;
}

export interface OpenGeneratorOptions extends ComputeOptions {
  readonly onDownload?: OnDownload;
}

/**
 * Opens a model that writes.
 * @throws Error in one line when the source is not what it is taken for, or the model has no head that writes.
 */
export async function openGenerator(source: ModelSource, options: OpenGeneratorOptions = {}): Promise<Generator> {
  const loaded = await loadModel({ ...source, writes: true }, options.onDownload);
  const adapted = adaptedModel(loaded);
  return generatorOf(loaded, adapted, await runtimeFor(adapted, options));
}

/**
 * A generator of a model that was read.
 * @throws Error in one line when it has no head that writes.
 */
export async function generatorOf(
  { opened, task, warnings }: LoadedModel,
  adapted: AdaptedModel,
  runtime: Runtime,
): Promise<Generator> {
  const { model, head, tokenizer, folder, padTokenId } = opened;
  if (!writingHeads.some((name) => model.heads[name] === head))
    throw new Error(
      `${folder.folder}: ${task.name} gives no text, expected a model with a head for ${writingHeads.join(" or ")}`,
    );
  const { start, ...defaults } = folderSettings(opened);
  const compiled = await languageModel({ adapted, runtime, padTokenId, decoderStartTokenId: start });
  const text: TextModel = { model: compiled, tokenizer, defaults };

  const tokensOf = (prompt: GeneratorPrompt): readonly number[] => {
    if (typeof prompt === "string") return [...tokenizer.encode([prompt], { maxLength: Number.MAX_SAFE_INTEGER }).ids];
    if (!("messages" in prompt)) return prompt;
    return tokenizer.tokenize(tokenizer.chatTemplate().renderChat(prompt.messages, { addGenerationPrompt: true }));
  };
  return {
    adapted,
    runtime,
    opened,
    warnings,
    defaults,
    tokensOf,
    generate: (prompts, settings, given) => generate(text, prompts.map(tokensOf), settings, given),
    stream: (prompts, settings, given) => streamTokens(text, prompts.map(tokensOf), settings, given),
    dispose: () => compiled.dispose(),
  };
}

/** Tokens that config.json may name where no generation_config.json does. */
const tokenNames = ["bos_token_id", "eos_token_id", "forced_bos_token_id", "forced_eos_token_id"] as const;

/** What a folder says of generation, and the token that a decoder beside an encoder begins with. */
export function folderSettings({
  folder,
  tokenizer,
  model,
}: OpenModel): GenerationInput & { readonly start: number | null } {
  const { config, generationConfig, folder: where } = folder;
  const { bos, eos } = tokenizer.specialTokens;
  const named = Object.fromEntries(tokenNames.map((name) => [name, config[name]]));
  const settings: GenerationInput = {
    ...(bos !== null && { bos_token_id: bos }),
    ...(eos !== null && { eos_token_id: eos }),
    ...readGenerationConfig(named, `${where}/config.json`),
    ...readGenerationConfig(generationConfig, `${where}/generation_config.json`),
  };
  const { decoder_start_token_id: given } = generationConfig;
  const start = typeof given === "number" ? given : (model.decoderStartTokenId ?? settings.bos_token_id ?? null);
  return { ...settings, start };
}
