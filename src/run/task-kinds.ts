/** What a run does for each kind of task: the head, the encoding of its examples, and what is learned from them. */
import { askedOf } from "../data/asked.ts";
import { encodeBlocks } from "../data/blocks.ts";
import { encodeCompletions } from "../data/completions.ts";
import { encodeConversations } from "../data/conversations.ts";
import { encodeDocuments } from "../data/documents.ts";
import { encodeDataset, type EncodedDataset } from "../data/encode.ts";
import type { Dataset } from "../data/examples.ts";
import { pack } from "../data/packing.ts";
import { encodePairs } from "../data/pairs.ts";
import { encodePrompts, type Prompt, specialId, wordIds } from "../data/prompts.ts";
import type { Answering } from "../data/span-answers.ts";
import type { Encoding, Tokenizer } from "../data/tokenizer.ts";
import { encodeQuestions } from "../data/windows.ts";
import { wordsOf } from "../data/words.ts";
import type { HeadName, Model } from "../models/architecture.ts";
import type { LabelledKind, Task, TaskKind } from "../tasks/task.ts";
import type { Supervision } from "../train/evaluate.ts";
import type { Objective } from "../train/objective.ts";
import { labelObjectives } from "../train/objectives/labels.ts";
import {
  causalLanguageModel,
  maskedLanguageModel,
  packedCausalLanguageModel,
  type Vocabulary,
} from "../train/objectives/language-model.ts";
import { promptClassification } from "../train/objectives/prompt.ts";
import { questionAnswering } from "../train/objectives/question-answering.ts";
import { sequenceToSequence } from "../train/objectives/sequence-to-sequence.ts";
import type { TrainingOptions } from "../train/options.ts";
import type { TrainConfig } from "./config.ts";

/** What an objective asks of a task and a tokenizer, and the settings it heeds. */
interface Learner {
  readonly task: AskedTask;
  /** The model's folder, for errors. */
  readonly where: string;
  readonly tokenizer: Tokenizer;
  readonly model: Model;
  readonly settings: Pick<TrainConfig, "mlm_probability" | "whole_word_mask" | "causal_lm_steps" | "packing">;
}

/** What of a task tells how its examples are read. */
export type AskedTask = Pick<Task, "kind" | "labels" | "prompt" | "answering">;

type Encode = (data: Dataset, tokenizer: Tokenizer, options: EncodeTaskOptions) => EncodedDataset;

export interface EncodeTaskOptions extends Pick<Task, "prompt" | "answering"> {
  readonly maxLength: number;
}

export interface TaskKindSetup {
  /** What a label is; null where examples have none. */
  readonly supervision: Supervision | null;
  readonly head: HeadName;
  /** Size of the head's output. */
  outputs(task: Pick<Task, "labels">): number;
  readonly encode: Encode;
  /** The same of rows that hold several examples; absent where there are none. */
  readonly encodePacked?: Encode;
  /** Examples of an evaluation's batch, unless a setting says. */
  readonly evalBatchSize: number;
  /** One for each token that carries loss, those of a target behind the others; null where all do alike, or chance says which. */
  asked(encoding: Encoding): Uint8Array | null;
  objective(learner: Learner): Objective;
  curriculum(learner: Learner): TrainingOptions["curriculum"];
}

/** Of tasks whose examples have few scores, and of those with one for each token asked for and each word, which take the most memory. */
const [FEW_SCORES, MANY_SCORES] = [64, 8];

const labelled = (kind: "classification" | "regression"): TaskKindSetup => ({
  supervision: kind,
  head: "sequence-classification",
  outputs: ({ labels }) => labels?.length ?? 1,
  encode: encodeDataset,
  evalBatchSize: FEW_SCORES,
  asked: () => null,
  objective: () => labelObjectives[kind],
  curriculum: () => [],
});

/** Every token is asked for from those before it, or those that an example says. */
const causal = (encode: Encode, apart: Encode = encode): TaskKindSetup => ({
  supervision: null,
  head: "causal-language-model",
  outputs: () => 0,
  encode,
  encodePacked: (data, tokenizer, options) => pack(apart(data, tokenizer, options), options.maxLength),
  evalBatchSize: MANY_SCORES,
  asked: askedOf,
  objective: ({ settings }) => (settings.packing ? packedCausalLanguageModel : causalLanguageModel),
  curriculum: () => [],
});

