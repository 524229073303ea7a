/** Examples as prompts that ask a masked language model for a word, one word a class (LM-BFF; Gao et al. 2021). */
import { quote } from "../formats/text.ts";
import { encodeEach, type EncodedDataset } from "./encode.ts";
import type { Dataset, Example } from "./examples.ts";
import { isMask, parseTemplate, type TemplatePart } from "./template.ts";
import type { Encoding, Tokenizer } from "./tokenizer.ts";

/** How the classes of a task are asked for. Plain data. */
export interface Prompt {
  /** In the language of {@link parseTemplate}. */
  readonly template: string;
  /** The word that stands for each class, by the class's name. */
  readonly words: Readonly<Record<string, string>>;
  /** The most tokens of the first text; all of them unless given. */
  readonly firstTextLimit?: number | undefined;
  /** The most tokens of each other text. */
  readonly otherTextLimit?: number | undefined;
}

/** Some tokens of a prompt. */
interface Piece {
  readonly ids: readonly number[];
  readonly part: TemplatePart;
}

/**
 * Encodes every example of `dataset` as the prompt's template has it; each holds the mask token once.
 *
 * What is too long loses tokens at its end, as in LM-BFF; where that would take the mask, the longest texts lose theirs instead.
 * @throws Error in one line for a special token that the tokenizer does not have, a text that holds the mask token, or a maximum
 * length that leaves no room for the template.
 */
export function encodePrompts(
  dataset: Dataset,
  tokenizer: Tokenizer,
  { maxLength, prompt }: { readonly maxLength: number; readonly prompt: Prompt },
): EncodedDataset {
  const own = parseTemplate(prompt.template).map((part) => ({ part, ids: templateIds(part, tokenizer) }));
  const mask = specialId("mask", tokenizer);
  return encodeEach(dataset, (example) => {
    const whole = own.map((piece) => filled(piece, example, tokenizer));
    if (whole.some(({ part, ids }) => "text" in part && ids.includes(mask)))
      throw new Error(
        `${dataset.where}:${example.line}: the mask token in a text, expected it in the template of a prompt alone`,
      );
    const read = whole.map((piece) => limited(piece, prompt));
    return encodingOf(withinReach(read, maxLength), maxLength, lengthOf(whole));
  });
}

function filled({ part, ids }: Piece, { texts }: Example, tokenizer: Tokenizer): Piece {
  return { part, ids: "text" in part ? tokenizer.tokenize(part.read(texts[part.text] ?? "")) : ids };
}

function limited({ part, ids }: Piece, { firstTextLimit, otherTextLimit }: Prompt): Piece {
  if (!("text" in part)) return { part, ids };
  return { part, ids: ids.slice(0, part.text === 0 ? firstTextLimit : otherTextLimit) };
}

/** The pieces, their texts cut to the same length where the mask would else stand behind `maxLength`. */
function withinReach(pieces: readonly Piece[], maxLength: number): readonly Piece[] {
  const mask = pieces.findIndex(({ part }) => isMask(part));
  if (lengthOf(pieces.slice(0, mask + 1)) <= maxLength) return pieces;
  const own = lengthOf(pieces.filter(({ part }) => !("text" in part)));
  if (own > maxLength)
    throw new Error(`max_seq_length: ${maxLength}, expected at least the ${own} tokens of the template`);
  const cut = (limit: number) =>
    pieces.map(({ part, ids }) => ({ part, ids: "text" in part ? ids.slice(0, limit) : ids }));
  let limit = maxLength - own;
  while (lengthOf(cut(limit)) > maxLength) limit--;
  return cut(limit);
}

function encodingOf(pieces: readonly Piece[], maxLength: number, whole: number): Encoding {
  const ids = Int32Array.from(pieces.flatMap((piece) => piece.ids)).subarray(0, maxLength);
  const typeIds = Uint8Array.from(pieces.flatMap((piece) => piece.ids.map(() => piece.part.segment)));
  return { ids, typeIds: typeIds.subarray(0, maxLength), removed: whole - ids.length };
}

function lengthOf(pieces: readonly Piece[]): number {
  return pieces.reduce((sum, { ids }) => sum + ids.length, 0);
}

/** The tokens of a part that is the same for every example. A single character is taken as the vocabulary has it, without a blank. */
function templateIds(part: TemplatePart, tokenizer: Tokenizer): readonly number[] {
  if ("special" in part) return [specialId(part.special, tokenizer)];
  if ("text" in part) return [];
  const known = part.words.length === 1 ? tokenizer.idOf(part.words) : null;
  return known === null ? tokenizer.tokenize(part.words) : [known];
}

/** @throws Error in one line when there is none. */
export function specialId(name: "cls" | "sep" | "mask", { specialTokens }: Tokenizer): number {
  const id = specialTokens[name];
  if (id === null) throw new Error(`template: the tokenizer has no ${name} token, which a prompt is made with`);
  return id;
}

/**
 * The token of each class's word, in the order of `labels`: that of the word behind a blank, or of a word that begins with a sign
 * (`<`, `[`, `.`, `,`) as it stands.
 * @throws Error in one line for a word that is no single token, or the same token as another.
 */
export function wordIds({ words }: Prompt, labels: readonly string[], tokenizer: Tokenizer): number[] {
  const ids = labels.map((label) => wordId(words[label]!, tokenizer));
  const repeated = ids.findIndex((id, i) => ids.indexOf(id) < i);
  if (repeated >= 0) {
    const before = labels[ids.indexOf(ids[repeated]!)]!;
    throw new Error(`mapping: ${quote(words[labels[repeated]!]!)} for both ${before} and ${labels[repeated]}`);
  }
  return ids;
}

function wordId(word: string, tokenizer: Tokenizer): number {
  const found = /^[<[.,]/.test(word) ? tokenizer.idOf(word) : tokenizer.tokenize(` ${word}`);
  const ids = typeof found === "number" ? [found] : (found ?? []);
  const [id] = ids;
  if (id === undefined || id === tokenizer.specialTokens.unk)
    throw new Error(`mapping: the tokenizer does not know the word ${quote(word)}, expected one of a single token`);
  if (ids.length === 1) return id;
  const tokens = tokenizer.tokensOf(ids).join(" ");
  throw new Error(
    `mapping: the word ${quote(word)} is ${ids.length} tokens (${tokens}), expected one of a single token`,
  );
}
