/** How byte-level vocabularies of GGUF files cut text into words, by the names of tokenizer.ggml.pre (llama.cpp's llama-vocab.cpp). */
import type { JsonObject } from "./model-folder.ts";

export interface ByteLevelSteps {
  readonly normalizer: JsonObject | null;
  readonly pre_tokenizer: JsonObject;
  /** A word of the vocabulary is taken whole, whatever the merges; such vocabularies put a token before every text. */
  readonly wholeWords: boolean;
}

const byteLevel = { type: "ByteLevel", add_prefix_space: false, trim_offsets: true };
const words: JsonObject = { ...byteLevel, use_regex: true };

function inTurn(...pretokenizers: readonly JsonObject[]): JsonObject {
  return { type: "Sequence", pretokenizers };
}

function splitBy(regex: string): JsonObject {
  const split = { type: "Split", pattern: { Regex: regex }, behavior: "Isolated", invert: false };
  return inTurn(split, { ...byteLevel, use_regex: false });
}

function plain(pre_tokenizer: JsonObject): ByteLevelSteps {
  return { normalizer: null, pre_tokenizer, wholeWords: false };
}

const gpt2 = plain(words);
const singleDigits = plain(inTurn({ type: "Digits", individual_digits: true }, words));

const contractions = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const signsAndBlanks = " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
const llama3: ByteLevelSteps = {
  ...plain(splitBy(`${contractions}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}|${signsAndBlanks}`)),
  wholeWords: true,
};
const qwen2: ByteLevelSteps = {
  ...plain(splitBy(`${contractions}|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}|${signsAndBlanks}`)),
  normalizer: { type: "NFC" },
};

const upper = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
const lower = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
/** Mistral's byte-level vocabulary, which tells capitals from small letters. */
const tekken: ByteLevelSteps = {
  ...plain(
    splitBy(
      `[^\\r\\n\\p{L}\\p{N}]?${upper}*${lower}+|[^\\r\\n\\p{L}\\p{N}]?${upper}+${lower}*|\\p{N}` +
        "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
    ),
  ),
  wholeWords: true,
};

const steps: Readonly<Record<string, ByteLevelSteps>> = {
  default: gpt2,
  "gpt-2": gpt2,
  mpt: gpt2,
  olmo: gpt2,
  "phi-2": gpt2,
  smollm: singleDigits,
  starcoder: singleDigits,
  "llama-bpe": llama3,
  "llama-v3": llama3,
  llama3,
  qwen2,
  "deepseek-r1-qwen": qwen2,
  tekken,
  bloom: plain(splitBy(" ?[^(\\s|[.,!?…。，、।۔،])]+")),
};

/** @throws Error beginning with `where` for a name that is not known, with those that are. */
export function byteLevelPreTokenizer(name: string, where: string): ByteLevelSteps {
  const found = Object.hasOwn(steps, name) ? steps[name] : undefined;
  if (found !== undefined) return found;
  const known = Object.keys(steps).join(", ");
  throw new Error(`${where}: "tokenizer.ggml.pre" is ${JSON.stringify(name)}, expected one of ${known}`);
}
