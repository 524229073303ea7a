/** Texts out of a language model: all at once, or token by token. */
import { type Random, random } from "../tensor/random.ts";
import { beamSearch } from "./beam-search.ts";
import { type Decoding, decoding } from "./decode.ts";
import { processorsOf } from "./processor.ts";
import { type PreparedPrompt, preparePrompts, type Prompt, type TextModel } from "./prompt.ts";
import { type ChosenToken, sample } from "./sample.ts";
import type { Search, Sequence } from "./search.ts";
import { type GenerationInput, type GenerationSettings, generationSettings } from "./settings.ts";
import { readText, textOf, type TextReader } from "./text.ts";

export interface GeneratedSequence extends Sequence {
  /** The text of the new tokens, without the one that ended it and up to a stop string. */
  readonly text: string;
}

/** What follows on a prompt. */
export interface Generated {
  /** How many tokens the model read of the prompt. */
  readonly promptTokens: number;
  /** The best first, where they were compared. */
  readonly sequences: readonly GeneratedSequence[];
  /** Tokens of all prompts of its batch for each second of reading them, and new ones for each second after that. */
  readonly promptTokensPerSecond: number;
  readonly newTokensPerSecond: number;
}

/** One token as it comes. */
export interface TokenEvent extends ChosenToken {
  /** Which prompt it follows on, and which of that prompt's continuations it belongs to, counted from 0. */
  readonly prompt: number;
  readonly sequence: number;
  /** What it adds to the text, with what was held back before; never a part of a character or of a stop string. */
  readonly text: string;
}

export interface GenerateOptions {
  /** How many prompts are read at once; 8 unless given. */
  readonly batchSize?: number | undefined;
  /** Aborting it rejects with its reason after the token under way. */
  readonly signal?: AbortSignal | undefined;
}

/**
 * Continues each prompt.
 * @throws Error in one line for settings that do not fit and for a prompt that leaves no room, before anything is computed.
 */
export async function generate(
  text: TextModel,
  prompts: readonly Prompt[],
  input: GenerationInput = {},
  { batchSize = 8, signal }: GenerateOptions = {},
): Promise<Generated[]> {
  if (!(Number.isInteger(batchSize) && batchSize > 0))
    throw new Error(`batch size: ${batchSize}, expected a whole number above 0`);
  const settings = generationSettings(input, text.defaults);
  const prepared = preparePrompts(text, prompts, settings);
  const generated: Generated[] = [];
  for (let start = 0; start < prepared.length; start += batchSize) {
    const batch = prepared.slice(start, start + batchSize);
    const searches = batch.map((prompt, i) => searchesOf(prompt, start + i, settings));
    generated.push(...(await finish(text, batch, searches, settings, signal)));
  }
  return generated;
}

/** Searches a batch to its end. */
async function finish(
  text: TextModel,
  prompts: readonly PreparedPrompt[],
  searches: readonly (readonly Search[])[],
  { stop_strings: stops }: GenerationSettings,
  signal: AbortSignal | undefined,
): Promise<Generated[]> {
  signal?.throwIfAborted();
  const begun = performance.now();
  const run = await begin(text, prompts, searches);
  const read = performance.now();
  while (run.isOpen()) {
    signal?.throwIfAborted();
    await run.step();
  }
  const ended = performance.now();
  const found = searches.map((list) => list.flatMap((search) => search.results()));
  const perSecond = (lists: readonly (readonly unknown[])[], milliseconds: number) =>
    lists.reduce((total, { length }) => total + length, 0) / (milliseconds / 1000);
  const rates = {
    promptTokensPerSecond: perSecond(
      prompts.map(({ ids }) => ids),
      read - begun,
    ),
    newTokensPerSecond: perSecond(
      found.flat().map(({ tokens }) => tokens),
      ended - read,
    ),
  };
  return prompts.map(({ ids, begun: before }, i) => ({
    promptTokens: ids.length,
    sequences: found[i]!.map((sequence) => ({
      ...sequence,
      text: textOf(text.tokenizer.decode, before, textTokens(sequence), stops),
    })),
    ...rates,
  }));
}

/**
 * The same, token by token, of all prompts in one batch.
 * @throws Error as {@link generate}, and where beams are asked for, of which none is certain before the end.
 */
export async function* streamTokens(
  text: TextModel,
  prompts: readonly Prompt[],
  input: GenerationInput = {},
  { signal }: Pick<GenerateOptions, "signal"> = {},
): AsyncGenerator<TokenEvent> {
  const settings = generationSettings(input, text.defaults);
  if (settings.num_beams > 1)
    throw new Error(`num_beams: ${settings.num_beams}, expected 1 where tokens come one by one`);
  const prepared = preparePrompts(text, prompts, settings);
  const events: TokenEvent[] = [];
  const searches = prepared.map((prompt, index) =>
    searchesOf(prompt, index, settings, (sequence) => {
      const reader = readText(text.tokenizer.decode, prompt.begun, settings.stop_strings);
      return (chosen) => events.push({ ...chosen, prompt: index, sequence, text: pieceOf(reader, chosen) });
    }),
  );
  const run = await begin(text, prepared, searches);
  while (run.isOpen()) {
    signal?.throwIfAborted();
    await run.step();
    yield* events.splice(0);
  }
}

/** What a token adds to the text that `reader` reads. */
function pieceOf(reader: TextReader, { token, finishReason }: ChosenToken): string {
  const piece = finishReason === "eos" ? "" : reader.push(token).text;
  return finishReason === null ? piece : piece + reader.end();
}

const textTokens = ({ tokens, finishReason }: Sequence) => (finishReason === "eos" ? tokens.slice(0, -1) : tokens);

/** Reads prompts, from which their searches go on. */
async function begin(
  { model }: TextModel,
  prompts: readonly PreparedPrompt[],
  searches: readonly (readonly Search[])[],
): Promise<Decoding> {
  const reading = await model.read(prompts.map(({ ids }) => ids));
  const starts = searches.flatMap((list, row) => list.map(() => row));
  return decoding(reading, searches.flat(), starts);
}

/** How a prompt is searched: by beams, or by one text for each that is wanted. */
function searchesOf(
  { begun, ending }: PreparedPrompt,
  index: number,
  settings: GenerationSettings,
  listen?: (sequence: number) => (chosen: ChosenToken) => void,
): Search[] {
  const { num_beams: beams, num_return_sequences: count, do_sample: isDrawn, seed } = settings;
  const processors = processorsOf(settings, { prompt: begun.length, newTokens: ending.newTokens });
  const streamOf = (sequence: number): Random | null =>
    isDrawn ? random(seed, `prompt ${index} sequence ${sequence}`) : null;
  if (beams > 1) return [beamSearch({ prompt: begun, processors, ending, settings, stream: streamOf(0) })];
  return Array.from({ length: count }, (_, sequence) =>
    sample({ prompt: begun, processors, ending, stream: streamOf(sequence), onToken: listen?.(sequence) }),
  );
}
