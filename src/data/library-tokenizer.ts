/**
 * The tokenizer library, told what it needs to give the same tokens as the Rust tokenizers.
 *
 * Where the two differ, the difference is put right in the words of tokenizer.json itself, before the library reads it.
 * What stays different: characters whose Unicode category has changed since Unicode 8, as the Rust code's tables for
 * BERT are of that age; U+FEFF and U+0085 before an added token that strips; and added tokens with `single_word`, which
 * the library finds inside words too.
 */
import { Tokenizer as UntypedTokenizer } from "@huggingface/tokenizers";
import * as z from "zod";

/** What is used of the library; the declarations it ships with do not resolve under Node's rules. */
export interface LibraryTokenizer {
  readonly model: { readonly vocab: readonly string[] };
  encode(text: string): { readonly ids: readonly (number | undefined)[]; readonly tokens: readonly string[] };
  decode(ids: number[], options: { skip_special_tokens: boolean; clean_up_tokenization_spaces: boolean }): string;
  token_to_id(token: string): number | undefined;
  id_to_token(id: number): string | undefined;
}

interface Step {
  readonly type: string;
  readonly [setting: string]: unknown;
}
const step: z.ZodType<Step> = z.looseObject({ type: z.string() });
const addedToken: z.ZodType<AddedToken> = z.looseObject({ id: z.int(), content: z.string() });

/** The parts of tokenizer.json that this project reads; the library reads the model and the decoder. */
export const tokenizerFile: z.ZodType<TokenizerFile> = z.looseObject({
  model: z.looseObject({
    type: z.enum(["WordPiece", "BPE"]).optional(),
    vocab: z.record(z.string(), z.int().nonnegative()),
  }),
  added_tokens: z.array(addedToken).default([]),
  normalizer: step.nullable().default(null),
  pre_tokenizer: step.nullable().default(null),
  post_processor: z.unknown().optional(),
  decoder: step.nullable().default(null),
});
interface AddedToken {
  readonly id: number;
  readonly content: string;
}
export interface TokenizerFile {
  readonly model: Readonly<Record<string, unknown>>;
  readonly added_tokens: readonly AddedToken[];
  readonly normalizer: Step | null;
  readonly pre_tokenizer: Step | null;
  readonly post_processor?: unknown;
  readonly decoder: Step | null;
}

/**
 * The library's tokenizer of `file`, which adds no special tokens.
 * @throws Error beginning with `where` when the library cannot read the file.
 */
export function libraryTokenizer(file: TokenizerFile, where: string): LibraryTokenizer {
  const spacesIdeographs = file.normalizer !== null && setsIdeographsApart(file.normalizer);
  const corrected = {
    ...file,
    // Files of old do not say what their model is.
    model: { type: "merges" in file.model ? "BPE" : "WordPiece", ...file.model },
    normalizer: file.normalizer && correctLowercase(file.normalizer),
    pre_tokenizer: file.pre_tokenizer && correctSplits(file.pre_tokenizer, spacesIdeographs),
    post_processor: null,
  };
  try {
    return new UntypedTokenizer(corrected, {});
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`${where}: not a tokenizer that can be read: ${reason}`, { cause: error });
  }
}

/** JavaScript lower-cases a capital sigma by its neighbours, Rust by itself. */
function correctLowercase(normalizer: Step): Step {
  const lowers = normalizer.type === "Lowercase" || (normalizer.type === "BertNormalizer" && normalizer["lowercase"]);
  if (lowers) {
    const sigma = { type: "Replace", pattern: { String: "Σ" }, content: "σ" };
    return { type: "Sequence", normalizers: [sigma, normalizer] };
  }
  return mapSteps(normalizer, "normalizers", correctLowercase);
}

/** Whether ideographs become words of their own. The library misses those of two UTF-16 units, and what they decompose to. */
function setsIdeographsApart(normalizer: Step): boolean {
  if (normalizer.type === "BertNormalizer") return normalizer["handle_chinese_chars"] === true;
  return innerSteps(normalizer, "normalizers").some(setsIdeographsApart);
}

// The blocks of the Rust code, with its gap from U+2B820 to U+2B91F; those that the library itself sets apart are left out.
const ideographs =
  "[\\x{4E00}-\\x{9FFF}\\x{3400}-\\x{4DBF}\\x{20000}-\\x{2A6DF}\\x{2A700}-\\x{2B81F}\\x{2B920}-\\x{2CEAF}\\x{2F800}-\\x{2FA1F}]";
const byteLevelWords = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+";

const blankBefore: Step = { type: "Metaspace", replacement: " ", prepend_scheme: "always", split: false };

/** JavaScript's \s has U+FEFF and lacks U+0085; the library minds that in a Split, but not in ByteLevel's own pattern. */
function correctSplits(preTokenizer: Step, spacesIdeographs: boolean): Step {
  if (preTokenizer.type === "BertPreTokenizer" && spacesIdeographs) return inTurn(isolate(ideographs), preTokenizer);
  if (preTokenizer.type === "ByteLevel" && preTokenizer["use_regex"] !== false) {
    const bytes = { type: "ByteLevel", use_regex: false, add_prefix_space: false };
    const split = [isolate(byteLevelWords), bytes];
    return inTurn(...(preTokenizer["add_prefix_space"] ? [blankBefore, ...split] : split));
  }
  return mapSteps(preTokenizer, "pretokenizers", (inner) => correctSplits(inner, spacesIdeographs));
}

function inTurn(...pretokenizers: readonly Step[]): Step {
  return { type: "Sequence", pretokenizers };
}

function isolate(pattern: string): Step {
  return { type: "Split", pattern: { Regex: pattern }, behavior: "Isolated", invert: false };
}

function innerSteps(sequence: Step, key: string): readonly Step[] {
  return sequence.type === "Sequence" ? (z.array(step).safeParse(sequence[key]).data ?? []) : [];
}

function mapSteps(sequence: Step, key: string, map: (inner: Step) => Step): Step {
  const inner = innerSteps(sequence, key);
  return inner.length > 0 ? { ...sequence, [key]: inner.map(map) } : sequence;
}
