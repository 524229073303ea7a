/**
 * Learning to put the word of an example's class at the mask of a prompt (LM-BFF; Gao et al. 2021, §4): cross-entropy over the words of
 * all classes, by the head that a masked language model was trained with.
 */
import { cast, equal, slice, squeeze, take, unsqueeze, matmul } from "../../graph/ops.ts";
import type { Value } from "../../graph/value.ts";
import { type Forward, modelInputs } from "../forward.ts";
import type { Objective } from "../objective.ts";
import { labelObjective } from "./labels.ts";

export interface PromptTokens {
  /** Stands once in every example. */
  readonly maskTokenId: number;
  /** The word of each class. */
  readonly wordIds: readonly number[];
}

/** Classification by the words of a prompt; logits [batch, classes] are the scores of the words at the mask. */
export function promptClassification({ maskTokenId, wordIds }: PromptTokens): Objective {
  return labelObjective("prompt-classification", "classification", (forward) =>
    take(forward.head(maskedState(forward, maskTokenId)), -1, wordIds),
  );
}

/** The last hidden state at the mask, [batch, width]. */
function maskedState({ hidden, virtualTokens }: Forward, maskTokenId: number): Value {
  const all = hidden();
  const ofText = virtualTokens === 0 ? all : slice(all, 1, virtualTokens);
  const isMask = cast(equal(modelInputs().input_ids, maskTokenId), "float32");
  return squeeze(matmul(unsqueeze(isMask, 1), ofText), 1);
}
