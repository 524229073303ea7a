/** What a tokenizer's model makes of a word, with the part of the word that each token is of. */
import type { Span } from "./aligned-text.ts";
import type { LibraryModel } from "./library-tokenizer.ts";

/** A token by its spelling, of a range of UTF-16 units of the word. */
export interface ModelPiece extends Span {
  readonly token: string;
}

/** The function that cuts words into tokens as the library's `model` does. */
export function modelPieces(model: LibraryModel): (word: string) => ModelPiece[] {
  if (model.bpe) return (word) => mergedPieces(model, word);
  if (model.tokenize) return (word) => inTurn(model.tokenize!(word));
  return (word) => wordPieces(model, word);
}

/** Tokens that spell a word one after the other. */
function inTurn(tokens: readonly string[]): ModelPiece[] {
  let at = 0;
  return tokens.map((token) => ({ token, begin: at, end: (at += token.length) }));
}

/** Byte-pair encoding; a character that the vocabulary lacks is its bytes, or unknown, or left out. */
function mergedPieces(model: LibraryModel, word: string): ModelPiece[] {
  if (model.ignore_merges && model.tokens_to_ids.has(word)) return inTurn([word]);
  const parts = inTurn(model.bpe!(word)).map((part) => ({ ...part, end: Math.min(part.end, word.length) }));
  return parts.flatMap(({ token, begin, end }) => spelled(model, token).map((known) => ({ token: known, begin, end })));
}

function spelled(model: LibraryModel, part: string): string[] {
  if (model.tokens_to_ids.has(part)) return [part];
  const bytes = model.byte_fallback ? Array.from(new TextEncoder().encode(part), byteToken) : [];
  if (bytes.length > 0 && bytes.every((byte) => model.tokens_to_ids.has(byte))) return bytes;
  return typeof model.unk_token === "string" ? [model.unk_token] : [];
}

function byteToken(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
}

/** WordPiece: pieces with a prefix where they go on with the word, or the whole word as one that is unknown. */
function wordPieces(model: LibraryModel, word: string): ModelPiece[] {
  const tokens = model.encode([word]);
  if (tokens.length === 1) return [{ token: tokens[0]!, begin: 0, end: word.length }];
  const { length: prefix } = model.config.continuing_subword_prefix ?? "";
  let at = 0;
  return tokens.map((token, i) => ({ token, begin: at, end: (at += token.length - (i === 0 ? 0 : prefix)) }));
}
