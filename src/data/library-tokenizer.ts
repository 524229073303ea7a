/**
 * The tokenizer library, told what it needs to give the same tokens as the Rust tokenizers.
 *
 * Where the two differ, the difference is put right in the words of tokenizer.json itself, before the library reads it
 * (library-steps.ts); SentencePiece's table of replacements and the decoders, which that cannot put right, are our own.
 * What stays different: characters whose Unicode category has changed since Unicode 8, as the Rust code's tables for
 * BERT are of that age; U+FEFF and U+0085 before an added token that strips; added tokens with `single_word`, which
 * the library finds inside words too; and a Unigram's unknown characters in words side by side, which become one token
 * where the vocabulary lacks the mark of a blank.
 */
import { Tokenizer as UntypedTokenizer } from "@huggingface/tokenizers";
import * as z from "zod";
import { correctNormalizer, correctPreTokenizer } from "./library-steps.ts";
import { parse } from "./parse.ts";
import { precompiled } from "./precompiled.ts";
import { type Step, step } from "./step.ts";
import { keepBytesOfWords, keepTokensOfWords } from "./word-cache.ts";

/** What is used of the library; the declarations it ships with do not resolve under Node's rules. */
export interface LibraryTokenizer {
  readonly model: LibraryModel;
  /** Cut a text into the added tokens in it and what stands between them: before it is normalized, and after. */
  readonly splitter_unnormalized: LibrarySplitter;
  readonly splitter_normalized: LibrarySplitter;
  readonly added_tokens_map: ReadonlyMap<string, LibraryAddedToken>;
  encode(text: string): { readonly ids: readonly (number | undefined)[]; readonly tokens: readonly string[] };
  token_to_id(token: string): number | undefined;
  id_to_token(id: number): string | undefined;
}

export interface LibraryModel {
  readonly vocab: readonly string[];
  readonly tokens_to_ids: ReadonlyMap<string, number>;
  readonly unk_token?: string | null;
  readonly unk_token_id?: number;
  readonly fuse_unk: boolean;
  readonly ignore_merges?: boolean;
  readonly byte_fallback?: boolean;
  readonly config: { readonly continuing_subword_prefix?: string | null };
  encode(words: readonly string[]): readonly string[];
  /** The parts of a word; BPE's alone. */
  bpe?(word: string): readonly string[];
  /** The parts of a word; Unigram's alone. */
  tokenize?(word: string): readonly string[];
}

interface LibrarySplitter {
  split(text: string): readonly string[];
}

export interface LibraryAddedToken {
  readonly id: number;
  readonly lstrip: boolean;
  readonly rstrip: boolean;
}

const vocabulary = z.record(z.string(), z.int().nonnegative());
const models: { readonly [M in ModelType]: z.ZodType<object> } = {
  WordPiece: z.looseObject({ vocab: vocabulary }),
  BPE: z.looseObject({
    vocab: vocabulary,
    merges: z.array(z.union([z.string(), z.tuple([z.string(), z.string()])])),
    continuing_subword_prefix: z.literal("").nullish(),
  }),
  Unigram: z.looseObject({
    vocab: z.array(z.tuple([z.string(), z.number()])).min(1),
    unk_id: z.int().nonnegative().nullish(),
    byte_fallback: z.literal(false).optional(),
  }),
};
const modelTypes = ["WordPiece", "BPE", "Unigram"] as const;
type ModelType = (typeof modelTypes)[number];

const addedToken: z.ZodType<AddedToken> = z.looseObject({
  id: z.int().nonnegative(),
  content: z.string(),
  special: z.boolean().default(false),
});

/** The parts of tokenizer.json that this project reads; the library reads the rest of the model. */
export const tokenizerFile: z.ZodType<TokenizerFile> = z.looseObject({
  model: z.looseObject({ type: z.enum(modelTypes).optional() }),
  added_tokens: z.array(addedToken).default([]),
  normalizer: step.nullable().default(null),
  pre_tokenizer: step.nullable().default(null),
  post_processor: z.unknown().optional(),
  decoder: step.nullable().default(null),
});
interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
}
export interface TokenizerFile {
  readonly model: Readonly<Record<string, unknown>> & { readonly type?: ModelType | undefined };
  readonly added_tokens: readonly AddedToken[];
  readonly normalizer: Step | null;
  readonly pre_tokenizer: Step | null;
  readonly post_processor?: unknown;
  readonly decoder: Step | null;
}

/**
 * The library's tokenizer of `file`, which adds no special tokens and decodes nothing.
 * @throws Error beginning with `where` when the library cannot read the file.
 */
export function libraryTokenizer(file: TokenizerFile, where: string): LibraryTokenizer {
  // Files of old do not say what their model is.
  const type = file.model.type ?? modelTypeOf(file.model);
  const model = { ...parse(models[type], file.model, where, "model"), type };
  try {
    const normalizer = file.normalizer && correctNormalizer(file.normalizer);
    const pre_tokenizer = file.pre_tokenizer && correctPreTokenizer(file.pre_tokenizer, file.normalizer);
    const steps = { normalizer, pre_tokenizer, post_processor: null, decoder: null };
    const tokenizer = new UntypedTokenizer({ ...file, model, ...steps }, {});
    replaceExactly(tokenizer.normalizer);
    keepBytesOfWords(tokenizer.pre_tokenizer);
    keepTokensOfWords(tokenizer.model);
    return tokenizer;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${where}: not a tokenizer that can be read: ${reason}`, { cause: error });
  }
}

function modelTypeOf(model: TokenizerFile["model"]): ModelType {
  if ("merges" in model) return "BPE";
  return Array.isArray(model["vocab"]) ? "Unigram" : "WordPiece";
}

/** What the library makes of one step alone, for those who take the steps themselves. @throws Error for a step it does not know. */
export function libraryStep(step: { readonly normalizer: Step } | { readonly pre_tokenizer: Step }): LibraryStep {
  const model = { type: "WordPiece", vocab: {}, unk_token: "", continuing_subword_prefix: "" };
  const none = { added_tokens: [], normalizer: null, pre_tokenizer: null, post_processor: null, decoder: null };
  const { normalizer, pre_tokenizer: preTokenizer } = new UntypedTokenizer({ model, ...none, ...step }, {});
  return normalizer ?? preTokenizer;
}

/** What a step of the library is made of, as far as it is used. */
export interface LibraryStep {
  /** What a step replaces, cuts out or keeps. */
  readonly pattern: RegExp;
  /** Of normalizers. */
  normalize(text: string): string;
  /** Of pre-tokenizers. */
  pre_tokenize_text(text: string): readonly string[];
}

/** The library's normalizer, or a part of it. */
interface LibraryNormalizer {
  readonly config: Step;
  /** The parts of a sequence. */
  readonly normalizers?: readonly LibraryNormalizer[];
  normalize: (text: string) => string;
}

/** Where characters are replaced by a table, the library has something like NFKC; it is given the table. */
function replaceExactly(normalizer: LibraryNormalizer | null): void {
  normalizer?.normalizers?.forEach(replaceExactly);
  if (normalizer?.config.type !== "Precompiled") return;
  const charsmap = normalizer.config["precompiled_charsmap"];
  normalizer.normalize = precompiled(typeof charsmap === "string" ? charsmap : "");
}
