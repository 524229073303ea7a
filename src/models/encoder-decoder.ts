/** What encoder-decoders share (Sutskever, Vinyals & Le 2014; Vaswani et al. 2017): what their decoders read and see. */
import { cast, concat, equal, fill, firstLike, slice, take } from "../graph/ops.ts";
import { minus } from "../graph/dim.ts";
import type { Value } from "../graph/value.ts";
import { attentionBias, causalBias } from "../nn/attention.ts";
import type { ModelInputs } from "./architecture.ts";
import { lastMarked } from "./heads.ts";

/**
 * What a decoder reads [batch, target]: what a batch brings, else the text itself, moved one place to the right behind the token
 * that every target begins with.
 */
export function decoderIds({ input_ids: ids, decoder_input_ids: given }: ModelInputs, start: number): Value {
  return given ?? firstLike(concat(fill(start, take(ids, 1, [0])), ids, 1), 1, ids);
}

/** What is added to a decoder's scores. */
export interface DecoderBias {
  /** Of its own positions, [batch, 1, target, keys]. */
  readonly self: Value;
  /** Of the encoder's, [batch, 1, 1, sequence]. */
  readonly cross: Value;
}

/** A position sees itself and those before it, padding too unless `decoder_attention_mask` says which is, and the whole text. */
export function decoderBias(inputs: ModelInputs, ids: Value): DecoderBias {
  const mask = inputs.decoder_attention_mask ?? fill(1, ids);
  return { self: causalBias({ queries: ids, mask }), cross: attentionBias(inputs.attention_mask) };
}

/**
 * A decoder's hidden states [batch, sequence, width] → those at the last token of each text that is `end`, [batch, width]; zeros
 * for a text without. What a method puts in front of the text is read by the encoder alone.
 */
export function lastEnd(hidden: Value, { input_ids: ids }: ModelInputs, end: number): Value {
  const ofText = slice(ids, 1, Number(minus(ids.shape[1]!, hidden.shape[1]!)));
  return lastMarked(hidden, cast(equal(ofText, end), "int64"));
}
