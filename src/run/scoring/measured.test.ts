/** How scores came about, for each kind of task. */
import { expect, test } from "vitest";
import { byteTokenizer, byteTokenizerConfig } from "../../../test/tiny-decoder.ts";
import { encodeCompletions } from "../../data/completions.ts";
import { encodeDataset } from "../../data/encode.ts";
import type { Dataset } from "../../data/examples.ts";
import { createTokenizer } from "../../data/tokenizer.ts";
import { glue } from "../../tasks/glue.ts";
import { promptCompletion } from "../../tasks/prompt-completion.ts";
import { squad } from "../../tasks/squad.ts";
import { causalLanguageModel } from "../../train/objectives/language-model.ts";
import { labelObjectives } from "../../train/objectives/labels.ts";
import { questionAnswering } from "../../train/objectives/question-answering.ts";
import { type Measured, measuredProtocols } from "./measured.ts";

const tokenizer = createTokenizer({ ...byteTokenizer }, { ...byteTokenizerConfig }, "tokenizer.json");
const example = (...texts: [string, string]) => ({ line: 1, texts, label: 0 });
const dataset: Dataset = { where: "set/dev.jsonl", examples: [example("one two", "three"), example("four", "five")] };
const shared = { tokenizer, dataset, maxLength: 10, batchSize: 2, quantization: null };

function ofPairs(task: Measured["task"], objective: Measured["objective"]): Measured {
  return { ...shared, task, objective, encoded: encodeDataset(dataset, tokenizer, { maxLength: 10 }) };
}

test("one protocol for each program whose numbers the metrics give", () => {
  const measured = ofPairs(glue.stsb.known!, labelObjectives.regression);
  const protocols = measuredProtocols({ loss: 1, pearson: 0, spearmanr: 0 }, measured);
  const same = { data: "set/dev.jsonl", items: 2, split: "validation", max_seq_length: 10, truncated: 1, prompt: null };
  expect(protocols).toEqual([
    { scores: ["loss"], way: "the mean squared error", ...same, reference: "transformers 5.24.0" },
    { scores: ["pearson"], way: "the number that the head gives", ...same, reference: "scipy 1.17.1, pearsonr" },
    { scores: ["spearmanr"], way: "the number that the head gives", ...same, reference: "scipy 1.17.1, spearmanr" },
  ]);
});

test("how the base model was stored, where not as float32", () => {
  const measured = { ...ofPairs(glue.stsb.known!, labelObjectives.regression), quantization: "int8" };
  expect(measuredProtocols({ loss: 1 }, measured)).toMatchObject([{ scores: ["loss"], quantization: "int8" }]);
});

test("of a language model the tokens that are asked for, and the prompt before them", () => {
  const encoded = encodeCompletions(dataset, tokenizer, { maxLength: 100 });
  const task = promptCompletion.resolve({ columns: ["prompt", "completion"], rows: [] }, "x", {});
  const measured = { ...shared, task, objective: causalLanguageModel, encoded, maxLength: 100 };
  // The letters of "three" and "five", and the token that ends each.
  expect(measuredProtocols({ loss: 1, perplexity: Math.E }, measured)).toMatchObject([
    { scores: ["loss", "perplexity"], items: 2, truncated: 0, tokens: 11, prompt: "one two" },
  ]);
});

test.each(["squad", "squad_v2"] as const)("answers of %s bring the settings that they are found by", (name) => {
  const task = squad[name].known!;
  const measured = ofPairs(task, questionAnswering(task.answering!));
  const protocols = measuredProtocols({ loss: 1, f1: 50 }, measured);
  const decoding = { doc_stride: 3, n_best_size: 20, max_answer_length: 30, null_score_diff_threshold: 0 };
  expect(protocols).toMatchObject([
    { scores: ["loss"], reference: "transformers 5.24.0" },
    {
      scores: ["f1"],
      decoding,
      reference: expect.stringContaining(`evaluate-v${name === "squad" ? "1.1" : "2.0"}.py`),
    },
  ]);
});

test("what is known against scores, and which examples they are of, stand beside each", () => {
  const task = { ...glue.sst2.known!, contaminated: { sst2: "holds the test" } };
  const measured = { ...ofPairs(task, labelObjectives.classification), sample: "the first 2 at most" };
  for (const protocol of measuredProtocols({ loss: 1, accuracy: 0 }, measured))
    expect(protocol).toMatchObject({ sample: "the first 2 at most", warnings: ["holds the test"] });
});
