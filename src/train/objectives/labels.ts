/** Learning a label of each example: one of several classes, or a number. */
import { collate, type LabelKind } from "../../data/collate.ts";
import { input, squeeze } from "../../graph/ops.ts";
import type { Value } from "../../graph/value.ts";
import { crossEntropy, meanSquaredError } from "../../nn/loss.ts";
import { predict, score, type Supervision } from "../evaluate.ts";
import type { Forward } from "../forward.ts";
import type { Objective } from "../objective.ts";

interface Labelled {
  readonly labelKind: LabelKind;
  /** logits [batch, labels] (or [batch, sequence, labels]) → a scalar; `labels` is an input of the graph. */
  readonly loss: (logits: Value) => Value;
}

const kinds: { readonly [S in Supervision]: Labelled } = {
  classification: {
    labelKind: "class",
    loss: (scores) => crossEntropy(scores, input("labels", scores.shape.slice(0, -1), "int64")),
  },
  regression: {
    labelKind: "value",
    loss: (scores) => meanSquaredError(squeeze(scores, -1), input("labels", scores.shape.slice(0, -1))),
  },
};

/** @param logits how they come from a model, [batch, labels] */
export function labelObjective(
  name: string,
  supervision: Supervision,
  logits: (forward: Forward) => Value = ({ hidden, head }) => head(hidden()),
): Objective {
  const { labelKind, loss } = kinds[supervision];
  return {
    name,
    loss: (forward) => loss(logits(forward)),
    batch(data, examples, { padTokenId }) {
      const encodings = Array.from(examples, (i) => data.encodings[i]!);
      const labels = Array.from(examples, (i) => data.labels[i]!);
      return { feeds: { ...collate(encodings, { padTokenId, labels, labelKind }) }, terms: examples.length };
    },
    sizes: (batch, sequence) => ({ batch, sequence }),
    evaluation: (forward) => ({ logits: logits(forward) }),
    async score(program, weights, data, { metrics, ...options }) {
      return score(await predict(program, weights, data, options), data.labels, supervision, metrics);
    },
  };
}

export const labelObjectives: { readonly [S in Supervision]: Objective } = {
  classification: labelObjective("classification", "classification"),
  regression: labelObjective("regression", "regression"),
};
