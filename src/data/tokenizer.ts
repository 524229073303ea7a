/** Texts to token ids, as a checkpoint's tokenizer.json and tokenizer_config.json say. */
import * as z from "zod";
import { type ChatTemplate, chatTemplate } from "./chat-template.ts";
import { readDecoder } from "./decoder.ts";
import type { Texts } from "./examples.ts";
import { type LibraryTokenizer, libraryTokenizer, type TokenizerFile, tokenizerFile } from "./library-tokenizer.ts";
import { offsetTokenizer, type OffsetTokens } from "./offsets.ts";
import { parse } from "./parse.ts";
import { type Piece, readSpecialLayout, specialCount } from "./special-layout.ts";
import { keptLengths, type Truncation } from "./truncation.ts";
import type { Window } from "./windows.ts";

/** One sequence as a model reads it; `removed` counts the tokens that truncation cut off. */
export interface Encoding {
  readonly ids: Int32Array;
  readonly typeIds: Uint8Array;
  readonly removed: number;
  /** One for each token that a causal language model is asked for; all but the first unless given. */
  readonly asked?: Uint8Array;
  /** Of several examples in one row, which each token belongs to, counted from 1. */
  readonly segments?: Int32Array;
  /** The tokens that a sequence-to-sequence model is to give, special ones included. */
  readonly target?: Int32Array;
  /** Of a text that a question is about, which part it is. */
  readonly window?: Window;
}

export interface EncodeOptions {
  /** The most tokens of a sequence, special ones included. */
  readonly maxLength: number;
  /** `longest_first` unless given. */
  readonly truncation?: Truncation;
}

export interface FramedPair extends Encoding {
  /** The place of the first token of each text. */
  readonly begins: readonly [number, number];
}

/** Ids of the special tokens; null for one that the tokenizer does not have. */
export type SpecialTokens = Readonly<Record<SpecialRole, number | null>>;
type SpecialRole = "pad" | "cls" | "sep" | "mask" | "unk" | "bos" | "eos";

export interface DecodeOptions {
  /** Leaves out the special tokens; true unless given. */
  readonly skipSpecialTokens?: boolean;
}

export interface Tokenizer {
  readonly specialTokens: SpecialTokens;
  /** Every token that is set apart from texts. */
  readonly specialTokenIds: ReadonlySet<number>;
  /** What begins the spelling of a token that goes on with a word, as in WordPiece; null where blanks begin words. */
  readonly continuingPrefix: string | null;
  /** The largest id plus one: the rows an embedding needs. */
  readonly vocabularySize: number;
  /** The longest sequence the checkpoint declares itself made for (`model_max_length`), or null. */
  readonly modelMaxLength: number | null;
  /**
   * Special tokens around one text or a pair, cut to `maxLength`.
   * @throws Error when `maxLength` is below the number of special tokens, or `only_first` or `only_second` is not enough.
   */
  encode(texts: Texts, options: EncodeOptions): Encoding;
  /** The tokens of one text alone, without special tokens and whatever their number. */
  tokenize(text: string): readonly number[];
  /**
   * The same, with where in the text each token comes from.
   * @throws Error in one line for a tokenizer with a step whose offsets are not known.
   */
  tokenizeWithOffsets(text: string): OffsetTokens;
  /** Special tokens around the tokens of one text. */
  frame(ids: readonly number[]): Encoding;
  /** Special tokens around the tokens of two texts. */
  framePair(first: readonly number[], second: readonly number[]): FramedPair;
  /** How many special tokens stand around one text. */
  readonly specialCount: number;
  /** How many special tokens stand around a pair. */
  readonly pairSpecialCount: number;
  /**
   * The text of `ids`, without special tokens unless they are asked for. Ids outside the vocabulary, which a model whose
   * embedding is larger may give, stand for nothing.
   */
  decode(ids: ArrayLike<number>, options?: DecodeOptions): string;
  /** The id of a token as the vocabulary spells it; null where it has none. */
  idOf(token: string): number | null;
  /**
   * The tokens of `ids` as the vocabulary spells them.
   * @throws Error for an id outside the vocabulary.
   */
  tokensOf(ids: ArrayLike<number>): string[];
  /** The template of conversations. @throws Error in one line when there is none, or it is no template. */
  chatTemplate(): ChatTemplate;
}

