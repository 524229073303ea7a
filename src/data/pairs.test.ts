import { describe, expect, test } from "vitest";
import type { Dataset, Texts } from "./examples.ts";
import { encodePairs } from "./pairs.ts";
import { createTokenizer } from "./tokenizer.ts";

/** A tokenizer of words a to f, which puts [CLS] in front of a text and [SEP] behind it. */
const words = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "a", "b", "c", "d", "e", "f"];
const tokenizer = createTokenizer(
  {
    model: {
      type: "WordPiece",
      vocab: Object.fromEntries(words.map((word, id) => [word, id])),
      unk_token: "[UNK]",
      continuing_subword_prefix: "##",
      max_input_chars_per_word: 100,
    },
    added_tokens: words.slice(0, 4).map((content, id) => ({ id, content, special: true })),
    pre_tokenizer: { type: "BertPreTokenizer" },
    post_processor: { type: "BertProcessing", cls: ["[CLS]", 1], sep: ["[SEP]", 2] },
  },
  null,
  "tokenizer.json",
);

const pairs = (...texts: Texts[]): Dataset => ({
  where: "pairs.jsonl",
  examples: texts.map((each, i) => ({ line: 10 * i + 1, texts: each, label: null })),
});
const encode = (dataset: Dataset, maxSourceLength = 6, maxTargetLength = 4) =>
  encodePairs(dataset, tokenizer, { maxSourceLength, maxTargetLength });

describe("pairs", () => {
  test("are two texts, each with special tokens of its own", () => {
    const { where, encodings, lines, lengths, labels, truncated } = encode(pairs(["a b c", "d e"], ["f", "a"]));
    expect(encodings.map(({ ids, target }) => [[...ids], [...target!]])).toEqual([
      [
        [1, 4, 5, 6, 2],
        [1, 7, 8, 2],
      ],
      [
        [1, 9, 2],
        [1, 4, 2],
      ],
    ]);
    expect([where, [...lines], [...lengths], truncated]).toEqual(["pairs.jsonl", [1, 11], [5, 3], 0]);
    expect([...labels]).toEqual([NaN, NaN]);
  });

  test("are cut apart, and counted where either is", () => {
    const { encodings, truncated } = encode(pairs(["a b c d e", "a"], ["a", "a b c"], ["a", "b"]), 5, 3);
    expect(encodings.map(({ ids, target, removed }) => [ids.length, target!.length, removed])).toEqual([
      [5, 3, 2],
      [3, 3, 2],
      [3, 3, 0],
    ]);
    expect(truncated).toBe(2);
  });

  test("without a target are an error that names the line", () =>
    expect(() => encode(pairs(["a", "b"], ["a"]))).toThrow(
      new Error("pairs.jsonl:11: no target, expected a source and a target"),
    ));

  test("whose target has no tokens are one too, where no special tokens stand around it", () => {
    const bare = { ...tokenizer, encode: () => ({ ids: new Int32Array(), typeIds: new Uint8Array(), removed: 0 }) };
    expect(() => encodePairs(pairs(["a", ""]), bare, { maxSourceLength: 4, maxTargetLength: 4 })).toThrow(
      new Error("pairs.jsonl:1: a target without tokens, expected at least one"),
    );
  });
});
