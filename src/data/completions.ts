/** Prompts with their completions as a causal language model reads them. */
import { divided } from "./divided.ts";
import type { EncodedDataset } from "./encode.ts";
import type { Dataset, Example } from "./examples.ts";
import { encodingOf, frameOf, type SequenceOptions, withLoss } from "./sequences.ts";
import type { Encoding, Tokenizer } from "./tokenizer.ts";

/**
 * Prompts with their completions; the completion's tokens and the one that ends it carry loss. Where both are too long for a
 * sequence, a completion keeps half of it, and more where the prompt leaves more; cut at its right, it has no end. The prompt is cut
 * at its left, or before the end that an example keeps.
 * @throws Error when the tokenizer has no token that ends texts, or `maxLength` leaves no room.
 */
export function encodeCompletions(
  { where, examples }: Dataset,
  tokenizer: Tokenizer,
  { maxLength }: SequenceOptions,
): EncodedDataset {
  const { before, after } = frameOf(tokenizer);
  const room = maxLength - before.length;
  if (room < 2) throw new Error(`max_seq_length: ${maxLength}, expected room for a prompt and its completion`);
  const encode = ({ texts: [prompt, completion = ""], kept: end = 0 }: Example): Encoding => {
    const places = end > 0 ? [prompt.length - end, prompt.length] : [prompt.length];
    const { ids: all, begins } = divided(tokenizer, prompt + completion, places);
    const [asking, answering] = [all.slice(0, begins.at(-1)), [...all.slice(begins.at(-1)), ...after]];
    const answered = Math.min(answering.length, Math.max(Math.ceil(room / 2), room - asking.length));
    const kept = Math.min(asking.length, room - answered);
    const asks = cut(asking, kept, end > 0 ? asking.length - begins[0]! : asking.length);
    const ids = [...before, ...asks, ...answering.slice(0, answered)];
    const asked = Uint8Array.from(ids, (_, i) => Number(i >= before.length + kept));
    return { ...encodingOf(ids), asked, removed: asking.length - kept + answering.length - answered };
  };
  return withLoss(
    where,
    examples.map((example) => ({ line: example.line, encoding: encode(example) })),
  );
}

/**
 * A prompt alone, as it stands before its completion, with what a text begins with.
 * @param maxLength the most tokens, special ones included
 */
export function promptTokens(
  { texts: [prompt], kept: end = 0 }: Pick<Example, "texts" | "kept">,
  tokenizer: Tokenizer,
  maxLength: number,
): number[] {
  const { before } = frameOf(tokenizer);
  const { ids, begins } = divided(tokenizer, prompt, end > 0 ? [prompt.length - end] : []);
  const room = Math.max(1, maxLength - before.length);
  return [...before, ...cut(ids, Math.min(room, ids.length), end > 0 ? ids.length - begins[0]! : ids.length)];
}

/** `count` tokens of a prompt: all of its last `end` that fit, and before them those that it begins with. */
function cut(ids: readonly number[], count: number, end: number): readonly number[] {
  const last = Math.min(end, count);
  return [...ids.slice(0, count - last), ...ids.slice(ids.length - last)];
}
