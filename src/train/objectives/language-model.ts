/**
 * Learning to say which token stands where: masked language modelling (Devlin et al. 2019, §3.1) and causal language modelling
 * (Radford et al. 2018), by the same head on the same weights.
 *
 * Only the positions whose token is asked for go through the head, which is most of the work of a small model.
 */
import { askedOf } from "../../data/asked.ts";
import { sequentialBatches } from "../../data/batches.ts";
import { collate, collateSegments } from "../../data/collate.ts";
import type { EncodedDataset } from "../../data/encode.ts";
import type { Encoding } from "../../data/tokenizer.ts";
import { gatherRows, input, slice } from "../../graph/ops.ts";
import type { Value } from "../../graph/value.ts";
import { crossEntropy } from "../../nn/loss.ts";
import { type Random, random } from "../../tensor/random.ts";
import { tensor, type Tensor } from "../../tensor/tensor.ts";
import type { Forward, HiddenOptions } from "../forward.ts";
import type { Batch, Objective } from "../objective.ts";

/** What a language model is asked about one sequence: what it reads, at which positions, and the tokens that belong there. */
export interface Question {
  readonly ids: Int32Array;
  readonly positions: readonly number[];
  readonly tokens: readonly number[];
}

/** What masking needs to know of a tokenizer. */
export interface Vocabulary {
  readonly size: number;
  readonly maskTokenId: number;
  /** Tokens that are never asked for. */
  readonly specialTokenIds: ReadonlySet<number>;
  /** Whether a token goes on with the word of the token before it; where this is known, words are asked for as a whole. */
  readonly goesOn?: (token: number) => boolean;
}

/** The share of tokens that are asked for in evaluation, whatever it is in training, so that losses can be compared. */
export const EVALUATION_PROBABILITY = 0.15;

/**
 * Masked language modelling: a random share of the tokens is asked for; of these 80 % are read as the mask, 10 % as a
 * random token, 10 % as they are. Masks are drawn anew for each step. In evaluation words are never asked for as a whole, so that
 * losses can be compared.
 * @param probability the share in training; in evaluation it is {@link EVALUATION_PROBABILITY}
 */
export function maskedLanguageModel(vocabulary: Vocabulary, probability: number): Objective {
  const { goesOn: _, ...tokens } = vocabulary;
  return languageModel("masked-language-model", {
    causal: false,
    share: probability,
    training: ({ ids }, stream) => mask(ids, vocabulary, probability, stream),
    evaluation: ({ ids }, stream) => mask(ids, tokens, EVALUATION_PROBABILITY, stream),
  });
}

const fromThoseBefore = { causal: true, share: 1, training: nextTokens, evaluation: nextTokens };

/** Causal language modelling: every token that an encoding says, or all but the first, is asked for from those before it. */
export const causalLanguageModel: Objective = languageModel("causal-language-model", fromThoseBefore);

/** The same of rows of several examples, each of which sees itself alone; in evaluation each has a row of its own. */
export const packedCausalLanguageModel: Objective = languageModel("causal-language-model", {
  ...fromThoseBefore,
  given: ["position_ids", "segment_ids"],
});

type Ask = (encoding: Encoding, stream: Random) => Question;
interface LanguageModelling {
  readonly causal: boolean;
  /** Of the tokens, how many are asked for in training. */
  readonly share: number;
  readonly training: Ask;
  readonly evaluation: Ask;
  /** What batches of training bring besides, of packed rows. */
  readonly given?: readonly (keyof ReturnType<typeof collateSegments>)[];
}

