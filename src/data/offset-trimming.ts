/** Blanks that a post-processor takes from the offsets of the tokens that begin or end with them (`process_offsets` of the Rust tokenizers). */
import * as z from "zod";
import type { Span } from "./aligned-text.ts";
import { leadingBlanks, trailingBlanks } from "./blanks.ts";

export interface OffsetTrim {
  /** Whether a text begins with a blank that was put there, and that its first token keeps. */
  readonly addPrefixSpace: boolean;
}

const trimming = z.looseObject({
  type: z.enum(["RobertaProcessing", "ByteLevel"]),
  trim_offsets: z.boolean().default(true),
  add_prefix_space: z.boolean().default(true),
});
const sequence = z.looseObject({ type: z.literal("Sequence"), processors: z.array(z.unknown()) });

/** What the `post_processor` of a tokenizer.json trims, in its order. */
export function offsetTrims(postProcessor: unknown): OffsetTrim[] {
  const inner = sequence.safeParse(postProcessor);
  if (inner.success) return inner.data.processors.flatMap(offsetTrims);
  const { data } = trimming.safeParse(postProcessor);
  return data?.trim_offsets ? [{ addPrefixSpace: data.add_prefix_space }] : [];
}

/**
 * A token of `source` without its blanks: as many characters of its range as it begins or ends with, whether or not they are blanks.
 * @param token its `text` is what the vocabulary, or the source, spells it
 */
export function trimmed<T extends Span & { readonly text: string }>(
  token: T,
  { addPrefixSpace }: OffsetTrim,
  source: string,
): T {
  const spelled = token.text.replaceAll("Ġ", " ");
  const leading = leadingBlanks(spelled);
  const trailing = trailingBlanks(spelled);
  const isPut = addPrefixSpace && token.begin === 0 && leading === 1;
  const begin = isPut ? token.begin : Math.min(forwards(source, token.begin, leading), token.end);
  return { ...token, begin, end: Math.max(backwards(source, token.end, trailing), begin) };
}

/** The place so many characters behind `at`. */
function forwards(source: string, at: number, characters: number): number {
  let place = at;
  for (let i = 0; i < characters; i++) place += (source.codePointAt(place) ?? 0) > 0xffff ? 2 : 1;
  return place;
}

/** The place so many characters before `at`. */
function backwards(source: string, at: number, characters: number): number {
  let place = at;
  for (let i = 0; i < characters; i++) place -= (source.codePointAt(place - 2) ?? 0) > 0xffff ? 2 : 1;
  return place;
}
