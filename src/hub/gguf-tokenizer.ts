/** The tokenizer inside a GGUF file as a tokenizer.json and a tokenizer_config.json, as transformers makes them of it. */
import type { JsonObject } from "./model-folder.ts";
import { byteLevelPreTokenizer } from "./gguf-pre-tokenizers.ts";
import type { Metadata } from "./gguf-metadata.ts";

export interface GgufTokenizer {
  readonly tokenizer: JsonObject;
  readonly tokenizerConfig: JsonObject;
}

/** The vocabulary as the file lists it. */
interface Vocabulary {
  readonly tokens: readonly string[];
  /** What each token is for: a number of {@link kinds}. */
  readonly types: readonly number[];
}

/** The kinds of tokens that matter (llama.h). */
const kinds = { normal: 1, unknown: 2, control: 3, userDefined: 4 };

interface Parts {
  readonly steps: {
    readonly normalizer: JsonObject | null;
    readonly pre_tokenizer: JsonObject | null;
    readonly decoder: JsonObject;
    readonly model: JsonObject;
  };
  /** The tokens as the model spells them. */
  readonly tokens: readonly string[];
  /** Whether a token is put before every text where the file does not say. */
  readonly addsBos: boolean;
}

const models: Readonly<Record<string, (metadata: Metadata, vocabulary: Vocabulary) => Parts>> = {
  gpt2: byteLevel,
  llama: sentencePiece,
};

/** The keys of tokens that have a role, by the name that tokenizer_config.json has for it. */
const roles: readonly (readonly [string, string])[] = [
  ["bos_token", "bos"],
  ["eos_token", "eos"],
  ["unk_token", "unknown"],
  ["pad_token", "padding"],
  ["mask_token", "mask"],
];

/** @throws Error in one line for a tokenizer of an unknown kind, or one that lacks a part. */
export function ggufTokenizer(metadata: Metadata, maximumLength: number | null): GgufTokenizer {
  const kind = metadata.text("tokenizer.ggml.model");
  const read = Object.hasOwn(models, kind) ? models[kind] : undefined;
  if (read === undefined) {
    const known = Object.keys(models).join(", ");
    throw new Error(`${metadata.where}: "tokenizer.ggml.model" is ${JSON.stringify(kind)}, expected one of ${known}`);
  }
  const vocabulary = {
    tokens: metadata.texts("tokenizer.ggml.tokens"),
    types: metadata.numbers("tokenizer.ggml.token_type", []),
  };
  const { steps, tokens, addsBos } = read(metadata, vocabulary);
  const named = namedTokens(metadata, tokens);
  const bos = metadata.flag("tokenizer.ggml.add_bos_token", addsBos) ? named.get("bos_token") : undefined;
  const eos = metadata.flag("tokenizer.ggml.add_eos_token", false) ? named.get("eos_token") : undefined;
  const template = metadata.text("tokenizer.chat_template", null);
  return {
    tokenizer: {
      version: "1.0",
      truncation: null,
      padding: null,
      added_tokens: addedTokens(vocabulary, tokens, new Set([...named.values()].map(({ id }) => id))),
      ...steps,
      post_processor: frame(bos, eos),
    },
    tokenizerConfig: {
      tokenizer_class: "PreTrainedTokenizerFast",
      ...Object.fromEntries([...named].map(([role, { content }]) => [role, content])),
      ...(maximumLength !== null && { model_max_length: maximumLength }),
      ...(template !== null && { chat_template: template }),
      clean_up_tokenization_spaces: false,
    },
  };
}

interface Named {
  readonly id: number;
  readonly content: string;
}

function namedTokens(metadata: Metadata, tokens: readonly string[]): Map<string, Named> {
  const named = new Map<string, Named>();
  for (const [role, name] of roles) {
    const key = `tokenizer.ggml.${name}_token_id`;
    const id = metadata.integer(key, null);
    if (id === null) continue;
    const content = tokens[id];
    if (content === undefined) throw new Error(`${metadata.where}: ${key} is ${id}, of ${tokens.length} tokens`);
    named.set(role, { id, content });
  }
  return named;
}

/** Control tokens, and those with a role, are special; what a user defined stays whole, too, unless the model spells it otherwise. */
function addedTokens(
  { tokens, types }: Vocabulary,
  spelled: readonly string[],
  named: ReadonlySet<number>,
): JsonObject[] {
  return tokens.flatMap((content, id) => {
    const special = types[id] === kinds.control || types[id] === kinds.unknown || named.has(id);
    if (!special && (types[id] !== kinds.userDefined || spelled[id] !== content)) return [];
    return [{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special }];
  });
}

