import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Texts } from "./examples.ts";
import { createTokenizer } from "./tokenizer.ts";
import type { Truncation } from "./truncation.ts";

interface Case {
  texts: Texts;
  maxLength: number;
  truncation: Truncation;
  ids: number[];
  typeIds: number[];
  fails?: true;
}
interface Fixture {
  tokenizer: Record<string, unknown>;
  config: Record<string, unknown>;
  specialTokens: Record<string, number | null>;
  vocabularySize: number;
  texts: (Case & { tokens: string[]; decoded: string })[];
  truncated: Case[];
  truncatedLeft: Case[];
  variants: { kind: string; changes: Record<string, unknown>; cases: Case[] }[];
}

function readJson(path: string): unknown {
  return JSON.parse(readFileSync(path, "utf8"));
}

const folder = new URL("../../test/fixtures/tokenizer/", import.meta.url).pathname;

describe.each(["bert", "roberta"])("%s", (name) => {
  const fixture = readJson(join(folder, `${name}.json`)) as Fixture;
  const tokenizer = createTokenizer(fixture.tokenizer, fixture.config, "tokenizer.json");
  const encoded = ({ texts, maxLength, truncation }: Case, by = tokenizer) => {
    const { ids, typeIds } = by.encode(texts, { maxLength, truncation });
    return { ids: [...ids], typeIds: [...typeIds] };
  };

  test.each(fixture.texts)("encodes $texts", (expected) => {
    expect(encoded(expected)).toEqual({ ids: expected.ids, typeIds: expected.typeIds });
    expect(tokenizer.tokensOf(expected.ids)).toEqual(expected.tokens);
    expect(tokenizer.decode(expected.ids)).toBe(expected.decoded);
  });

  test("cuts to every length as each strategy does", () => {
    for (const expected of fixture.truncated) {
      if (expected.fails) expect(() => encoded(expected)).toThrow(/^truncation: only_/);
      else
        expect(encoded(expected), JSON.stringify(expected)).toEqual({ ids: expected.ids, typeIds: expected.typeIds });
    }
    expect(fixture.truncated.filter(({ fails }) => fails).length).toBeGreaterThan(0);
  });

  test("cuts at the left where its configuration says so", () => {
    const left = createTokenizer(fixture.tokenizer, { ...fixture.config, truncation_side: "left" }, "tokenizer.json");
    for (const expected of fixture.truncatedLeft) expect(encoded(expected, left).ids).toEqual(expected.ids);
  });

  test.each(fixture.variants)("with $kind", ({ changes, cases }) => {
    const changed = createTokenizer({ ...fixture.tokenizer, ...changes }, fixture.config, "tokenizer.json");
    for (const expected of cases) {
      const what = JSON.stringify(expected.texts);
      expect(encoded(expected, changed), what).toEqual({ ids: expected.ids, typeIds: expected.typeIds });
    }
  });

  test("names its special tokens, with and without a configuration", () => {
    expect(tokenizer.specialTokens).toEqual(fixture.specialTokens);
    expect(createTokenizer(fixture.tokenizer, null, "tokenizer.json").specialTokens).toEqual(fixture.specialTokens);
    const config = { pad_token: { content: fixture.config["mask_token"] } };
    expect(createTokenizer(fixture.tokenizer, config, "tokenizer.json").specialTokens.pad).toBe(
      fixture.specialTokens["mask"],
    );
    expect(
      createTokenizer(fixture.tokenizer, { mask_token: "absent" }, "tokenizer.json").specialTokens.mask,
    ).toBeNull();
  });

  test("knows the size of its vocabulary", () => {
    expect(tokenizer.vocabularySize).toBe(fixture.vocabularySize);
    expect(() => tokenizer.tokensOf([fixture.vocabularySize])).toThrow(
      `tokenizer.json: no token has the id ${fixture.vocabularySize}`,
    );
  });

  test("tells the kind of a model that does not say it", () => {
    const { type: _, ...untyped } = fixture.tokenizer["model"] as Record<string, unknown>;
    const old = createTokenizer({ ...fixture.tokenizer, model: untyped }, fixture.config, "tokenizer.json");
    for (const expected of fixture.texts) expect(encoded(expected, old).ids).toEqual(expected.ids);
  });

  test("counts what it cuts off", () => {
    const text = "the the the the the";
    expect(tokenizer.encode([text], { maxLength: 7 }).removed).toBe(0);
    expect(tokenizer.encode([text, text], { maxLength: 10 }).removed).toBe(name === "bert" ? 3 : 4);
  });

  /** The texts that stand alone and are whole, with their ids, by the tokenizer that gives them. */
  const alone = [
    { by: tokenizer, cases: fixture.texts },
    ...fixture.variants.map(({ changes, cases }) => ({
      by: createTokenizer({ ...fixture.tokenizer, ...changes }, fixture.config, "tokenizer.json"),
      cases,
    })),
  ].map(({ by, cases }) => ({
    by,
    cases: cases.filter(({ texts, ids, maxLength }) => texts.length === 1 && ids.length < maxLength),
  }));

  test("gives the tokens of a text alone, however many, and puts the special tokens around them", () => {
    for (const { by, cases } of alone) {
      expect(cases.length).toBeGreaterThan(0);
      for (const { texts, ids, typeIds } of cases) {
        const tokens = by.tokenize(texts[0]);
        const framed = by.frame(tokens);
        expect([...framed.ids]).toEqual(ids);
        expect([...framed.typeIds]).toEqual(typeIds);
        expect(framed.removed).toBe(0);
        expect(by.specialCount).toBe(ids.length - tokens.length);
      }
    }
    expect(tokenizer.tokenize("the ".repeat(5000))).toHaveLength(name === "bert" ? 5000 : 5001);
    expect(new Set(alone.map(({ by }) => by.specialCount))).toEqual(new Set([0, 2]));
  });

  test("needs room for the special tokens", () => {
    for (const maxLength of [1, 0, -1, Number.NaN]) {
      expect(() => tokenizer.encode(["the"], { maxLength })).toThrow(
        `tokenizer.json: maximum length ${maxLength}, expected at least the 2 special tokens`,
      );
    }
  });
});

