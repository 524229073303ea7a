/** Prompts with their completions as a causal language model reads them. */
import { divided } from "./divided.ts";
import type { EncodedDataset } from "./encode.ts";
import type { Dataset, Example } from "./examples.ts";
import { encodingOf, frameOf, type SequenceOptions, withLoss } from "./sequences.ts";
import type { Encoding, Tokenizer } from "./tokenizer.ts";

/**
 * Prompts with their completions; the completion's tokens and the one that ends it carry loss. Where both are too long for a
 * sequence, a completion keeps half of it, and more where the prompt leaves more; cut at its right, it has no end. The prompt is cut
 * at its left.
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
  const encode = ({ texts: [prompt, completion = ""] }: Example): Encoding => {
    const parts = divided(tokenizer, prompt + completion, [prompt.length]);
    const [asking, answering] = [parts.ids.slice(0, parts.begins[0]), [...parts.ids.slice(parts.begins[0]), ...after]];
    const answered = Math.min(answering.length, Math.max(Math.ceil(room / 2), room - asking.length));
    const kept = Math.min(asking.length, room - answered);
    const ids = [...before, ...asking.slice(asking.length - kept), ...answering.slice(0, answered)];
    const asked = Uint8Array.from(ids, (_, i) => Number(i >= before.length + kept));
    return { ...encodingOf(ids), asked, removed: asking.length - kept + answering.length - answered };
  };
  return withLoss(
    where,
    examples.map((example) => ({ line: example.line, encoding: encode(example) })),
  );
}