export const taskKinds: { readonly [K in TaskKind]: TaskKindSetup } = {
  classification: labelled("classification"),
  "prompt-classification": {
    ...labelled("classification"),
    head: "masked-language-model",
    encode: (data, tokenizer, { maxLength, prompt }) =>
      encodePrompts(data, tokenizer, { maxLength, prompt: given(prompt) }),
    objective: ({ tokenizer, task }) =>
      promptClassification({
        maskTokenId: specialId("mask", tokenizer),
        wordIds: wordIds(given(task.prompt), task.labels ?? [], tokenizer),
      }),
  },
  regression: labelled("regression"),
  "masked-language-model": {
    supervision: null,
    head: "masked-language-model",
    outputs: () => 0,
    encode: encodeBlocks,
    evalBatchSize: FEW_SCORES,
    asked: () => null,
    objective: (learner) => maskedLanguageModel(vocabularyOf(learner), learner.settings.mlm_probability),
    curriculum: ({ settings: { causal_lm_steps: steps } }) =>
      steps === 0 ? [] : [{ objective: causalLanguageModel, steps }],
  },
  "causal-language-model": causal(encodeDocuments, (data, tokenizer, options) =>
    encodeDocuments(data, tokenizer, { ...options, joined: false }),
  ),
  "prompt-completion": causal(encodeCompletions),
  chat: causal(encodeConversations),
  "sequence-to-sequence": {
    supervision: null,
    head: "sequence-to-sequence",
    outputs: () => 0,
    encode: (data, tokenizer, { maxLength }) =>
      encodePairs(data, tokenizer, { maxSourceLength: maxLength, maxTargetLength: maxLength }),
    evalBatchSize: MANY_SCORES,
    asked: ({ ids, target }) => Uint8Array.from([...ids.map(() => 0), ...(target ?? []).map(() => 1)]),
    objective: ({ model, where }) => {
      if (model.decoderStartTokenId === undefined) throw new Error(`${where}: is no encoder-decoder`);
      return sequenceToSequence(model.decoderStartTokenId);
    },
    curriculum: () => [],
  },
  "question-answering": {
    supervision: null,
    head: "question-answering",
    outputs: () => 0,
    encode: (data, tokenizer, { maxLength, answering }) =>
      encodeQuestions(data, tokenizer, { maxLength, docStride: docStrideOf({ answering }, maxLength) }),
    evalBatchSize: FEW_SCORES,
    asked: () => null,
    objective: ({ task }) => questionAnswering(answeringOf(task)),
    curriculum: () => [],
  },
};

/** How many tokens of a text its windows share: a third of a sequence unless the task says. */
export function docStrideOf(task: Pick<Task, "answering">, maxLength: number): number {
  return answeringOf(task).doc_stride ?? Math.floor(maxLength / 3);
}

/** @throws Error for a task that is not of questions about a text. */
export function answeringOf({ answering }: Pick<Task, "answering">): Answering {
  if (answering) return answering;
  throw new Error("task: question-answering without its settings, expected how questions are answered");
}

function given(prompt: Prompt | undefined): Prompt {
  if (prompt) return prompt;
  throw new Error("task: a prompt-classification without a prompt, expected its template and its words");
}

function vocabularyOf({ tokenizer, model, where, settings }: Learner): Vocabulary {
  const { pad, cls, sep, mask } = tokenizer.specialTokens;
  if (mask === null)
    throw new Error(`${where}/tokenizer.json: has no mask token, which masked language modelling needs`);
  const special = [pad, cls, sep, mask].filter((id) => id !== null);
  const words = settings.whole_word_mask ? { goesOn: wordsOf(tokenizer) } : {};
  return { size: model.vocabularySize, maskTokenId: mask, specialTokenIds: new Set(special), ...words };
}

/** What the scores of a task are computed by, apart from the settings of a training. */
export function objectiveOf(task: AskedTask, learner: Omit<Learner, "settings" | "task">): Objective {
  const settings = { mlm_probability: 0.15, whole_word_mask: false, causal_lm_steps: 0, packing: false };
  return taskKinds[task.kind].objective({ ...learner, task, settings });
}

/** Whether a model trained for such a task gives an example a label. */
export function isLabelled(kind: TaskKind): kind is LabelledKind {
  return taskKinds[kind].supervision !== null;
}
