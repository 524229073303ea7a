/** Prompts as a model reads them, and what may follow on each. */
import type { Tokenizer } from "../data/tokenizer.ts";
import type { LanguageModel } from "./language-model.ts";
import type { Ending } from "./search.ts";
import { type GenerationInput, type GenerationSettings, newTokensOf } from "./settings.ts";
import { stopFinder } from "./text.ts";

/** The tokens of a text; the tokenizer's special ones are among them where the model expects them. */
export type Prompt = readonly number[];

/** A language model with its tokenizer. */
export interface TextModel {
  readonly model: LanguageModel;
  readonly tokenizer: Pick<Tokenizer, "decode">;
  /** What the model's folder says of the settings. */
  readonly defaults: GenerationInput;
}

export interface PreparedPrompt {
  /** What the model reads. */
  readonly ids: readonly number[];
  /** What its decoder has read before the first new token. */
  readonly begun: readonly number[];
  readonly ending: Ending;
}

/** @throws Error in one line that names the first prompt that has no tokens, unknown ones or too many. */
export function preparePrompts(
  text: TextModel,
  prompts: readonly Prompt[],
  settings: GenerationSettings,
): PreparedPrompt[] {
  if (prompts.length === 0) throw new Error("prompts: none, expected at least one");
  return prompts.map((prompt, i) => prepare(text, prompt, settings, `prompt ${i + 1}`));
}

function prepare(
  { model, tokenizer }: TextModel,
  prompt: Prompt,
  settings: GenerationSettings,
  where: string,
): PreparedPrompt {
  const ids = idsOf(model, prompt, settings, where);
  if (ids.length > model.positions)
    throw new Error(
      `${where}: ${ids.length} tokens, expected no more than the ${model.positions} positions of the model`,
    );
  const begun = model.begin(ids);
  const ending: Ending = {
    eos: new Set(settings.eos_token_id),
    newTokens: newTokensOf(settings, begun.length, model.positions, where),
    stops: stopFinder(tokenizer.decode, begun, settings.stop_strings),
  };
  return { ids, begun, ending };
}

function idsOf(
  model: LanguageModel,
  prompt: Prompt,
  { bos_token_id: bos }: GenerationSettings,
  where: string,
): readonly number[] {
  const isKnown = (id: number) => Number.isInteger(id) && id >= 0 && id < model.vocabulary;
  const unknown = prompt.find((id) => !isKnown(id));
  if (unknown !== undefined) throw new Error(`${where}: token ${unknown}, expected one of 0 … ${model.vocabulary - 1}`);
  if (prompt.length > 0) return prompt;
  if (bos === null) throw new Error(`${where}: no tokens, and the model has none that a text begins with`);
  return [bos];
}