test("decodes nothing as nothing", () => {
  const { tokenizer, config } = readJson(join(folder, "bert.json")) as Fixture;
  expect(createTokenizer(tokenizer, config, "tokenizer.json").decode([])).toBe("");
});

test("declares a maximum length only where one is meant", () => {
  const { tokenizer } = readJson(join(folder, "bert.json")) as Fixture;
  const declared = (value: unknown) => createTokenizer(tokenizer, { model_max_length: value }, "t").modelMaxLength;
  expect([512, 1e30, null, undefined].map(declared)).toEqual([512, null, null, null]);
});

const model = { type: "WordPiece", unk_token: "[UNK]", continuing_subword_prefix: "##", vocab: { "[UNK]": 0, a: 1 } };

test.each([
  ["null", null, "t.json: Invalid input: expected object, received null"],
  ["an array", [], "t.json: Invalid input: expected object, received array"],
  ["no model", {}, "t.json: model: Invalid input: expected object, received undefined"],
  [
    "a model without a vocabulary",
    { model: {} },
    "t.json: model.vocab: Invalid input: expected record, received undefined",
  ],
  [
    "an id that is none",
    { model: { ...model, vocab: { a: "x" } } },
    "t.json: model.vocab.a: Invalid input: expected number, received string",
  ],
  [
    "a model of another kind",
    { model: { type: "X", vocab: {} } },
    't.json: model.type: Invalid option: expected one of "WordPiece"|"BPE"|"Unigram"',
  ],
  [
    "an unknown normaliser",
    { model, normalizer: { type: "X" } },
    "t.json: not a tokenizer that can be read: Unknown Normalizer type: X",
  ],
  [
    "added tokens without ids",
    { model, added_tokens: [{ content: "x" }] },
    "t.json: added_tokens.0.id: Invalid input: expected number, received undefined",
  ],
])("refuses %s", (_, file, message) => {
  expect(() => createTokenizer(file, null, "t.json")).toThrow(new Error(message));
});

test("refuses a configuration that is none", () => {
  expect(() => createTokenizer({ model }, [], "t.json")).toThrow(
    "t.json: its tokenizer_config.json: Invalid input: expected object, received array",
  );
});

test("refuses a text with a word the vocabulary cannot hold", () => {
  const bare = createTokenizer({ model: { ...model, unk_token: "absent" } }, null, "t.json");
  expect(() => bare.encode(["b"], { maxLength: 9 })).toThrow(
    't.json: no id for "absent", and no token for unknown words',
  );
});

test.each([
  [true, [0, 1]],
  [false, [2]],
])("bytes are split into words only where use_regex is %s", (useRegex, expected) => {
  const bytes = { type: "BPE", vocab: { a: 0, "!": 1, "a!": 2 }, merges: [["a", "!"]] };
  const pre_tokenizer = { type: "ByteLevel", add_prefix_space: false, use_regex: useRegex };
  const made = createTokenizer({ model: bytes, pre_tokenizer }, null, "t.json");
  expect([...made.encode(["a!"], { maxLength: 9 }).ids]).toEqual(expected);
});

const minilm = process.env["ROCOFT_MINILM"] ?? "";
const minilmFile = join(minilm, "tokenizer.json");
const reason = minilm ? "" : " (skipped: ROCOFT_MINILM names no folder)";

test.skipIf(!minilm)(`reads all-MiniLM-L6-v2's tokenizer${reason}`, () => {
  expect(existsSync(minilmFile)).toBe(true);
  const read = createTokenizer(readJson(minilmFile), readJson(join(minilm, "tokenizer_config.json")), minilmFile);
  const expected = readJson(join(folder, "minilm-expected.json")) as { vocabularySize: number; cases: Case[] };
  expect(read.vocabularySize).toBe(expected.vocabularySize);
  for (const { texts, maxLength, ids, typeIds } of expected.cases) {
    const made = read.encode(texts, { maxLength });
    expect({ ids: [...made.ids], typeIds: [...made.typeIds] }).toEqual({ ids, typeIds });
  }
});
