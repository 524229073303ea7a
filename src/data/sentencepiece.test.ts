/** Tokenizers of SentencePiece's kinds: BPE with bytes for unknown characters, and Unigram. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Texts } from "./examples.ts";
import { createTokenizer } from "./tokenizer.ts";

interface Case {
  readonly texts: Texts;
  readonly maxLength: number;
  readonly ids: readonly number[];
  readonly typeIds: readonly number[];
}
interface Decoded extends Case {
  readonly tokens: readonly string[];
  readonly decoded: string;
  readonly tail: string;
  readonly whole: string;
}
interface Fixture {
  readonly tokenizer: Readonly<Record<string, unknown>>;
  readonly config: Readonly<Record<string, unknown>>;
  readonly specialTokens: Readonly<Record<string, number | null>>;
  readonly vocabularySize: number;
  readonly texts: readonly Decoded[];
  readonly variants: readonly {
    readonly kind: string;
    readonly changes: Readonly<Record<string, unknown>>;
    readonly cases: readonly Case[];
  }[];
}

const folder = join(import.meta.dirname, "../../test/fixtures/tokenizer");

describe.each(["llama", "unigram"])("%s", (name) => {
  const fixture = JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")) as Fixture;
  const tokenizer = createTokenizer(fixture.tokenizer, fixture.config, "tokenizer.json");
  const encoded = ({ texts, maxLength }: Case, by = tokenizer) => {
    const { ids, typeIds } = by.encode(texts, { maxLength });
    return { ids: [...ids], typeIds: [...typeIds] };
  };

  test.each(fixture.texts)("encodes and decodes $texts", (expected) => {
    const { ids, typeIds, tokens, decoded, tail, whole } = expected;
    expect(encoded(expected)).toEqual({ ids, typeIds });
    expect(tokenizer.tokensOf(ids)).toEqual(tokens);
    expect(tokenizer.decode(ids)).toBe(decoded);
    expect(tokenizer.decode(ids, { skipSpecialTokens: false })).toBe(whole);
    expect(tokenizer.decode(ids.slice(Math.floor(ids.length / 3)))).toBe(tail);
  });

  test.each(fixture.variants)("with $kind", ({ changes, cases }) => {
    const changed = createTokenizer({ ...fixture.tokenizer, ...changes }, fixture.config, "tokenizer.json");
    for (const expected of cases) {
      const { ids, typeIds } = expected;
      expect(encoded(expected, changed), JSON.stringify(expected.texts)).toEqual({ ids, typeIds });
    }
  });

  test("knows its special tokens, its size and, untold, its kind", () => {
    const named = Object.entries(fixture.specialTokens).filter(([, id]) => id !== null);
    expect(tokenizer.specialTokens).toMatchObject(Object.fromEntries(named));
    expect(tokenizer.vocabularySize).toBe(fixture.vocabularySize);
    const { type: _, ...untyped } = fixture.tokenizer["model"] as Record<string, unknown>;
    const old = createTokenizer({ ...fixture.tokenizer, model: untyped }, fixture.config, "tokenizer.json");
    for (const expected of fixture.texts) expect(encoded(expected, old).ids).toEqual(expected.ids);
  });

  test("ids that a model has and the vocabulary lacks stand for nothing", () => {
    const { ids, decoded } = fixture.texts.find(({ texts }) => texts.length === 1 && texts[0].length > 20)!;
    expect(tokenizer.decode([fixture.vocabularySize, ...ids, fixture.vocabularySize + 7])).toBe(decoded);
  });
});

const unigram = {
  type: "Unigram",
  unk_id: 0,
  vocab: [
    ["<unk>", 0],
    ["a", -1],
  ],
};

test.each([
  [
    "an empty vocabulary",
    { ...unigram, vocab: [] },
    "t.json: model.vocab: Too small: expected array to have >=1 items",
  ],
  [
    "a vocabulary without scores",
    { ...unigram, vocab: [["a"]] },
    "t.json: model.vocab.0: Too small: expected array to have >=2 items",
  ],
  [
    "bytes for unknown characters",
    { ...unigram, byte_fallback: true },
    "t.json: model.byte_fallback: Invalid input: expected false",
  ],
])("a Unigram with %s is refused", (_, model, message) => {
  expect(() => createTokenizer({ model }, null, "t.json")).toThrow(new Error(message));
});

test.each([
  ["", "t.json: not a tokenizer that can be read: a precompiled_charsmap that is no table of replacements"],
  ["AAAA////", "t.json: not a tokenizer that can be read: a precompiled_charsmap that is no table of replacements"],
])("the table of replacements %j is refused", (precompiled_charsmap, message) => {
  const normalizer = { type: "Sequence", normalizers: [{ type: "Precompiled", precompiled_charsmap }] };
  expect(() => createTokenizer({ model: unigram, normalizer }, null, "t.json")).toThrow(new Error(message));
});
