import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { longestCommonSubsequence } from "./longest-common-subsequence.ts";
import { porterStem } from "./porter-stemmer.ts";
import { meanRouge, rouge, type RougeScore, rougeScores, type RougeType } from "./rouge.ts";
import { rougeTokens } from "./rouge-tokens.ts";

interface Pair {
  readonly references: readonly string[];
  readonly prediction: string;
  readonly useStemmer: boolean;
  /** Precision, recall and F of the best reference. */
  readonly scores: Readonly<Record<RougeType, readonly [number, number, number]>>;
}

interface Fixture {
  readonly pairs: readonly Pair[];
  readonly tokens: readonly { readonly text: string; readonly words: readonly (readonly string[])[] }[];
  readonly stems: Readonly<Record<string, string>>;
}

const fixture: Fixture = JSON.parse(readFileSync(join(import.meta.dirname, "../../test/fixtures/rouge.json"), "utf8"));
const types: readonly RougeType[] = ["rouge1", "rouge2", "rougeL", "rougeLsum"];

describe("as rouge_score", () => {
  const single = fixture.pairs.filter(({ references }) => references.length === 1);

  test("every type of every pair", () => {
    for (const { references, prediction, useStemmer, scores } of single) {
      const found = rougeScores(references[0]!, prediction, { useStemmer });
      expect(triples(found), JSON.stringify([references, prediction])).toEqual(scores);
    }
    expect(single.length).toBeGreaterThan(200);
  });

  test("the best of several references, type by type", () => {
    const several = fixture.pairs.filter(({ references }) => references.length > 1);
    for (const { references, prediction, useStemmer, scores } of several) {
      const expected = Object.fromEntries(types.map((type) => [type, scores[type][2]]));
      expect(meanRouge([references], [prediction], { useStemmer })).toEqual(expected);
    }
    expect(several.length).toBeGreaterThan(40);
  });

  test("the mean over items", () => {
    const stemmed = fixture.pairs.filter(({ useStemmer }) => useStemmer);
    const found = rouge.compute(
      stemmed.map(({ references }) => references),
      stemmed.map(({ prediction }) => prediction),
    );
    for (const type of types) {
      const sum = stemmed.reduce((total, { scores }) => total + scores[type][2], 0);
      expect(found[type]).toBeCloseTo(sum / stemmed.length, 14);
    }
  });

  test("its words, with and without the stemmer", () => {
    for (const { text, words } of fixture.tokens) {
      expect([false, true].map((useStemmer) => rougeTokens(text, { useStemmer }))).toEqual(words);
    }
  });
});

function triples(scores: Readonly<Record<RougeType, RougeScore>>): Record<string, number[]> {
  return Object.fromEntries(
    Object.entries(scores).map(([type, { precision, recall, fmeasure }]) => [type, [precision, recall, fmeasure]]),
  );
}

test("stems are nltk's", () => {
  const words = Object.keys(fixture.stems);
  expect(Object.fromEntries(words.map((word) => [word, porterStem(word)]))).toEqual(fixture.stems);
  expect(words.length).toBe(2000);
});

test("an item without a reference is refused", () => {
  expect(() => rouge.compute([["a"], []], ["a", "b"])).toThrow(
    new Error("rouge: item 2 has no reference, expected at least one"),
  );
});

test("of several longest common subsequences, the one that rouge_score reads", () => {
  const places = (a: string, b: string) => longestCommonSubsequence([...a], [...b]);
  expect(places("xy", "yx")).toEqual([0]);
  expect(places("aab", "ab")).toEqual([1, 2]);
  expect(places("abc", "")).toEqual([]);
  expect(places("", "abc")).toEqual([]);
});

test("1,000 references of 700 words and predictions of 60 take seconds", () => {
  const text = (words: number, lines: number, seed: number) =>
    Array.from({ length: lines }, (_, line) =>
      Array.from({ length: words / lines }, (_, i) => `w${(seed + line * 7919 + i * i * 31) % 97}`).join(" "),
    ).join("\n");
  const references = Array.from({ length: 1000 }, (_, i) => [text(700, 35, i)]);
  const predictions = Array.from({ length: 1000 }, (_, i) => text(60, 3, i + 1));
  const start = performance.now();
  rouge.compute(references, predictions);
  expect(performance.now() - start).toBeLessThan(20_000);
});
