/** Prompt tuning (Lester, Al-Rfou & Constant, EMNLP 2021): word embeddings P [n, d] of virtual tokens are trained, E(x) ↦ [P; E(x)]. */
import * as z from "zod";
import type { ParameterSpec, Weights } from "../../nn/parameters.ts";
import type { Random } from "../../tensor/random.ts";
import { compose, trainHead } from "../attachment.ts";
import type { AddedTensor, Method } from "../method.ts";
import { promptTensor, softPrompt, virtualTokensOption, wordEmbeddings } from "../virtual-tokens.ts";

export interface PromptTuningOptions {
  readonly num_virtual_tokens: number;
  readonly prompt_tuning_init: "random" | "sample_vocab";
}

export const promptTuning: Method<PromptTuningOptions> = {
  name: "prompt_tuning",
  summary: "word embeddings of virtual tokens in front of every text",
  reference: "Lester et al., EMNLP 2021",
  learningRate: 1e-3,
  learningRateSource: "peft's example for RoBERTa on MRPC; its paper's 0.3 is for Adafactor",
  unmergeable: "its virtual tokens are read with every text and are part of no weight",
  options: {
    num_virtual_tokens: virtualTokensOption(20),
    prompt_tuning_init: z
      .enum(["random", "sample_vocab"])
      .default("random")
      .describe("virtual tokens begin as standard normal numbers, or as the embeddings of random tokens"),
  },
  attach(specs, { num_virtual_tokens: n, prompt_tuning_init: init }, random) {
    const words = wordEmbeddings(specs);
    const name = "prompt_embeddings";
    const blank = promptTensor(name, [n, words.shape[1]!], "embedding", { normal: 1 });
    const prompt: AddedTensor = init === "random" ? blank : { ...blank, initial: randomRows(words, n, random) };
    return compose(
      softPrompt(specs, n, [prompt], (table) => table.get(name)!),
      trainHead(specs),
    );
  },
};

/** Rows of a table [rows, width], drawn now. */
function randomRows(
  { name, shape: [rows, width] }: ParameterSpec,
  n: number,
  random: Random,
): (weights: Weights) => Float32Array {
  const drawn = Array.from({ length: n }, () => random.integer(rows!));
  return (weights) => {
    const { data } = weights[name]!;
    return Float32Array.from(drawn.flatMap((row) => [...data.subarray(row * width!, (row + 1) * width!)]));
  };
}
