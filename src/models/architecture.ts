/** What a model family declares: the interface every file of this folder implements, one per `model_type` of config.json. */
import type { Value } from "../graph/value.ts";
import type { Scope } from "../nn/parameters.ts";

/** What every model reads, each int64 [batch, sequence], under the names tokenizers and transformers use. */
type RequiredInput = "input_ids" | "attention_mask" | "token_type_ids";
/**
 * What is given where it is not as a model finds it by itself: positions that go on from earlier ones or begin anew within a row,
 * and which text of a row a token belongs to; what a decoder reads beside its encoder, [batch, target].
 */
type OptionalInput =
  | "position_ids"
  | "segment_ids"
  | "decoder_input_ids"
  | "decoder_attention_mask"
  | "decoder_position_ids";
export type InputName = RequiredInput | OptionalInput;

/**
 * A decoder that reads on from positions whose keys are kept reads only the new `input_ids` [batch, sequence], with their
 * `position_ids`, under an `attention_mask` [batch, past + sequence] of all of them.
 */
export type ModelInputs = Readonly<Record<RequiredInput, Value> & Partial<Record<OptionalInput, Value>>>;

/** What is put on top of the body. */
export type HeadName =
  | "sequence-classification"
  | "question-answering"
  | "masked-language-model"
  | "causal-language-model"
  | "sequence-to-sequence";

/** What a head knows beside hidden states. */
export interface HeadContext {
  /** Size of a classifier's output; a language model's head does not read it. */
  readonly labels: number;
  /** What the body has read, for heads that look for the last token. */
  readonly inputs: ModelInputs;
}

export interface Head {
  /** The name transformers gives body and head together, the field `architectures` of config.json. */
  readonly architecture: string;
  /**
   * Last hidden states [batch, sequence, width] → logits: [batch, labels] of a classifier, [batch, sequence, 2] of a head that finds
   * spans. A language model's head turns hidden states [*, width] into [*, vocabulary].
   */
  forward(scope: Scope, hidden: Value, context: HeadContext): Value;
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
  /** The longest sequence that positions exist for, or that the model was made for; Infinity where nothing limits it. */
  readonly maxPositions: number;
  /** Above so many positions in a row, what they mean depends on how many there are; absent where it never does. */
  readonly lengthDependentBeyond?: number;
  /** The token that stands for padding, whose positions a model may count apart. */
  readonly paddingIndex: number;
  /** How many kinds of segment `token_type_ids` may name; with 0 or 1 it is not read. */
  readonly segments: number;
  /** What the decoder of an encoder-decoder reads in front of every target; absent where there is one stack of blocks. */
  readonly decoderStartTokenId?: number;
  /** Tensors that its checkpoints may hold and nothing reads, for they are zero. */
  readonly zeros?: readonly string[];
  /** Last hidden states [batch, sequence, width], of the decoder where there is one. */
  body(scope: Scope, inputs: ModelInputs, options?: BodyOptions): Value;
  readonly heads: Readonly<Partial<Record<HeadName, Head>>>;
}

export interface Architecture {
  /** The model a parsed config.json describes. @throws Error in one line that names the field and `where`. */
  configure(config: unknown, where: string): Model;
}
