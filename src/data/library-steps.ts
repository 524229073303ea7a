/** The normalizers and pre-tokenizers of a tokenizer.json in such words that the library does with them what the Rust code does. */
import * as z from "zod";
import { type Step, step } from "./step.ts";

type Correction = (step: Step) => Step;

/** `normalizer` as the library has to be told it. */
export function correctNormalizer(normalizer: Step): Step {
  const correct = Object.hasOwn(normalizers, normalizer.type) ? normalizers[normalizer.type] : undefined;
  return correct?.(normalizer) ?? mapSteps(normalizer, "normalizers", correctNormalizer);
}

/**
 * `preTokenizer` as the library has to be told it.
 * @param afterNormalizer the normalizer that comes before it, as the file has it
 */
export function correctPreTokenizer(preTokenizer: Step, afterNormalizer: Step | null): Step {
  const splits = afterNormalizer !== null && setsIdeographsApart(afterNormalizer);
  if (preTokenizer.type === "BertPreTokenizer" && splits) return inTurn(isolate(ideographs), preTokenizer);
  const correct = Object.hasOwn(preTokenizers, preTokenizer.type) ? preTokenizers[preTokenizer.type] : undefined;
  const correctInner = (inner: Step): Step => correctPreTokenizer(inner, afterNormalizer);
  return correct?.(preTokenizer) ?? mapSteps(preTokenizer, "pretokenizers", correctInner);
}

const normalizers: Readonly<Record<string, Correction>> = {
  Lowercase: sigmaFirst,
  BertNormalizer: (normalizer) => (normalizer["lowercase"] ? sigmaFirst(normalizer) : normalizer),
  // JavaScript's own trimming takes U+FEFF away and leaves U+0085.
  Strip: ({ strip_left, strip_right }) =>
    inOrder(...(strip_left ? [replace("\\A\\s+", "")] : []), ...(strip_right ? [replace("\\s+\\z", "")] : [])),
  // Nothing is put before nothing.
  Prepend: ({ prepend }) => replace("\\A(?=[\\s\\S])", literally(prepend)),
  Replace: (normalizer) => ({ ...normalizer, content: literally(normalizer["content"]) }),
};

/** JavaScript lower-cases a capital sigma by its neighbours, Rust by itself. */
function sigmaFirst(normalizer: Step): Step {
  return inOrder({ type: "Replace", pattern: { String: "Σ" }, content: "σ" }, normalizer);
}

/** A dollar sign has a meaning in what JavaScript puts in. */
function literally(content: unknown): unknown {
  return typeof content === "string" ? content.replaceAll("$", "$$$$") : content;
}

function replace(regex: string, content: unknown): Step {
  return { type: "Replace", pattern: { Regex: regex }, content };
}

function inOrder(...steps: readonly Step[]): Step {
  return { type: "Sequence", normalizers: steps };
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
const punctuation = "[\\p{P}!-/:-@\\[-`{-~]";
const word = "\\p{Alphabetic}\\p{M}\\p{Nd}\\p{Pc}\\x{200C}\\x{200D}";

/** JavaScript's \d, \w and \s are narrower or wider than Rust's; the library minds that in a Split, but nowhere else. */
const preTokenizers: Readonly<Record<string, Correction>> = {
  ByteLevel: (preTokenizer) => {
    if (preTokenizer["use_regex"] === false) return preTokenizer;
    const bytes = { type: "ByteLevel", use_regex: false, add_prefix_space: false };
    const split = [isolate(byteLevelWords), bytes];
    return inTurn(...(preTokenizer["add_prefix_space"] ? [blankBefore, ...split] : split));
  },
  Digits: ({ individual_digits: single }) => isolate(single ? "\\p{N}" : "\\p{N}+"),
  Punctuation: ({ behavior }) => split(punctuation, behavior ?? "Isolated", false),
  Whitespace: () => split(`[${word}]+|[^${word}\\s]+`, "Removed", true),
  WhitespaceSplit: () => split("\\s+", "Removed", false),
  Split: (preTokenizer) => {
    const { data } = splitSettings.safeParse(preTokenizer);
    if (data === undefined) return preTokenizer;
    const { Regex: regex, String: text = "" } = data.pattern;
    return split(regex ?? escaped(text), data.behavior, data.invert);
  },
  Metaspace: (preTokenizer) => {
    const replacement = preTokenizer["replacement"] ?? "▁";
    const prepend_scheme = preTokenizer["prepend_scheme"] ?? "always";
    const marked = { type: "Metaspace", replacement, prepend_scheme };
    if (preTokenizer["split"] === false || typeof replacement !== "string") return marked;
    return inTurn(marked, split(escaped(replacement), "MergedWithNext", false));
  },
};

const blankBefore: Step = { type: "Metaspace", replacement: " ", prepend_scheme: "always", split: false };

const splitSettings = z.looseObject({
  pattern: z.looseObject({ Regex: z.string().optional(), String: z.string().optional() }),
  behavior: z.string(),
  invert: z.boolean().default(false),
});

/** The pieces of a text, by the pattern that is to be cut out of it: the library knows no way of joining pieces. */
const joined: Readonly<Record<string, (pattern: string) => string>> = {
  Isolated: (pattern) => pattern,
  Contiguous: (pattern) => `(?:${pattern})+`,
  MergedWithPrevious: (pattern) => `(?:(?!${pattern})[\\s\\S])*(?:${pattern})`,
  MergedWithNext: (pattern) => `(?:${pattern})(?:(?!${pattern})[\\s\\S])*`,
};
/** What a way of joining is when the pattern is of the pieces between. */
const inverted: Readonly<Record<string, string>> = {
  MergedWithPrevious: "MergedWithNext",
  MergedWithNext: "MergedWithPrevious",
};

function split(pattern: string, behavior: unknown, invert: boolean): Step {
  if (behavior === "Removed") return { type: "Split", pattern: { Regex: pattern }, behavior, invert };
  const way = String(behavior);
  const join = joined[(invert ? inverted[way] : undefined) ?? way];
  if (join === undefined)
    throw new Error(`a Split that is ${way}, expected Removed, ${Object.keys(joined).join(", ")}`);
  return isolate(join(pattern));
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
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
