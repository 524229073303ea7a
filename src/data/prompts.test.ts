/** Prompts as token ids: those of test/fixtures/templates.json were spelt out by hand and tokenised by the tokenizers library. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Texts } from "./examples.ts";
import { encodePrompts, type Prompt, wordIds } from "./prompts.ts";
import { createTokenizer, type Tokenizer } from "./tokenizer.ts";

const root = join(import.meta.dirname, "..", "..");
const read = (...path: string[]): unknown => JSON.parse(readFileSync(join(root, ...path), "utf8"));

interface Case {
  readonly template: string;
  readonly texts: Texts;
  readonly tokens: readonly string[];
  readonly typeIds: readonly number[];
}
const fixture = read("test", "fixtures", "templates.json") as Readonly<
  Record<"rocoft-small" | "bert", readonly Case[]>
>;
const small = join("models", "rocoft-small");
const { tokenizer: bert, config } = read("test", "fixtures", "tokenizer", "bert.json") as Record<string, unknown>;
const tokenizers = {
  "rocoft-small": createTokenizer(read(small, "tokenizer.json"), read(small, "tokenizer_config.json"), "rocoft-small"),
  bert: createTokenizer(bert, config, "bert"),
};
const byteLevel = tokenizers["rocoft-small"];

function encode(texts: Texts, prompt: Omit<Prompt, "words">, maxLength = 128, tokenizer: Tokenizer = byteLevel) {
  const dataset = { where: "train.tsv", examples: [{ line: 7, texts, label: 1 }] };
  const { encodings, ...data } = encodePrompts(dataset, tokenizer, { maxLength, prompt: { ...prompt, words: {} } });
  const [{ ids, typeIds, removed }] = encodings as [(typeof encodings)[number]];
  return { ...data, tokens: tokenizer.tokensOf(ids), typeIds: [...typeIds], removed };
}

describe.each(["rocoft-small", "bert"] as const)("%s", (name) => {
  test.each(fixture[name])("fills $template", ({ template, texts, tokens, typeIds }) => {
    expect(encode(texts, { template }, 128, tokenizers[name])).toMatchObject({ tokens, typeIds, removed: 0 });
  });
});

test("what is encoded keeps labels and lines", () => {
  const { labels, lines, lengths, truncated } = encode(["a man"], { template: "*cls**sent_0**mask**sep*" });
  expect([[...labels], [...lines], [...lengths], truncated]).toEqual([[1], [7], [5], 0]);
});

describe("what is too long", () => {
  const behind = "*cls**mask*:*+sent_0**sep*";
  const before = "*cls**sent-_0*?*mask*,*+sent_1**sep*";
  const pair: Texts = ["one two three four five .", "six seven eight nine"];
  const joined = (...given: Parameters<typeof encode>) => encode(...given).tokens.join(" ");

  test("loses its end, as long as the mask stays", () => {
    expect(joined(["one two three ."], { template: behind }, 6)).toBe("<s> <mask> : Ġone Ġtwo Ġthree");
    expect(joined(["one two three ."], { template: behind }, 2)).toBe("<s> <mask>");
    expect(joined(pair, { template: before }, 11)).toBe("<s> one Ġtwo Ġthree Ġfour Ġfive Ġ ? <mask> , Ġsix");
    expect(encode(pair, { template: before }, 11)).toMatchObject({ removed: 4, truncated: 1 });
  });

  test("has its longest texts cut where the mask would be lost", () => {
    expect(joined(pair, { template: before }, 9)).toBe("<s> one Ġtwo Ġthree Ġfour Ġfive Ġ ? <mask>");
    expect(joined(pair, { template: before }, 8)).toBe("<s> one ? <mask> , Ġsix </s>");
    expect(joined(["one two three four five .", ""], { template: before }, 8)).toBe("<s> one Ġtwo ? <mask> , Ġ </s>");
    expect(joined(pair, { template: before }, 5)).toBe("<s> ? <mask> , </s>");
  });

  test("loses what is above the limits of its texts", () => {
    const limits = { firstTextLimit: 2, otherTextLimit: 3 };
    expect(joined(pair, { template: before, ...limits })).toBe("<s> one Ġtwo ? <mask> , Ġsix Ġseven Ġeight </s>");
    expect(encode(pair, { template: before, ...limits })).toMatchObject({ removed: 5, truncated: 1 });
  });

  test("is refused where the template alone is", () =>
    expect(() => encode(pair, { template: before }, 3)).toThrow(
      "max_seq_length: 3, expected at least the 5 tokens of the template",
    ));
});

test("a text with a mask of its own is refused", () =>
  expect(() => encode(["a <mask> ."], { template: "*cls**sent_0**mask*" })).toThrow(
    "train.tsv:7: the mask token in a text",
  ));

test("a tokenizer without a token of the template's is refused", () => {
  const specialTokens = { ...byteLevel.specialTokens, cls: null };
  expect(() => encode(["a"], { template: "*cls**sent_0**mask*" }, 9, { ...byteLevel, specialTokens })).toThrow(
    "template: the tokenizer has no cls token, which a prompt is made with",
  );
});

describe("words of classes", () => {
  const words = (no: string, yes: string, tokenizer: Tokenizer = byteLevel) =>
    tokenizer.tokensOf(wordIds({ template: "", words: { yes, no } }, ["no", "yes"], tokenizer));

  test("are tokens behind a blank, in the order of the classes", () => {
    expect(words("terrible", "great")).toEqual(["Ġterrible", "Ġgreat"]);
    expect(words("the", "other", tokenizers.bert)).toEqual(["the", "other"]);
    expect(words(".", "<mask>")).toEqual([".", "<mask>"]);
  });

  test.each([
    ["incorrect", 'mapping: the word "incorrect" is 3 tokens (Ġinc or rect), expected one of a single token'],
    ["great", 'mapping: "great" for both no and yes'],
    [",,,,", 'mapping: the tokenizer does not know the word ",,,,", expected one of a single token'],
  ])("%s is refused", (word, message) => expect(() => words("great", word)).toThrow(message));

  test("a word that is unknown to WordPiece is refused", () =>
    expect(() => words("the", "news", tokenizers.bert)).toThrow(
      'mapping: the tokenizer does not know the word "news", expected one of a single token',
    ));
});
