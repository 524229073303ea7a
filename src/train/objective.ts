/** What is learned: how examples become a batch, what is to be made small, and how a model is scored. One file a kind in objectives/. */
import type { EncodedDataset } from "../data/encode.ts";
import type { Value } from "../graph/value.ts";
import type { MetricName } from "../metrics/registry.ts";
import type { Program, Tensors } from "../runtime/runtime.ts";
import type { Random } from "../tensor/random.ts";
import type { Scores } from "./events.ts";
import type { Forward } from "./forward.ts";

/** Examples as a graph reads them. */
export interface Batch {
  readonly feeds: Tensors;
  /** How many terms its loss is the mean of, by which batches are weighted against each other. */
  readonly terms: number;
}

export interface ScoreOptions {
  readonly batchSize: number;
  readonly padTokenId: number;
  readonly metrics: readonly MetricName[];
  /** Aborting it rejects with its reason after the batch under way. */
  readonly signal?: AbortSignal | undefined;
}

export interface Objective {
  readonly name: string;
  /** The mean loss of a batch, a scalar: of the model's inputs and whatever else {@link batch} feeds. */
  loss(forward: Forward): Value;
  /**
   * The batch of some examples of `data`, given by their indices.
   * @param stream where the batch is drawn at random in part; of its own for each step
   */
  batch(
    data: EncodedDataset,
    examples: Int32Array,
    options: { readonly padTokenId: number; readonly stream: Random },
  ): Batch;
  /** The sizes of the loss's named dimensions for a batch of so many examples of so many tokens, as far as they are known before. */
  sizes(examples: number, tokens: number): Readonly<Record<string, number>>;
  /** Whether the loss, unlike what {@link evaluation} gives of tokens, depends on what a model makes of padding. Not unless given. */
  readonly readsPadding?: boolean;
  /** What is computed to score a model. */
  evaluation(forward: Forward): Record<string, Value>;
  /** The scores of `data`, the loss among them, by a compiled {@link evaluation}. The same data gives the same scores. */
  score(program: Program, weights: Tensors, data: EncodedDataset, options: ScoreOptions): Promise<Scores>;
  /** How many tokens the loss of {@link score} is the mean of; absent where it is that of examples. */
  tokens?(data: EncodedDataset, batchSize: number): number;
}
