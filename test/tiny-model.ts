/** A tiny model folder with a tokenizer, and small files to fine-tune it on: a whole run takes about a second. */
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";
import { random } from "../src/tensor/random.ts";
import { readJson } from "./fixtures.ts";

/** A folder that is deleted after the tests of the file. */
export function scratchFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "rocoft-"));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const good = ["good", "great", "fine", "warm", "bright", "kind", "sharp", "fresh"];
const bad = ["bad", "dull", "cold", "slow", "flat", "weak", "stale", "grim"];
const neutral = ["a", "the", "film", "story", "is", "was", "and", "very", "it", "plot", "cast", "so", "this", "tale"];
const words = [...good, ...bad, ...neutral, ".", ",", "!", "##s", "##ly", "##er"];

/** Special tokens in the order of their ids, which is each family's own. */
const specials = {
  bert: { pad: "[PAD]", cls: "[CLS]", sep: "[SEP]", unk: "[UNK]", mask: "[MASK]" },
  roberta: { cls: "<s>", pad: "<pad>", sep: "</s>", unk: "<unk>", mask: "<mask>" },
} as const;

/** A WordPiece tokenizer.json of 41 tokens that knows the words of `reviews`. */
function tokenizerJson(family: keyof typeof specials): Record<string, unknown> {
  const { cls, sep, unk } = specials[family];
  const names = Object.values(specials[family]);
  const vocab = Object.fromEntries([...names, ...words].map((token, id) => [token, id]));
  const special = (id: string, type_id: number) => ({ SpecialToken: { id, type_id } });
  const text = (id: string, type_id: number) => ({ Sequence: { id, type_id } });
  return {
    version: "1.0",
    added_tokens: names.map((content) => ({ id: vocab[content], content, special: true, normalized: false })),
    normalizer: { type: "BertNormalizer", clean_text: true, handle_chinese_chars: true, lowercase: true },
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: {
      type: "TemplateProcessing",
      single: [special(cls, 0), text("A", 0), special(sep, 0)],
      pair: [special(cls, 0), text("A", 0), special(sep, 0), text("B", 1), special(sep, 1)],
      special_tokens: Object.fromEntries([cls, sep].map((id) => [id, { id, ids: [vocab[id]], tokens: [id] }])),
    },
    decoder: { type: "WordPiece", prefix: "##", cleanup: true },
    model: { type: "WordPiece", unk_token: unk, continuing_subword_prefix: "##", max_input_chars_per_word: 50, vocab },
  };
}

/**
 * Makes a model folder at `folder` from a model of test/fixtures/models.
 * @param changes fields of config.json to change
 */
export function makeTinyModel(
  folder: string,
  fixture: string,
  changes: Readonly<Record<string, unknown>> = {},
): string {
  const config = readJson<Record<string, unknown>>("models", fixture, "config.json");
  const source = join(import.meta.dirname, "fixtures", "models", fixture);
  mkdirSync(folder, { recursive: true });
  copyFileSync(join(source, "model.safetensors"), join(folder, "model.safetensors"));
  const family = /^(roberta|bart)/.test(fixture) ? "roberta" : "bert";
  writeFileSync(join(folder, "config.json"), JSON.stringify({ ...config, ...changes }));
  writeFileSync(join(folder, "tokenizer.json"), JSON.stringify(tokenizerJson(family)));
  return folder;
}

export interface Review {
  readonly text: string;
  /** Whether its telling word is a good one. */
  readonly good: boolean;
}

/** Reviews of three to six words, one of which tells; the same for the same seed. */
export function reviews(count: number, seed: number): Review[] {
  const draw = random(seed, "reviews");
  const one = (list: readonly string[]) => list[draw.integer(list.length)]!;
  return Array.from({ length: count }, () => {
    const isGood = draw.uniform() < 0.5;
    const before = Array.from({ length: 1 + draw.integer(3) }, () => one(neutral));
    return { text: [...before, one(isGood ? good : bad), "."].join(" "), good: isGood };
  });
}

/** Writes a file of text and gives its path; the folders above it are made. */
export function write(path: string, text: string | Uint8Array): string {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** The lines of a table: a header and rows, fields separated by `separator`. */
export function table(header: readonly string[], rows: readonly (readonly unknown[])[], separator = "\t"): string {
  return [header, ...rows].map((fields) => `${fields.join(separator)}\n`).join("");
}

/** A folder in the form of SST-2: train.tsv with 48 reviews, dev.tsv with 16, labels 0 and 1. */
export function makeSst2(folder: string): string {
  const rows = (list: readonly Review[]) => list.map(({ text, good }) => [text, Number(good)]);
  write(join(folder, "train.tsv"), table(["sentence", "label"], rows(reviews(48, 1))));
  write(join(folder, "dev.tsv"), table(["sentence", "label"], rows(reviews(16, 2))));
  return folder;
}

/**
 * A scratch folder to run commands in, with tiny models and data.
 *
 *     bert/         without a head: classifier.weight and classifier.bias are drawn anew
 *     roberta/      with a head for two labels that have no names
 *     three/        a BERT with a head for three labels
 *     sst2/         train.tsv, dev.tsv
 *     reviews.csv   48 rows: text, label (good, bad)
 *     scores.jsonl  48 rows: text, score (a number)
 *     rte/          train.tsv, dev.tsv of pairs
 */
export function workshop(): string {
  const folder = scratchFolder();
  makeTinyModel(join(folder, "bert"), "bert-headless");
  makeTinyModel(join(folder, "roberta"), "roberta-classification");
  makeTinyModel(join(folder, "three"), "bert-classification");
  makeSst2(join(folder, "sst2"));
  const rows = reviews(48, 3);
  const quoted = rows.map(({ text, good }) => [`"${text}"`, good ? "good" : "bad"]);
  write(join(folder, "reviews.csv"), table(["text", "label"], quoted, ","));
  const scores = rows.map(({ text, good }, i) => JSON.stringify({ text, score: (good ? 1 : 0) + (i % 7) / 10 }));
  write(join(folder, "scores.jsonl"), scores.join("\n"));
  for (const [name, seed] of Object.entries({ train: 4, dev: 5 })) write(join(folder, "rte", `${name}.tsv`), rte(seed));
  return folder;
}

/** Pairs of reviews; the one entails the other when both are good or both are bad. */
function rte(seed: number): string {
  const [first, second] = [reviews(24, seed), reviews(24, seed + 10)];
  const rows = first.map(({ text, good }, i) => {
    const other = second[i]!;
    return [i, text, other.text, good === other.good ? "entailment" : "not_entailment"];
  });
  return table(["index", "sentence1", "sentence2", "label"], rows);
}

/** Flags of a training that fits the tiny models and is over at once. */
export const quick: readonly string[] = Object.entries({
  max_seq_length: 10,
  warmup_steps: 2,
  per_device_train_batch_size: 8,
  num_train_epochs: 1,
  threads: 1,
}).flatMap(([name, value]) => [`--${name}`, String(value)]);
