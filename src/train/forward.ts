/** The forward pass of a model with a method attached, over the values of its parameters. */
import { input } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import type { BatchPadding } from "../graph/without-padding.ts";
import type { BodyOptions, InputName, ModelInputs } from "../models/architecture.ts";
import { decoderIds } from "../models/encoder-decoder.ts";
import { baseDropout } from "../nn/dropout.ts";
import { inputTable, type ParameterTable, scopeOf } from "../nn/parameters.ts";
import { inTurn, type Sites } from "../nn/sites.ts";
import type { Mode } from "../peft/method.ts";
import type { AttachedModel } from "./adapt.ts";

export interface HiddenOptions extends BodyOptions {
  /** Inputs that a batch brings beside those that every model reads. */
  readonly given?: readonly InputName[];
}

/** What an objective sees of a model. */
export interface Forward {
  /** How many of the first hidden states belong to tokens of the method's own. */
  readonly virtualTokens: number;
  /** Last hidden states [batch, virtual tokens + sequence, width]. */
  hidden(options?: HiddenOptions): Value;
  /** What the head makes of hidden states. */
  head(hidden: Value): Value;
}

/** What of a forward pass is for training alone. */
export interface ForwardMode extends Mode {
  /** Whether the base model drops numbers as its configuration says. */
  readonly baseDropout?: boolean;
  /** Whether what a block computes is computed again for its gradient instead of being kept. */
  readonly gradientCheckpointing?: boolean;
}

/** The model's inputs, whose batch and sequence sizes vary: those that every model reads, and those that a batch brings beside. */
export function modelInputs(given: readonly InputName[] = []): ModelInputs {
  const named = (name: InputName) =>
    input(name, ["batch", name.startsWith("decoder_") ? "target" : "sequence"], "int64");
  return {
    input_ids: named("input_ids"),
    attention_mask: named("attention_mask"),
    token_type_ids: named("token_type_ids"),
    ...Object.fromEntries(given.map((name) => [name, named(name)])),
  };
}

/** The padding of a batch, of what a method puts in front of texts none; of targets, where there are any, theirs. */
export function paddingsOf({ attachment, model }: Pick<AttachedModel, "attachment" | "model">): BatchPadding[] {
  const { attention_mask, decoder_attention_mask } = methodInputs({ attachment, model }, ["decoder_attention_mask"]);
  return [
    { mask: attention_mask, tokens: "tokens" },
    { mask: decoder_attention_mask!, tokens: "target_tokens" },
  ];
}

/** The model's inputs with what a method puts in front of texts. */
function methodInputs(
  { attachment, model }: Pick<AttachedModel, "attachment" | "model">,
  given: readonly InputName[] = [],
): ModelInputs {
  const batch = modelInputs(given);
  const start = model.decoderStartTokenId;
  // What a method puts in front of a text is for the encoder: the decoder reads the text itself.
  const inputs = start === undefined ? batch : { ...batch, decoder_input_ids: decoderIds(batch, start) };
  return (attachment.inputs?.(inputs, model.paddingIndex === 0 ? 1 : 0) ?? inputs) as ModelInputs;
}

/** The table of the model's parameters and the method's, each an input of the graph. */
export function baseTable({ specs, attachment }: Pick<AttachedModel, "specs" | "attachment">): ParameterTable {
  return inputTable([...specs, ...attachment.added]);
}

/** The table with the method's mathematics in it, each trained tensor an input of the graph under its own name. */
export function reparameterizedTable(
  attached: Pick<AttachedModel, "specs" | "attachment">,
  mode: Mode = { training: false },
): ParameterTable {
  const { attachment } = attached;
  const trained = new Map(attachment.trained.map(({ name, shape }) => [name, input(name, shape)]));
  return attachment.reparameterize(baseTable(attached), trained, mode);
}

/**
 * The forward pass over a reparameterised table.
 * @param watching what looks on at the places of the pass, after dropout and the method
 */
export function forward(
  attached: AttachedModel,
  table: ParameterTable,
  mode: ForwardMode,
  watching: Sites = {},
): Forward {
  const { model, head, labels, attachment } = attached;
  const sites = inTurn(
    mode.training && mode.baseDropout ? baseDropout : {},
    attachment.sites?.(table, { training: mode.training }) ?? {},
  );
  const scope = scopeOf(table, inTurn(sites, watching));
  return {
    virtualTokens: model.decoderStartTokenId === undefined ? attachment.virtualTokens : 0,
    hidden: ({ given, ...options } = {}) => model.body(scope, methodInputs(attached, given), options),
    head: (hidden) => head.forward(scope, hidden, { labels, inputs: methodInputs(attached) }),
  };
}
