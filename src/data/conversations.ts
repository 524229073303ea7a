/** Conversations as a causal language model reads them. */
import { divided } from "./divided.ts";
import type { EncodedDataset } from "./encode.ts";
import type { Conversation, Dataset } from "./examples.ts";
import { encodingOf, type SequenceOptions, withLoss } from "./sequences.ts";
import type { Encoding, Tokenizer } from "./tokenizer.ts";

/**
 * Conversations by the model's chat template; what the assistant says carries loss, to the token that ends its turn. What is too
 * long is cut at its right; what has nothing of the assistant's then is left out and counted.
 * @throws Error in one line when the template is none, refuses a conversation, or does not tell what the assistant says.
 */
export function encodeConversations(
  { where, examples }: Dataset,
  tokenizer: Tokenizer,
  { maxLength }: SequenceOptions,
): EncodedDataset {
  const template = tokenizer.chatTemplate();
  const encode = (conversation: Conversation, place: string): Encoding => {
    const { text, spans } = template.renderTurns(conversation, place);
    const { ids, begins, ends } = divided(tokenizer, text, spans.flat());
    const asked = new Uint8Array(ids.length);
    for (const n of spans.keys())
      asked.fill(1, begins[2 * n], endOfTurn(tokenizer, ids, begins[2 * n]!, ends[2 * n + 1]!));
    if (!asked.includes(1)) throw new Error(`${place}: the chat template renders nothing that the assistant says`);
    const kept = ids.slice(0, maxLength);
    return { ...encodingOf(kept), asked: asked.slice(0, maxLength), removed: ids.length - kept.length };
  };
  return withLoss(
    where,
    examples.map(({ line, conversation }) => ({ line, encoding: encode(conversation!, `${where}:${line}`) })),
  );
}

/** Blanks behind the special token that ends a turn are the template's, which nobody says. */
function endOfTurn(tokenizer: Tokenizer, ids: readonly number[], begin: number, end: number): number {
  const isBlank = (id: number) => !tokenizer.specialTokenIds.has(id) && tokenizer.decode([id]).trim() === "";
  let last = end;
  while (last > begin && isBlank(ids[last - 1]!)) last--;
  return last > begin && tokenizer.specialTokenIds.has(ids[last - 1]!) ? last : end;
}
