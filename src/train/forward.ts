/** The forward pass of a model with a method attached, over the values of its parameters. */
import { input } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import type { BodyOptions, InputName, ModelInputs } from "../models/architecture.ts";
import { baseDropout } from "../nn/dropout.ts";
import { inputTable, type ParameterTable, scopeOf } from "../nn/parameters.ts";
import { inTurn } from "../nn/sites.ts";
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
}

/** The model's inputs, whose batch and sequence sizes vary: those that every model reads, and those that a batch brings beside. */
export function modelInputs(given: readonly InputName[] = []): ModelInputs {
  const names: readonly InputName[] = ["input_ids", "attention_mask", "token_type_ids", ...given];
  const sequence = (name: InputName) => (name.startsWith("decoder_") ? "target" : "sequence");
  return Object.fromEntries(
    names.map((name) => [name, input(name, ["batch", sequence(name)], "int64")]),
  ) as unknown as ModelInputs;
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

/** The forward pass over a reparameterised table. */
export function forward(attached: AttachedModel, table: ParameterTable, mode: ForwardMode): Forward {
  const { model, head, labels, attachment } = attached;
  const sites = inTurn(
    mode.training && mode.baseDropout ? baseDropout : {},
    attachment.sites?.(table, { training: mode.training }) ?? {},
  );
  const scope = scopeOf(table, sites);
  const read = (given: readonly InputName[] = []) => {
    const inputs = modelInputs(given);
    return (attachment.inputs?.(inputs, model.paddingIndex === 0 ? 1 : 0) ?? inputs) as ModelInputs;
  };
  return {
    virtualTokens: attachment.virtualTokens,
    hidden: ({ given, ...options } = {}) => model.body(scope, read(given), options),
    head: (hidden) => head.forward(scope, hidden, { labels, inputs: read() }),
  };
}
