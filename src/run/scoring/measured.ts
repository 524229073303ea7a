/** How the scores that an objective gives came about: the loss, the metrics of labels, those of answers to questions. */
import { askedOf } from "../../data/asked.ts";
import type { EncodedDataset } from "../../data/encode.ts";
import type { Dataset } from "../../data/examples.ts";
import type { Encoding, Tokenizer } from "../../data/tokenizer.ts";
import { type MetricName, metrics } from "../../metrics/registry.ts";
import { squadReferences } from "../../metrics/squad.ts";
import { splitNamed } from "../../tasks/splits.ts";
import type { Task, TaskKind } from "../../tasks/task.ts";
import type { Scores } from "../../train/events.ts";
import type { Objective } from "../../train/objective.ts";
import { EVALUATION_PROBABILITY } from "../../train/objectives/language-model.ts";
import { answeringOf, docStrideOf } from "../task-kinds.ts";
import type { Protocol } from "./protocol.ts";

/** What was measured, and by which settings. */
export interface Measured {
  readonly task: Task;
  readonly tokenizer: Tokenizer;
  readonly objective: Objective;
  readonly dataset: Dataset;
  /** The same as the model reads it. */
  readonly encoded: EncodedDataset;
  readonly maxLength: number;
  readonly batchSize: number;
  /** How the base model is stored; null as float32. */
  readonly quantization: string | null;
  /** Which examples of the file the data set has, where these are not all. */
  readonly sample?: string | undefined;
}

/** Of a kind of task: what its loss is, how its other scores come about, and the part of a sequence that is a prompt. */
interface Way {
  readonly loss: string;
  readonly decision?: string;
  readonly prompt?: (encoding: Encoding) => Int32Array;
}

const whole = ({ ids }: Encoding): Int32Array => ids;
const untilAsked = (encoding: Encoding): Int32Array => encoding.ids.slice(0, askedOf(encoding).indexOf(1));
const completed: Way = {
  loss: "the mean cross-entropy of what is to be said, each token behind the prompt and the accepted tokens before it",
  prompt: untilAsked,
};
const masked = `${100 * EVALUATION_PROBABILITY} % of the tokens`;

const ways: { readonly [K in TaskKind]: Way } = {
  classification: { loss: "the mean cross-entropy of the labels", decision: "the class of the greatest logit" },
  "prompt-classification": {
    loss: "the mean cross-entropy of the labels, of whose words alone one can stand at the mask",
    decision: "the class whose word is likeliest at the mask",
    prompt: whole,
  },
  regression: { loss: "the mean squared error", decision: "the number that the head gives" },
  "masked-language-model": { loss: `the mean cross-entropy of ${masked}, drawn by seed 0, given the others` },
  "causal-language-model": { loss: "the mean cross-entropy of the tokens, each behind those before it" },
  "prompt-completion": completed,
  chat: completed,
  "sequence-to-sequence": {
    loss: "the mean cross-entropy of the targets, each token behind the source and the target's tokens before it",
    prompt: whole,
  },
  "question-answering": {
    loss: "the mean cross-entropy of the first and the last token of the answer, over all windows",
    decision: "the best part of the text, of all of its windows",
  },
};

/** One protocol for each program whose numbers are among the scores. */
export function measuredProtocols(scores: Scores, measured: Measured): Protocol[] {
  const { task, dataset, encoded, maxLength, quantization, sample } = measured;
  const { where, examples } = dataset;
  const { loss, decision = "" } = ways[task.kind];
  const warnings = Object.values(task.contaminated ?? {});
  const shared = {
    data: where,
    items: examples.length - (encoded.skipped ?? 0),
    split: splitNamed(where),
    ...(sample !== undefined && { sample }),
    ...(quantization !== null && { quantization }),
    max_seq_length: maxLength,
    truncated: encoded.truncated,
    prompt: firstPrompt(measured),
    ...(task.kind === "question-answering" && { decoding: decodingOf(task, maxLength) }),
    ...(warnings.length > 0 && { warnings }),
  };
  const references = [...new Set(Object.keys(scores).map((score) => referenceOf(score, task)))];
  return references.map((reference) => ({
    scores: Object.keys(scores).filter((score) => referenceOf(score, task) === reference),
    way: reference === lossReference ? loss : decision,
    ...shared,
    ...(reference === lossReference && tokensOf(measured)),
    reference,
  }));
}

const lossReference = "transformers 5.24.0";

function referenceOf(score: string, { answering }: Pick<Task, "answering">): string {
  if (isMetric(score) && answering === undefined) return metrics[score].reference;
  return score === "loss" || score === "perplexity" || !answering ? lossReference : squadReferences[answering.metric];
}

const isMetric = (score: string): score is MetricName => Object.hasOwn(metrics, score);

function tokensOf({ objective, encoded, batchSize }: Measured): Pick<Protocol, "tokens"> {
  const tokens = objective.tokens?.(encoded, batchSize);
  return tokens === undefined ? {} : { tokens };
}

function firstPrompt({ task: { kind }, encoded: { encodings }, tokenizer }: Measured): string | null {
  const [first] = encodings;
  const { prompt } = ways[kind];
  return first && prompt ? tokenizer.decode(prompt(first), { skipSpecialTokens: false }) : null;
}

/** The settings by which answers are found, `doc_stride` as it was used. */
function decodingOf(task: Task, maxLength: number): Record<string, number> {
  const { metric: _, ...settings } = answeringOf(task);
  return { ...settings, doc_stride: docStrideOf(task, maxLength) };
}
