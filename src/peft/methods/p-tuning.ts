/**
 * P-tuning (Liu et al. 2021): as prompt tuning, with P = MLP(E) or P = MLP(biLSTM(E)), E [n, d], all of it trained. The network
 * has the form, the names and the beginning of peft's.
 */
import * as z from "zod";
import { concat, relu } from "../../graph/ops.ts";
import type { Value } from "../../graph/value.ts";
import { lstm } from "../../nn/lstm.ts";
import type { ParameterTable } from "../../nn/parameters.ts";
import { compose, trainHead } from "../attachment.ts";
import type { AddedTensor, Method } from "../method.ts";
import {
  encoderLayer,
  promptTensor,
  softPrompt,
  throughLayer,
  virtualTokensOption,
  wordEmbeddings,
} from "../virtual-tokens.ts";

export interface PTuningOptions {
  readonly num_virtual_tokens: number;
  readonly encoder_reparameterization_type: "MLP" | "LSTM";
  /** h; null stands for the width d of the embeddings. */
  readonly encoder_hidden_size: number | null;
  readonly encoder_num_layers: number;
}

export const pTuning: Method<PTuningOptions> = {
  name: "p_tuning",
  summary: "a network that gives the word embeddings of virtual tokens in front of every text",
  reference: "Liu et al., 2021 (arXiv 2103.10385)",
  learningRate: 1e-3,
  learningRateSource: "peft's example for RoBERTa on MRPC; the code of its paper has 1e-4, and trains the model too",
  unmergeable: "its virtual tokens are read with every text and are part of no weight",
  options: {
    num_virtual_tokens: virtualTokensOption(20),
    encoder_reparameterization_type: z
      .enum(["MLP", "LSTM"])
      .default("MLP")
      .describe("the network: three linear layers, or a bidirectional LSTM under two"),
    encoder_hidden_size: z
      .int()
      .positive()
      .nullable()
      .default(null)
      .describe("width inside the network, of an LSTM in each direction; that of the embeddings by default"),
    encoder_num_layers: z.int().positive().default(2).describe("layers of the LSTM"),
  },
  attach(specs, chosen) {
    const n = chosen.num_virtual_tokens;
    const width = wordEmbeddings(specs).shape[1]!;
    const encoder = encoders[chosen.encoder_reparameterization_type](
      width,
      chosen.encoder_hidden_size ?? width,
      chosen.encoder_num_layers,
    );
    const embedded = promptTensor(embeddingName, [n, width], "embedding", { normal: 1 });
    return compose(
      softPrompt(specs, n, [embedded, ...encoder.tensors], (table) => encoder.apply(table.get(embeddingName)!, table)),
      trainHead(specs),
    );
  },
};

const embeddingName = "prompt_encoder.embedding.weight";

interface Encoder {
  readonly tensors: readonly AddedTensor[];
  /** E [n, d] → P [n, d]. */
  apply(embedded: Value, table: ParameterTable): Value;
}
type EncoderOf = (width: number, hidden: number, layers: number) => Encoder;

const encoders: { readonly [T in PTuningOptions["encoder_reparameterization_type"]]: EncoderOf } = {
  MLP: (width, hidden) => multilayerPerceptron([width, hidden, hidden, width]),
  LSTM(width, hidden, layers) {
    const recurrent = bidirectionalLstm(width, hidden, layers);
    const head = multilayerPerceptron([2 * hidden, 2 * hidden, width]);
    return {
      tensors: [...recurrent.tensors, ...head.tensors],
      apply: (embedded, table) => head.apply(recurrent.apply(embedded, table), table),
    };
  },
};

/** Linear layers from each of the sizes to the next, with a ReLU between two. */
function multilayerPerceptron(sizes: readonly number[]): Encoder {
  // Every other module of peft's is a ReLU, and counts.
  const names = sizes.slice(1).map((_, i) => `prompt_encoder.mlp_head.${2 * i}`);
  return {
    tensors: names.flatMap((name, i) => encoderLayer(name, sizes[i + 1]!, sizes[i]!)),
    apply: (embedded, table) =>
      names.reduce((x, name, i) => throughLayer(table, name, i === 0 ? x : relu(x)), embedded),
  };
}

/** LSTM layers, each of which reads forwards and backwards what the one below gives: [n, width] → [n, 2·hidden]. */
function bidirectionalLstm(width: number, hidden: number, layers: number): Encoder {
  const name = (part: string, end: string) => `prompt_encoder.lstm_head.${part}${end}`;
  const tensorsOf = (end: string, inner: number) => {
    const begins = { uniform: 1 / Math.sqrt(hidden) };
    return [
      promptTensor(name("weight_ih", end), [4 * hidden, inner], "linear", begins),
      promptTensor(name("weight_hh", end), [4 * hidden, hidden], "linear", begins),
      promptTensor(name("bias_ih", end), [4 * hidden], "bias", begins),
      promptTensor(name("bias_hh", end), [4 * hidden], "bias", begins),
    ];
  };
  const numbers = Array.from({ length: layers }, (_, layer) => layer);
  const ends = (layer: number) => [`_l${layer}`, `_l${layer}_reverse`] as const;
  return {
    tensors: numbers.flatMap((layer) => ends(layer).flatMap((end) => tensorsOf(end, layer === 0 ? width : 2 * hidden))),
    apply(embedded, table) {
      const weightsOf = (end: string) => ({
        inputWeight: table.get(name("weight_ih", end))!,
        hiddenWeight: table.get(name("weight_hh", end))!,
        inputBias: table.get(name("bias_ih", end))!,
        hiddenBias: table.get(name("bias_hh", end))!,
      });
      return numbers.reduce((x, layer) => {
        const [forwards, backwards] = ends(layer);
        return concat(lstm(x, weightsOf(forwards)), lstm(x, weightsOf(backwards), { backwards: true }), 1);
      }, embedded);
    },
  };
}