/** A template that puts the tokens around a text, and around each of two. */
function frame(bos: Named | undefined, eos: Named | undefined): JsonObject | null {
  if (bos === undefined && eos === undefined) return null;
  const token = (named: Named | undefined, type_id: number): JsonObject[] =>
    named === undefined ? [] : [{ SpecialToken: { id: named.content, type_id } }];
  const text = (id: string, type_id: number): JsonObject[] => [
    ...token(bos, type_id),
    { Sequence: { id, type_id } },
    ...token(eos, type_id),
  ];
  const special = [bos, eos].filter((named) => named !== undefined);
  return {
    type: "TemplateProcessing",
    single: text("A", 0),
    pair: [...text("A", 0), ...text("B", 1)],
    special_tokens: Object.fromEntries(
      special.map(({ id, content }) => [content, { id: content, ids: [id], tokens: [content] }]),
    ),
  };
}

const bpe = {
  type: "BPE",
  dropout: null,
  unk_token: null,
  continuing_subword_prefix: null,
  end_of_word_suffix: null,
  fuse_unk: false,
  byte_fallback: false,
  ignore_merges: false,
};

function vocabularyOf(tokens: readonly string[]): Readonly<Record<string, number>> {
  return Object.fromEntries(tokens.map((token, id) => [token, id]));
}

/** A blank at the beginning of the left part belongs to it. */
function pairs(merges: readonly string[]): [string, string][] {
  return merges.map((merge) => {
    const blank = merge.indexOf(" ", 1);
    return [merge.slice(0, blank), merge.slice(blank + 1)];
  });
}

function byteLevel(metadata: Metadata, { tokens }: Vocabulary): Parts {
  const { wholeWords, ...before } = byteLevelPreTokenizer(
    metadata.text("tokenizer.ggml.pre", "default"),
    metadata.where,
  );
  const merges = pairs(metadata.texts("tokenizer.ggml.merges"));
  const decoder = { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: true };
  const model = { ...bpe, ignore_merges: wholeWords, vocab: vocabularyOf(tokens), merges };
  return { steps: { ...before, decoder, model }, tokens, addsBos: wholeWords };
}

/** SentencePiece's BPE: blanks are written ▁, and what is not in the vocabulary is spelled in bytes. */
function sentencePiece(metadata: Metadata, { tokens: listed, types }: Vocabulary): Parts {
  const isGemma = metadata.text("general.architecture").startsWith("gemma");
  // Gemma's runs of blanks are listed as they are, and its tokens in the order of their merges whatever their scores.
  const tokens = isGemma ? listed.map((token) => (/^ {2,}$/.test(token) ? "▁".repeat(token.length) : token)) : listed;
  const scores = isGemma ? tokens.map((_, id) => -id) : metadata.numbers("tokenizer.ggml.scores");
  const given = metadata.texts("tokenizer.ggml.merges", null);
  const prefix = metadata.flag("tokenizer.ggml.add_space_prefix", true);
  const unknown = tokens[metadata.integer("tokenizer.ggml.unknown_token_id", -1)] ?? null;
  const blanks = { type: "Replace", pattern: { String: "▁" }, content: " " };
  const characters = [blanks, { type: "ByteFallback" }, { type: "Fuse" }];
  const decoders = prefix ? [...characters, { type: "Strip", content: " ", start: 1, stop: 0 }] : characters;
  const pre_tokenizer = {
    type: "Metaspace",
    replacement: "▁",
    prepend_scheme: prefix ? "first" : "never",
    split: false,
  };
  const model = {
    ...bpe,
    unk_token: unknown,
    fuse_unk: true,
    byte_fallback: true,
    vocab: vocabularyOf(tokens),
    merges: given === null ? impliedMerges({ tokens, types }, scores) : pairs(given),
  };
  const decoder = { type: "Sequence", decoders };
  return { steps: { normalizer: null, pre_tokenizer, decoder, model }, tokens, addsBos: true };
}

/**
 * The merges that a vocabulary with scores stands for: every way to cut a token in two others, the best score first, and
 * of equal ones those with the longest parts.
 */
function impliedMerges({ tokens, types }: Vocabulary, scores: readonly number[]): [string, string][] {
  const ids = new Map(tokens.map((token, id) => [token, id]));
  const merges = tokens.flatMap((token, id) => {
    if (types[id] !== undefined && types[id] !== kinds.normal && types[id] !== kinds.userDefined) return [];
    const characters = [...token];
    const cuts = characters.slice(1).flatMap((_, i) => {
      const left = characters.slice(0, i + 1).join("");
      const right = characters.slice(i + 1).join("");
      const [a, b] = [ids.get(left), ids.get(right)];
      if (a === undefined || b === undefined) return [];
      return [{ left, right, a, b, length: i + 1, rest: characters.length - i - 1, score: scores[id] ?? 0 }];
    });
    return cuts.sort((x, y) => x.a - y.a || x.b - y.b);
  });
  merges.sort((x, y) => y.score - x.score || y.length - x.length || y.rest - x.rest);
  return merges.map(({ left, right }) => [left, right]);
}
