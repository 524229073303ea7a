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
import { causalLanguageModel, maskedLanguageModel } from "../train/objectives/language-model.ts";
import type { TrainingOptions } from "../train/options.ts";
import type { TrainConfig } from "./config.ts";

/** What a language objective asks of a tokenizer, and the settings it heeds. */
interface Learner {
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
    objective: ({ tokenizer, model, settings }) =>
      maskedLanguageModel(vocabularyOf(tokenizer, model), settings.mlm_probability),
    curriculum: ({ settings: { causal_lm_steps: steps } }) =>
      steps === 0 ? [] : [{ objective: causalLanguageModel, steps }],
  },
};

function vocabularyOf({ specialTokens }: Tokenizer, { vocabularySize: size }: Model) {
  if (specialTokens.mask === null)
    throw new Error("tokenizer.json: has no mask token, which masked language modelling needs");
  const special = Object.values(specialTokens).filter((id) => id !== null);
  return { size, maskTokenId: specialTokens.mask, specialTokenIds: new Set(special) };
}

/** What the scores of a task are computed by, apart from the settings of a training. */
export function objectiveOf({ kind }: Task, { tokenizer, model }: Pick<Learner, "tokenizer" | "model">): Objective {
  return taskKinds[kind].objective({ tokenizer, model, settings: { mlm_probability: 0.15, causal_lm_steps: 0 } });
}

/** Whether a model trained for such a task gives an example a label. */
export function isLabelled(kind: TaskKind): kind is Supervision {
  return Object.hasOwn(labelObjectives, kind);
}
