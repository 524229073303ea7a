/**
 * A decoder as one graph that reads a text and reads on from it, for programs that keep its keys and values themselves. Inputs and
 * outputs are those of Optimum's exports, which transformers.js loads.
 */
import { plus } from "../graph/dim.ts";
import { concat, input } from "../graph/ops.ts";
import { simplify } from "../graph/simplify.ts";
import type { Value } from "../graph/value.ts";
import { scopeOf } from "../nn/parameters.ts";
import { type AttentionSite, inTurn, type KeysAndValues, type Seen } from "../nn/sites.ts";
import type { AttachedModel } from "../train/adapt.ts";
import { reparameterizedTable } from "../train/forward.ts";
import { finished } from "../train/step.ts";

/** By this name transformers.js knows the size of a batch in what it has not kept yet; every other named size is 0 to it then. */
const BATCH = "batch_size";
const [SEQUENCE, PAST] = ["sequence_length", "past_sequence_length"] as const;
const TOTAL = plus(PAST, SEQUENCE);

export interface DecoderWithPast {
  /**
   * `logits` [batch, sequence, vocabulary] of every position, and for each attention `present.N.key` and `present.N.value`
   * [batch, heads, past + sequence, d], counted from 0. They are made from `input_ids` [batch, sequence], `position_ids`
   * [batch, sequence] where the model looks them up, `attention_mask` [batch, past + sequence], and `past_key_values.N.key` and
   * `past_key_values.N.value` [batch, heads, past, d], of which there may be none: a past of 0.
   */
  readonly outputs: Readonly<Record<string, Value>>;
  /** How many attentions there are. */
  readonly layers: number;
}

/** @throws Error in one line when the method puts tokens in front of every text, which would have to be read before a past of 0 only. */
export function decoderWithPast(attached: AttachedModel): DecoderWithPast {
  const { model, head, labels, attachment } = attached;
  if (attachment.virtualTokens > 0)
    throw new Error(
      `the method puts ${attachment.virtualTokens} tokens in front of every text, which a model that goes on from a past has no place for; expected one that puts none`,
    );
  const table = reparameterizedTable(attached);
  const presents: KeysAndValues[] = [];
  const attention = (site: AttentionSite): Seen => {
    const [own] = site.parts as [KeysAndValues];
    const layer = presents.length;
    const whole = { key: afterPast(layer, "key", own), value: afterPast(layer, "value", own) };
    presents.push(whole);
    return { ...site, parts: [whole] };
  };
  const scope = scopeOf(table, inTurn({ attention }, attachment.sites?.(table, { training: false }) ?? {}));
  const ids = input("input_ids", [BATCH, SEQUENCE], "int64");
  const inputs = {
    input_ids: ids,
    token_type_ids: ids,
    attention_mask: input("attention_mask", [BATCH, TOTAL], "int64"),
    position_ids: input("position_ids", [BATCH, SEQUENCE], "int64"),
  };
  const logits = head.forward(scope, model.body(scope, inputs, { causal: true }), { labels, inputs });
  const kept = presents.flatMap(({ key, value }, layer): [string, Value][] => [
    [`present.${layer}.key`, key],
    [`present.${layer}.value`, value],
  ]);
  const values = simplify([logits, ...kept.map(([, value]) => value)], finished(attached));
  const names = ["logits", ...kept.map(([name]) => name)];
  return { outputs: Object.fromEntries(names.map((name, i) => [name, values[i]!])), layers: presents.length };
}

/** Keys or values [batch, heads, sequence, d] of an attention behind those that were kept of it. */
function afterPast(layer: number, part: keyof KeysAndValues, own: KeysAndValues): Value {
  const { shape } = own[part];
  const past = input(`past_key_values.${layer}.${part}`, shape.with(2, PAST));
  return concat(past, own[part], 2);
}
