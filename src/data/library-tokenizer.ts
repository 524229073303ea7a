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

/** What is used of the library; the declarations it ships with do not resolve under Node's rules. */
export interface LibraryTokenizer {
  readonly model: { readonly vocab: readonly string[] };
  encode(text: string): { readonly ids: readonly (number | undefined)[]; readonly tokens: readonly string[] };
  token_to_id(token: string): number | undefined;
  id_to_token(id: number): string | undefined;
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
