/** What a run does for each kind of task: the head, the encoding of its examples, and what is learned from them. */
import { encodeBlocks } from "../data/blocks.ts";
import { encodeDataset, type EncodedDataset } from "../data/encode.ts";
import type { Dataset } from "../data/examples.ts";
import type { Tokenizer } from "../data/tokenizer.ts";
import type { HeadName, Model } from "../models/architecture.ts";
import type { Task, TaskKind } from "../tasks/task.ts";
import type { Supervision } from "../train/evaluate.ts";
import type { Objective } from "../train/objective.ts";
import { labelObjectives } from "../train/objectives/labels.ts";
import { causalLanguageModel, maskedLanguageModel, type Vocabulary } from "../train/objectives/language-model.ts";
import type { TrainingOptions } from "../train/options.ts";
import type { TrainConfig } from "./config.ts";

/** What a language objective asks of a tokenizer, and the settings it heeds. */
interface Learner {
  /** The model's folder, for errors. */
  readonly where: string;
  readonly tokenizer: Tokenizer;
  readonly model: Model;
  readonly settings: Pick<TrainConfig, "mlm_probability" | "causal_lm_steps">;
}

export interface TaskKindSetup {
  readonly head: HeadName;
  /** Size of the head's output. */
  outputs(task: Pick<Task, "labels">): number;
  encode(data: Dataset, tokenizer: Tokenizer, options: { readonly maxLength: number }): EncodedDataset;
  objective(learner: Learner): Objective;
  curriculum(learner: Learner): TrainingOptions["curriculum"];
}

const labelled = (kind: "classification" | "regression"): TaskKindSetup => ({
  head: "sequence-classification",
  outputs: ({ labels }) => labels?.length ?? 1,
  encode: encodeDataset,
  objective: () => labelObjectives[kind],
  curriculum: () => [],
});

export const taskKinds: { readonly [K in TaskKind]: TaskKindSetup } = {
  classification: labelled("classification"),
  regression: labelled("regression"),
  "masked-language-model": {
    head: "masked-language-model",
    outputs: () => 0,
    encode: encodeBlocks,
    objective: (learner) => maskedLanguageModel(vocabularyOf(learner), learner.settings.mlm_probability),
    curriculum: ({ settings: { causal_lm_steps: steps } }) =>
      steps === 0 ? [] : [{ objective: causalLanguageModel, steps }],
  },
};

function vocabularyOf({ tokenizer, model, where }: Learner): Vocabulary {
  const { pad, cls, sep, mask } = tokenizer.specialTokens;
  if (mask === null)
    throw new Error(`${where}/tokenizer.json: has no mask token, which masked language modelling needs`);
  const special = [pad, cls, sep, mask].filter((id) => id !== null);
  return { size: model.vocabularySize, maskTokenId: mask, specialTokenIds: new Set(special) };
}

/** What the scores of a task are computed by, apart from the settings of a training. */
export function objectiveOf({ kind }: Task, learner: Omit<Learner, "settings">): Objective {
  return taskKinds[kind].objective({ ...learner, settings: { mlm_probability: 0.15, causal_lm_steps: 0 } });
}

/** Whether a model trained for such a task gives an example a label. */
export function isLabelled(kind: TaskKind): kind is Supervision {
  return Object.hasOwn(labelObjectives, kind);
}