/**
 * The tokenizer of a checkpoint: the parsed tokenizer.json, named `where` in errors, and the parsed
 * tokenizer_config.json, or null where there is none. The truncation and padding that a tokenizer.json may hold are ignored.
 * @throws Error beginning with `where` for a file that is no tokenizer.json, or uses a step that is not supported.
 */
export function createTokenizer(tokenizerJson: unknown, tokenizerConfigJson: unknown, where: string): Tokenizer {
  const file = parse(tokenizerFile, tokenizerJson, where);
  const config = parse(tokenizerConfig, tokenizerConfigJson ?? {}, `${where}: its tokenizer_config.json`);
  const layout = readSpecialLayout(file.post_processor, where);
  const library = libraryTokenizer(file, where);
  const decode = readDecoder(file.decoder, where);
  const special = file.added_tokens.filter((token) => token.special);
  const specialTexts = new Set(special.map(({ content }) => content));

  const encode = (texts: Texts, { maxLength, truncation = "longest_first" }: EncodeOptions): Encoding => {
    const pieces = texts.length === 2 ? layout.pair : layout.single;
    const room = maxLength - specialCount(pieces);
    if (!(room >= 0)) {
      throw new Error(
        `${where}: maximum length ${maxLength}, expected at least the ${specialCount(pieces)} special tokens`,
      );
    }
    const whole = texts.map((text) => idsOf(library, text, where));
    const kept = keptLengths(lengthsOf(whole), room, truncation);
    const cut = config.truncation_side === "left" ? last : first;
    const placed = place(
      pieces,
      whole.map((ids, i) => cut(ids, kept[i]!)),
    );
    return { ids: placed.ids, typeIds: placed.typeIds, removed: sum(lengthsOf(whole)) - sum(kept) };
  };
  let withOffsets: ((text: string) => OffsetTokens) | undefined;

  return {
    specialTokens: findSpecialTokens(file, config, library),
    specialTokenIds: new Set(special.map(({ id }) => id)),
    continuingPrefix: continuingPrefix(file),
    vocabularySize: library.model.vocab.length,
    modelMaxLength: maxLengthOf(config),
    encode,
    tokenize: (text) => idsOf(library, text, where),
    tokenizeWithOffsets: (text) => (withOffsets ??= offsetTokenizer(file, library, where))(text),
    frame: (ids) => {
      const { begins: _, ...framed } = place(layout.single, [ids]);
      return { ...framed, removed: 0 };
    },
    framePair: (first, second) => ({ ...place(layout.pair, [first, second]), removed: 0 }),
    specialCount: specialCount(layout.single),
    pairSpecialCount: specialCount(layout.pair),
    decode: (ids, { skipSpecialTokens = true } = {}) => {
      const tokens = Array.from(ids, (id) => library.id_to_token(id)).filter((token) => token !== undefined);
      return decode(skipSpecialTokens ? tokens.filter((token) => !specialTexts.has(token)) : tokens);
    },
    idOf: (token) => library.token_to_id(token) ?? null,
    tokensOf: (ids) => Array.from(ids, (id) => tokenOf(library, id, where)),
    chatTemplate: () => chatTemplate(tokenizerConfigJson ?? {}, `${where}: its tokenizer_config.json`),
  };
}

function continuingPrefix({ model }: TokenizerFile): string | null {
  const { type = "merges" in model ? "BPE" : "WordPiece", continuing_subword_prefix: prefix = "##" } = model;
  return type === "WordPiece" && typeof prefix === "string" ? prefix : null;
}

