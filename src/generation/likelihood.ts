/**
 * How likely a decoder finds continuations of texts: the sum of the log-probabilities of their tokens. A text is read once, whatever
 * follows on it: all of its continuations go on from the keys and values that are kept of it.
 */
import type { Program, Runtime, Tensors } from "../runtime/runtime.ts";
import { tensor } from "../tensor/tensor.ts";
import type { AdaptedModel } from "../train/adapt.ts";
import { keyValueCache } from "./cache.ts";
import { ASKED, type LikelihoodGraphs, likelihoodGraphs } from "./graphs.ts";
import { paddedTexts } from "./language-model.ts";
import { integers } from "./reading.ts";

/** A text and what may follow on it, as tokens: one at least of each. */
export interface Continued {
  readonly text: readonly number[];
  readonly continuations: readonly (readonly number[])[];
}

export interface LikelihoodOptions {
  /** How many texts are read at once; 16 unless given. */
  readonly batchSize?: number | undefined;
  /** Told after each batch how many texts are done. */
  readonly onProgress?: ((done: number) => void) | undefined;
  /** Aborting it rejects with its reason after the batch under way. */
  readonly signal?: AbortSignal | undefined;
}

export interface LikelihoodModel {
  /** How many positions a text with its continuation has at most. */
  readonly positions: number;
  /** Σ log p of the tokens of each continuation, one list a text, in their order. */
  logLikelihoods(texts: readonly Continued[], options?: LikelihoodOptions): Promise<number[][]>;
  dispose(): Promise<void>;
}

/**
 * Compiles a decoder that finds continuations likely, as multiple-choice questions are scored by (Brown et al. 2020, §2.4; Gao et al.,
 * lm-evaluation-harness).
 * @param padTokenId what stands where a text of a batch has no token
 */
export async function likelihoodModel(
  adapted: AdaptedModel,
  runtime: Runtime,
  padTokenId: number,
): Promise<LikelihoodModel> {
  const graphs = likelihoodGraphs(adapted);
  const prompt = await runtime.compile(graphs.prompt);
  const continuation = await runtime.compile(graphs.continuation);
  const reader = { adapted, graphs, prompt, continuation, padTokenId };
  return {
    positions: adapted.model.maxPositions - adapted.attachment.positions,
    logLikelihoods: (texts, options) => inBatches(reader, texts, options),
    async dispose() {
      await prompt.dispose();
      await continuation.dispose();
    },
  };
}

interface Reader {
  readonly adapted: AdaptedModel;
  readonly graphs: LikelihoodGraphs;
  readonly prompt: Program;
  readonly continuation: Program;
  readonly padTokenId: number;
}

/** Texts of like length are read together, the longest first. */
async function inBatches(
  reader: Reader,
  texts: readonly Continued[],
  { batchSize = 16, onProgress, signal }: LikelihoodOptions = {},
): Promise<number[][]> {
  const found = new Array<number[]>(texts.length);
  const order = [...texts.keys()].toSorted((a, b) => texts[b]!.text.length - texts[a]!.text.length);
  for (let start = 0; start < order.length; start += batchSize) {
    signal?.throwIfAborted();
    const batch = order.slice(start, start + batchSize);
    const sums = await ofBatch(
      reader,
      batch.map((i) => texts[i]!),
    );
    batch.forEach((i, row) => (found[i] = sums[row]!));
    onProgress?.(start + batch.length);
  }
  return found;
}

/**
 * All but the last token of each text are read first; that one is read with each continuation, whose first token follows on it. A text of
 * one token is read as if it stood before itself, and then hidden.
 */
async function ofBatch(
  { adapted, graphs, prompt, continuation, padTokenId }: Reader,
  batch: readonly Continued[],
): Promise<number[][]> {
  const before = batch.map(({ text }) => (text.length === 1 ? text : text.slice(0, -1)));
  const padded = paddedTexts(before, padTokenId, "left");
  const virtual = adapted.attachment.virtualTokens;
  const cache = keyValueCache(graphs.kept, batch.length);
  cache.append(await prompt.run({ ...adapted.feeds, ...padded.inputs }));
  const rows = batch.flatMap(({ text, continuations }, from) => {
    const hidden = padded.width - (text.length === 1 ? 0 : before[from]!.length);
    return continuations.map((tokens) => ({ from, hidden, read: [text.at(-1)!, ...tokens.slice(0, -1)], tokens }));
  });
  cache.choose(Int32Array.from(rows, ({ from }) => from));
  const feeds = continuationFeeds(rows, { capacity: cache.capacity(), filled: cache.filled(), virtual, padTokenId });
  const { losses } = await continuation.run({ ...adapted.feeds, ...cache.feeds(), ...feeds });
  return sumsOf(batch, losses!.data as Float32Array);
}

interface Row {
  /** How many of the positions that were read before hold padding, behind the method's own. */
  readonly hidden: number;
  /** What is read: the last token of the text and all but the last of the continuation. */
  readonly read: readonly number[];
  readonly tokens: readonly number[];
}

function continuationFeeds(
  rows: readonly Row[],
  { capacity, filled, virtual, padTokenId }: Record<"capacity" | "filled" | "virtual" | "padTokenId", number>,
): Tensors {
  const { width, inputs } = paddedTexts(
    rows.map(({ read }) => read),
    padTokenId,
    "right",
  );
  const first = capacity - filled;
  const mask = rows.map(({ hidden, read }) =>
    new Uint8Array(capacity + width)
      .fill(1, first, capacity + read.length)
      .fill(0, first + virtual, first + virtual + hidden),
  );
  const positions = rows.map(({ hidden }) => Int32Array.from({ length: width }, (_, i) => filled - hidden + i));
  const asked = rows.flatMap(({ tokens }, row) => tokens.map((_, i) => row * width + i));
  const vector = (values: readonly number[]) => tensor("int64", [values.length], BigInt64Array.from(values, BigInt));
  return {
    ...inputs,
    attention_mask: integers(mask),
    position_ids: integers(positions),
    [ASKED.positions]: vector(asked),
    [ASKED.tokens]: vector(rows.flatMap(({ tokens }) => tokens)),
  };
}

/** −Σ of the losses of each continuation's tokens. */
function sumsOf(batch: readonly Continued[], losses: Float32Array): number[][] {
  let at = 0;
  return batch.map(({ continuations }) =>
    continuations.map(({ length }) => {
      const sum = losses.subarray(at, at + length).reduce((total, loss) => total + loss, 0);
      at += length;
      return -sum;
    }),
  );
}