function languageModel(name: string, { causal, share, training, evaluation, given }: LanguageModelling): Objective {
  const loss = ({ hidden, head, virtualTokens }: Forward, options: HiddenOptions = {}): Value => {
    const all = hidden({ causal, ...options });
    const ofText = virtualTokens === 0 ? all : slice(all, 1, virtualTokens);
    const asked = gatherRows(ofText, input("positions", ["asked"], "int64"));
    return crossEntropy(head(asked), input("labels", ["asked"], "int64"));
  };
  return {
    name,
    loss: (forward) => loss(forward, { ...(given && { given }) }),
    batch(data, examples, { padTokenId, stream }) {
      const batch = batchOf(data, examples, padTokenId, (encoding) => training(encoding, stream));
      return given ? { ...batch, feeds: { ...batch.feeds, ...collateSegments(chosen(data, examples)) } } : batch;
    },
    sizes: (batch, sequence) => ({ batch, sequence, asked: Math.ceil(batch * sequence * share) }),
    evaluation: (forward) => ({ loss: loss(forward) }),
    async score(program, weights, data, { batchSize, padTokenId, signal }) {
      const stream = random(0, "evaluation");
      let total = 0;
      let terms = 0;
      for (const examples of sequentialBatches(data.lengths, batchSize)) {
        signal?.throwIfAborted();
        const batch = batchOf(data, examples, padTokenId, (encoding) => evaluation(encoding, stream));
        if (batch.terms === 0) continue;
        const results = await program.run({ ...weights, ...batch.feeds });
        total += Number(results["loss"]!.data[0]) * batch.terms;
        terms += batch.terms;
      }
      if (terms === 0)
        throw new Error(`${data.where}: no token to ask for, expected texts of more than special tokens`);
      return { loss: total / terms, perplexity: Math.exp(total / terms) };
    },
    tokens(data, batchSize) {
      const stream = random(0, "evaluation");
      const asked = sequentialBatches(data.lengths, batchSize).flatMap((examples) =>
        chosen(data, examples).map((encoding) => evaluation(encoding, stream).positions.length),
      );
      return asked.reduce((sum, count) => sum + count, 0);
    },
  };
}

function batchOf(
  data: EncodedDataset,
  examples: Int32Array,
  padTokenId: number,
  ask: (encoding: Encoding) => Question,
): Batch {
  const originals = chosen(data, examples);
  const questions = originals.map(ask);
  const encodings = questions.map(({ ids }, row) => ({ ...originals[row]!, ids }));
  const inputs = collate(encodings, { padTokenId });
  const width = inputs.input_ids.shape[1]!;
  const positions = questions.flatMap((question, row) => question.positions.map((position) => row * width + position));
  const labels = questions.flatMap(({ tokens }) => tokens);
  return { feeds: { ...inputs, positions: integers(positions), labels: integers(labels) }, terms: labels.length };
}

const chosen = ({ encodings }: EncodedDataset, examples: Int32Array): Encoding[] =>
  Array.from(examples, (i) => encodings[i]!);

const integers = (values: readonly number[]): Tensor<"int64"> =>
  tensor("int64", [values.length], BigInt64Array.from(values, BigInt));

/** Asks for a random share of the tokens that are not special, or of the words, and always for one where there is one. */
export function mask(
  original: Int32Array,
  { size, maskTokenId, specialTokenIds, goesOn }: Vocabulary,
  probability: number,
  stream: Random,
): Question {
  const candidates = [...original.keys()].filter((position) => !specialTokenIds.has(original[position]!));
  const words = grouped(candidates, (position) => goesOn?.(original[position]!) ?? false);
  const drawn = words.filter(() => stream.uniform() < probability);
  const positions = (drawn.length > 0 ? drawn : words.slice(0, 1)).flat();
  const ids = original.slice();
  for (const position of positions) {
    const lot = stream.uniform();
    if (lot < 0.8) ids[position] = maskTokenId;
    else if (lot < 0.9) ids[position] = stream.integer(size);
  }
  return { ids, positions, tokens: positions.map((position) => original[position]!) };
}

/** Positions in ascending order as words: one that goes on with the position before it is of the same word. */
function grouped(positions: readonly number[], goesOn: (position: number) => boolean): number[][] {
  const words: number[][] = [];
  for (const position of positions) {
    const word = words.at(-1);
    if (word?.at(-1) === position - 1 && goesOn(position)) word.push(position);
    else words.push([position]);
  }
  return words;
}

function nextTokens(encoding: Encoding): Question {
  const { ids } = encoding;
  const asked = askedOf(encoding);
  const positions = [...ids.keys()].filter((position) => asked[position + 1] === 1);
  return { ids, positions, tokens: positions.map((position) => ids[position + 1]!) };
}