/** Puts the tokens of the texts and the special tokens in their places. */
function place(pieces: readonly Piece[], texts: readonly (readonly number[])[]): Omit<FramedPair, "removed"> {
  const parts = pieces.map((piece) => ({ ids: "ids" in piece ? piece.ids : texts[piece.text]!, typeId: piece.typeId }));
  const length = sum(lengthsOf(parts.map(({ ids }) => ids)));
  const ids = new Int32Array(length);
  const typeIds = new Uint8Array(length);
  const begins: [number, number] = [0, 0];
  let offset = 0;
  for (const [i, part] of parts.entries()) {
    const piece = pieces[i]!;
    if ("text" in piece) begins[piece.text] = offset;
    ids.set(part.ids, offset);
    typeIds.fill(part.typeId, offset, offset + part.ids.length);
    offset += part.ids.length;
  }
  return { ids, typeIds, begins };
}

function idsOf(library: LibraryTokenizer, text: string, where: string): readonly number[] {
  const { ids, tokens } = library.encode(text);
  const unknown = ids.indexOf(undefined);
  if (unknown >= 0)
    throw new Error(`${where}: no id for ${JSON.stringify(tokens[unknown])}, and no token for unknown words`);
  return ids as readonly number[];
}

function tokenOf(library: LibraryTokenizer, id: number, where: string): string {
  const token = library.id_to_token(id);
  if (token === undefined) throw new Error(`${where}: no token has the id ${id}`);
  return token;
}

const specialToken = z.union([z.string(), z.looseObject({ content: z.string() })]).nullish();
const tokenizerConfig = z.looseObject({
  pad_token: specialToken,
  cls_token: specialToken,
  sep_token: specialToken,
  mask_token: specialToken,
  unk_token: specialToken,
  bos_token: specialToken,
  eos_token: specialToken,
  truncation_side: z.enum(["left", "right"]).nullish(),
  model_max_length: z.number().nullish(),
});
type TokenizerConfig = z.infer<typeof tokenizerConfig>;

/** What BERT, RoBERTa and LLaMA call them, for a checkpoint whose configuration does not say. */
const usualNames: Readonly<Record<SpecialRole, readonly string[]>> = {
  pad: ["[PAD]", "<pad>"],
  cls: ["[CLS]", "<s>"],
  sep: ["[SEP]", "</s>"],
  mask: ["[MASK]", "<mask>"],
  unk: ["[UNK]", "<unk>"],
  bos: ["<s>", "<bos>"],
  eos: ["</s>", "<eos>"],
};

function findSpecialTokens(file: TokenizerFile, config: TokenizerConfig, library: LibraryTokenizer): SpecialTokens {
  const added = new Set(file.added_tokens.map(({ content }) => content));
  const find = (role: SpecialRole): number | null => {
    const named = config[`${role}_token`];
    const content = typeof named === "string" ? named : named?.content;
    const name = content ?? usualNames[role].find((usual) => added.has(usual));
    return name === undefined ? null : (library.token_to_id(name) ?? null);
  };
  return {
    pad: find("pad"),
    cls: find("cls"),
    sep: find("sep"),
    mask: find("mask"),
    unk: find("unk"),
    bos: find("bos"),
    eos: find("eos"),
  };
}

/** Checkpoints that declare no limit hold the number 1e30. */
function maxLengthOf({ model_max_length: declared }: TokenizerConfig): number | null {
  return declared && Number.isSafeInteger(declared) ? declared : null;
}

function first(ids: readonly number[], count: number): readonly number[] {
  return ids.slice(0, count);
}

function last(ids: readonly number[], count: number): readonly number[] {
  return ids.slice(ids.length - count);
}

function lengthsOf(sequences: readonly (readonly number[])[]): number[] {
  return sequences.map(({ length }) => length);
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}
