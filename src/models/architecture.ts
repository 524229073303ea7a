/** What a model family declares: the interface every file of this folder implements, one per `model_type` of config.json. */
import type { Value } from "../graph/value.ts";
import type { Scope } from "../nn/parameters.ts";

/** What a model reads, each [batch, sequence] and int64, under the names tokenizers and transformers use. */
export type ModelInputs = Readonly<Record<"input_ids" | "attention_mask" | "token_type_ids", Value>>;

/** What is put on top of the body. */
export type HeadName = "sequence-classification" | "masked-language-model";

export interface Head {
  /** The name transformers gives body and head together, the field `architectures` of config.json. */
  readonly architecture: string;
  /**
   * Last hidden states [batch, sequence, width] → logits: [batch, labels] of a classifier. A language model's head does not read
   * `labels`: it turns hidden states [*, width] into [*, vocabulary].
   */
  forward(scope: Scope, hidden: Value, labels: number): Value;
}

export interface BodyOptions {
  /** Whether a position sees only itself and those before it, as in a causal language model. Not unless given. */
  readonly causal?: boolean;
}

/** A model whose configuration is read: functions of parameters and inputs. */
export interface Model {
  /** The names of the body's parameters begin with `${basePrefix}.`, except in checkpoints of the body alone. */
  readonly basePrefix: string;
  readonly vocabularySize: number;
  /** The longest sequence that positions exist for. */
  readonly maxPositions: number;
  /** The token that stands for padding, whose positions a model may count apart. */
  readonly paddingIndex: number;
  /** How many kinds of segment `token_type_ids` may name; with 0 or 1 it is not read. */
  readonly segments: number;
  /** Last hidden states [batch, sequence, width]. */
  body(scope: Scope, inputs: ModelInputs, options?: BodyOptions): Value;
  readonly heads: Readonly<Record<HeadName, Head>>;
}

export interface Architecture {
  /** The model a parsed config.json describes. @throws Error in one line that names the field and `where`. */
  configure(config: unknown, where: string): Model;
}
