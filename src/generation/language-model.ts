/** A language model as a search sees it: texts go in, and the logits of what may follow come out. */
import type { Program, Runtime, Tensors } from "../runtime/runtime.ts";
import { type Tensor, zeros } from "../tensor/tensor.ts";
import type { AdaptedModel } from "../train/adapt.ts";
import { type CacheEntry, chosenRows, keyValueCache } from "./cache.ts";
import { decoderGraphs, encoderDecoderGraphs, type Graphs, LAST } from "./graphs.ts";
import { integers, lastOf, type Reading, reading } from "./reading.ts";

export interface LanguageModel {
  /** How many tokens there are. */
  readonly vocabulary: number;
  /** How many positions a text has, and those that a decoder reads and writes, which are the same where there is no encoder. */
  readonly positions: number;
  /** What a decoder has read before the first new token: the text itself, or, beside an encoder, the token that it begins with. */
  begin(text: readonly number[]): readonly number[];
  /** Reads texts of one token or more. */
  read(texts: readonly (readonly number[])[]): Promise<Reading>;
  dispose(): Promise<void>;
}

export interface LanguageModelOptions {
  readonly adapted: AdaptedModel;
  readonly runtime: Runtime;
  /** What stands where a text of a batch has no token. */
  readonly padTokenId: number;
  /** The token that a decoder beside an encoder begins with. */
  readonly decoderStartTokenId: number | null;
}

/** Compiles a model under a language model's head. @throws Error in one line when a decoder beside an encoder has no token to begin with. */
export async function languageModel(options: LanguageModelOptions): Promise<LanguageModel> {
  const { adapted, runtime } = options;
  const kind = adapted.head === adapted.model.heads["sequence-to-sequence"] ? encoderDecoder : decoder;
  const { graphs, open } = kind(options);
  // A prompt is read once, and then a token at a time.
  const compile = (graph: Graphs["prompt"]) => runtime.compile(graph, { fewRows: true });
  const [prompt, step] = [await compile(graphs.prompt), await compile(graphs.step)];
  return {
    vocabulary: adapted.model.vocabularySize,
    positions: adapted.model.maxPositions - adapted.attachment.positions,
    ...open({ prompt, step }),
    async dispose() {
      await prompt.dispose();
      await step.dispose();
    },
  };
}

interface Programs {
  readonly prompt: Program;
  readonly step: Program;
}

/** A model's graphs, and how their programs read texts. */
interface Side {
  readonly graphs: Graphs;
  open(programs: Programs): Pick<LanguageModel, "begin" | "read">;
}

function decoder({ adapted, padTokenId }: LanguageModelOptions): Side {
  const { attachment, feeds } = adapted;
  const graphs = decoderGraphs(adapted);
  const inputs = { ids: "input_ids", mask: "attention_mask", positions: "position_ids" };
  const read = async ({ prompt, step }: Programs, texts: readonly (readonly number[])[]) => {
    const first = attachment.virtualTokens;
    const padded = paddedTexts(texts, padTokenId, "left");
    const length = first + padded.width;
    const outputs = await prompt.run({ ...feeds, ...padded.inputs, [LAST]: lastOf(texts.length, length) });
    const cache = keyValueCache(graphs.kept, texts.length);
    cache.append(outputs);
    const rows = texts.map((ids, text) => ({ text, padding: [first, length - ids.length] as const }));
    return reading({ program: step, feeds, cache, rows, inputs, logits: outputs["logits"]! });
  };
  return { graphs, open: (programs) => ({ begin: (text) => text, read: (texts) => read(programs, texts) }) };
}

function encoderDecoder({ adapted, padTokenId, decoderStartTokenId: start }: LanguageModelOptions): Side {
  if (start === null) throw new Error("decoder_start_token_id: null, expected the token that the decoder begins with");
  const { feeds } = adapted;
  const graphs = encoderDecoderGraphs(adapted);
  const inputs = { ids: "decoder_input_ids", mask: "decoder_attention_mask", positions: "decoder_position_ids" };
  const read = async ({ prompt, step }: Programs, texts: readonly (readonly number[])[]) => {
    const padded = paddedTexts(texts, padTokenId, "right");
    const seen = await prompt.run({ ...feeds, ...padded.inputs });
    const rowsOf = rowsOfTexts(seen, graphs.seen);
    const beside = (of: readonly number[]) => ({
      ...rowsOf(of),
      attention_mask: integers(of.map((text) => onesThenZeros(texts[text]!.length, padded.width))),
    });
    const rows = texts.map((_, text) => ({ text, padding: [0, 0] as const }));
    const cache = keyValueCache(graphs.kept, texts.length);
    const begun = reading({ program: step, feeds, cache, rows, inputs, beside });
    await begun.next(texts.map((_, from) => ({ from, token: start })));
    return begun;
  };
  return { graphs, open: (programs) => ({ begin: () => [start], read: (texts) => read(programs, texts) }) };
}

/** Texts as a batch, those that are shorter padded on one side. */
export function paddedTexts(
  texts: readonly (readonly number[])[],
  padTokenId: number,
  side: "left" | "right",
): { readonly width: number; readonly inputs: Record<string, Tensor> } {
  const width = Math.max(...texts.map(({ length }) => length));
  const pad = (ids: readonly number[], padding: number): number[] => {
    const fill = Array<number>(width - ids.length).fill(padding);
    return side === "left" ? [...fill, ...ids] : [...ids, ...fill];
  };
  return {
    width,
    inputs: {
      input_ids: integers(texts.map((ids) => pad(ids, padTokenId))),
      attention_mask: integers(texts.map((ids) => pad(Array<number>(ids.length).fill(1), 0))),
      token_type_ids: zeros("int64", [texts.length, width]),
    },
  };
}

const onesThenZeros = (ones: number, width: number) => new Uint8Array(width).fill(1, 0, ones);

/** What was given of each text, by rows of the texts that are asked for; copied only where those are others than before. */
function rowsOfTexts(given: Tensors, entries: readonly CacheEntry[]): (texts: readonly number[]) => Tensors {
  let arrays = entries.map((entry) => given[entry.given] as Tensor<"float32">);
  let rows: readonly number[] = [...Array(arrays[0]!.shape[0]).keys()];
  return (texts) => {
    if (texts.length !== rows.length || texts.some((text, row) => text !== rows[row])) {
      const from = Int32Array.from(texts, (text) => rows.indexOf(text));
      arrays = arrays.map((array) => chosenRows(array, from));
      rows = texts;
    }
    return Object.fromEntries(entries.map(({ fed }, i) => [fed, arrays[i]!]));
  };
}
