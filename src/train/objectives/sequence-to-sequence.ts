/**
 * Learning what to say of a text: of each token of a target the next one is asked for, from the text and from the target's tokens
 * before it (Sutskever, Vinyals & Le 2014). Only tokens of targets go through the head, padding does not.
 */
import { sequentialBatches } from "../../data/batches.ts";
import { collate } from "../../data/collate.ts";
import type { EncodedDataset } from "../../data/encode.ts";
import type { Encoding } from "../../data/tokenizer.ts";
import { gatherRows, input } from "../../graph/ops.ts";
import type { Value } from "../../graph/value.ts";
import { crossEntropy } from "../../nn/loss.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import type { Forward } from "../forward.ts";
import type { Batch, Objective } from "../objective.ts";

/**
 * The mean cross-entropy of the tokens of targets, as of transformers' `ForConditionalGeneration`. Examples bring their `target`.
 * @param start the token that a decoder reads in front of every target, `decoderStartTokenId` of the model
 */
export function sequenceToSequence(start: number): Objective {
  const loss = ({ hidden, head }: Forward): Value => {
    const states = hidden({ given: ["decoder_input_ids", "decoder_attention_mask"] });
    const asked = gatherRows(states, input("positions", ["asked"], "int64"));
    return crossEntropy(head(asked), input("labels", ["asked"], "int64"));
  };
  return {
    name: "sequence-to-sequence",
    loss,
    batch: (data, examples, { padTokenId }) => batchOf(data, examples, padTokenId, start),
    // Of targets nothing is known before but that they are seldom longer than what they are made of.
    sizes: (batch, sequence) => ({ batch, sequence, target: sequence, asked: batch * sequence }),
    evaluation: (forward) => ({ loss: loss(forward) }),
    async score(program, weights, data, { batchSize, padTokenId, signal }) {
      let total = 0;
      let terms = 0;
      for (const examples of sequentialBatches(data.lengths, batchSize)) {
        signal?.throwIfAborted();
        const batch = batchOf(data, examples, padTokenId, start);
        const { loss: mean } = await program.run({ ...weights, ...batch.feeds });
        total += Number(mean!.data[0]) * batch.terms;
        terms += batch.terms;
      }
      return { loss: total / terms, perplexity: Math.exp(total / terms) };
    },
    tokens: (data) => data.encodings.reduce((sum, encoding, i) => sum + targetOf(encoding, data, i).length, 0),
  };
}

/** What encoder and decoder read, and the tokens of the targets with their places in [batch, target], numbered row by row. */
function batchOf(data: EncodedDataset, examples: Int32Array, padTokenId: number, start: number): Batch {
  const encodings = Array.from(examples, (i) => data.encodings[i]!);
  const targets = encodings.map((encoding, row) => targetOf(encoding, data, examples[row]!));
  const decoder = collate(
    targets.map((target) => behind(start, target)),
    { padTokenId },
  );
  const width = decoder.input_ids.shape[1]!;
  const positions = targets.flatMap((target, row) => Array.from(target, (_, i) => row * width + i));
  const labels = targets.flatMap((target) => [...target]);
  return {
    feeds: {
      ...collate(encodings, { padTokenId }),
      decoder_input_ids: decoder.input_ids,
      decoder_attention_mask: decoder.attention_mask,
      positions: integers(positions),
      labels: integers(labels),
    },
    terms: labels.length,
  };
}

function targetOf({ target }: Encoding, { where, lines }: EncodedDataset, example: number): Int32Array {
  if (!target) throw new Error(`${where}:${lines[example]!}: no target, expected a source and a target`);
  return target;
}

/** The start token and all of the target but its last. */
function behind(start: number, target: Int32Array): Encoding {
  const ids = Int32Array.of(start, ...target.subarray(0, -1));
  return { ids, typeIds: new Uint8Array(ids.length), removed: 0 };
}

const integers = (values: readonly number[]): Tensor<"int64"> =>
  tensor("int64", [values.length], BigInt64Array.from(values, BigInt));
