/**
 * Learning to say which token stands where: masked language modelling (Devlin et al. 2019, §3.1) and causal language modelling
 * (Radford et al. 2018), by the same head on the same weights.
 *
 * Only the positions whose token is asked for go through the head, which is most of the work of a small model.
 */
import { sequentialBatches } from "../../data/batches.ts";
import { collate } from "../../data/collate.ts";
import type { EncodedDataset } from "../../data/encode.ts";
import { gatherRows, input, slice } from "../../graph/ops.ts";
import type { Value } from "../../graph/value.ts";
import { crossEntropy } from "../../nn/loss.ts";
import { type Random, random } from "../../tensor/random.ts";
import { tensor, type Tensor } from "../../tensor/tensor.ts";
import type { Forward } from "../forward.ts";
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
}

/** The share of tokens that are asked for in evaluation, whatever it is in training, so that losses can be compared. */
export const EVALUATION_PROBABILITY = 0.15;

/**
 * Masked language modelling: a random share of the tokens is asked for; of these 80 % are read as the mask, 10 % as a
 * random token, 10 % as they are. Masks are drawn anew for each step.
 * @param probability the share in training; in evaluation it is {@link EVALUATION_PROBABILITY}
 */
export function maskedLanguageModel(vocabulary: Vocabulary, probability: number): Objective {
  const ask = (share: number) => (ids: Int32Array, stream: Random) => mask(ids, vocabulary, share, stream);
  return languageModel("masked-language-model", {
    causal: false,
    share: probability,
    training: ask(probability),
    evaluation: ask(EVALUATION_PROBABILITY),
  });
}

/** Causal language modelling: every token but the first is asked for, from those before it. */
export const causalLanguageModel: Objective = languageModel("causal-language-model", {
  causal: true,
  share: 1,
  training: nextTokens,
  evaluation: nextTokens,
});

type Ask = (ids: Int32Array, stream: Random) => Question;
interface LanguageModelling {
  readonly causal: boolean;
  /** Of the tokens, how many are asked for in training. */
  readonly share: number;
  readonly training: Ask;
  readonly evaluation: Ask;
}

function languageModel(name: string, { causal, share, training, evaluation }: LanguageModelling): Objective {
  const loss = ({ hidden, head, virtualTokens }: Forward): Value => {
    const all = hidden({ causal });
    const ofText = virtualTokens === 0 ? all : slice(all, 1, virtualTokens);
    const asked = gatherRows(ofText, input("positions", ["asked"], "int64"));
    return crossEntropy(head(asked), input("labels", ["asked"], "int64"));
  };
  return {
    name,
    loss,
    batch: (data, examples, { padTokenId, stream }) =>
      batchOf(data, examples, padTokenId, (ids) => training(ids, stream)),
    sizes: (batch, sequence) => ({ batch, sequence, asked: Math.ceil(batch * sequence * share) }),
    evaluation: (forward) => ({ loss: loss(forward) }),
    async score(program, weights, data, { batchSize, padTokenId, signal }) {
      const stream = random(0, "evaluation");
      let total = 0;
      let terms = 0;
      for (const examples of sequentialBatches(data.lengths, batchSize)) {
        signal?.throwIfAborted();
        const batch = batchOf(data, examples, padTokenId, (ids) => evaluation(ids, stream));
        if (batch.terms === 0) continue;
        const results = await program.run({ ...weights, ...batch.feeds });
        total += Number(results["loss"]!.data[0]) * batch.terms;
        terms += batch.terms;
      }
      if (terms === 0)
        throw new Error(`${data.where}: no token to ask for, expected texts of more than special tokens`);
      return { loss: total / terms, perplexity: Math.exp(total / terms) };
    },
  };
}

function batchOf(
  data: EncodedDataset,
  examples: Int32Array,
  padTokenId: number,
  ask: (ids: Int32Array) => Question,
): Batch {
  const questions = Array.from(examples, (i) => ask(data.encodings[i]!.ids));
  const encodings = questions.map(({ ids }, row) => ({ ...data.encodings[examples[row]!]!, ids }));
  const inputs = collate(encodings, { padTokenId });
  const width = inputs.input_ids.shape[1]!;
  const positions = questions.flatMap((question, row) => question.positions.map((position) => row * width + position));
  const labels = questions.flatMap(({ tokens }) => tokens);
  return { feeds: { ...inputs, positions: integers(positions), labels: integers(labels) }, terms: labels.length };
}

const integers = (values: readonly number[]): Tensor<"int64"> =>
  tensor("int64", [values.length], BigInt64Array.from(values, BigInt));

/** Asks for a random share of the tokens that are not special, and always for one where there is one. */
export function mask(
  original: Int32Array,
  { size, maskTokenId, specialTokenIds }: Vocabulary,
  probability: number,
  stream: Random,
): Question {
  const candidates = [...original.keys()].filter((position) => !specialTokenIds.has(original[position]!));
  const chosen = candidates.filter(() => stream.uniform() < probability);
  const positions = chosen.length > 0 ? chosen : candidates.slice(0, 1);
  const ids = original.slice();
  for (const position of positions) {
    const lot = stream.uniform();
    if (lot < 0.8) ids[position] = maskTokenId;
    else if (lot < 0.9) ids[position] = stream.integer(size);
  }
  return { ids, positions, tokens: positions.map((position) => original[position]!) };
}

function nextTokens(ids: Int32Array): Question {
  return { ids, positions: [...ids.keys()].slice(0, -1), tokens: [...ids.subarray(1)] };
}
