import * as fc from "fast-check";
import { expect, test } from "vitest";
import { encodeBlocks } from "./blocks.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** Every character is a token, its code the id. A text stands between < and >; texts are separated by `separator`. */
function letters(separator: string | null = "|"): Tokenizer {
  const unused = () => {
    throw new Error("blocks need no such thing");
  };
  const codes = (text: string) => Array.from(text, (letter) => letter.charCodeAt(0));
  return {
    specialTokens: {
      pad: null,
      cls: null,
      sep: separator?.charCodeAt(0) ?? null,
      mask: null,
      unk: null,
      bos: null,
      eos: null,
    },
    specialTokenIds: new Set(),
    continuingPrefix: null,
    vocabularySize: 128,
    modelMaxLength: null,
    specialCount: 2,
    pairSpecialCount: 2,
    tokenize: codes,
    tokenizeWithOffsets: unused,
    framePair: unused,
    frame: (ids) => ({
      ids: Int32Array.from([...codes("<"), ...ids, ...codes(">")]),
      typeIds: new Uint8Array(ids.length + 2),
      removed: 0,
    }),
    encode: unused,
    decode: unused,
    idOf: unused,
    tokensOf: unused,
    chatTemplate: unused,
  };
}

/** The blocks of texts, each spelt out; a text's line is ten times its number. */
function blocksOf(texts: readonly string[], maxLength: number, tokenizer: Tokenizer = letters()) {
  const examples = texts.map((text, i) => ({ texts: [text] as const, line: 10 * (i + 1), label: null }));
  const encoded = encodeBlocks({ where: "texts.txt", examples }, tokenizer, { maxLength });
  const blocks = encoded.encodings.map(({ ids }) => String.fromCharCode(...ids));
  return { ...encoded, blocks, lines: [...encoded.lines] };
}

test.each<[string, string[], number, string[], number[]]>([
  ["short texts are joined, a separator between them", ["ab", "c", "de"], 9, ["<ab|c|de>"], [10]],
  ["a long text is divided", ["abcdefgh"], 6, ["<abcd>", "<efgh>"], [10, 10]],
  ["a block takes the beginning of a text, the next one the rest", ["ab", "cdefg"], 6, ["<ab|c>", "<defg>"], [10, 20]],
  ["between texts that end with a block there is no separator", ["abcd", "efgh"], 6, ["<abcd>", "<efgh>"], [10, 20]],
  ["a separator may be a block's last token", ["abc", "defg"], 6, ["<abc|>", "<defg>"], [10, 20]],
  ["a block may hold one token", ["abc", "d"], 3, ["<a>", "<b>", "<c>", "<d>"], [10, 10, 10, 20]],
  ["a text without tokens begins no block", ["", "abcd"], 6, ["<abcd>"], [20]],
])("%s", (_, texts, maxLength, blocks, lines) => {
  const encoded = blocksOf(texts, maxLength);
  expect({ blocks: encoded.blocks, lines: encoded.lines }).toEqual({ blocks, lines });
});

test("a tokenizer without a separator joins texts directly; the last block is shorter", () => {
  const { blocks, lines } = blocksOf(["abc", "de", "fghij"], 6, letters(null));
  expect(blocks).toEqual(["<abcd>", "<efgh>", "<ij>"]);
  expect(lines).toEqual([10, 20, 30]);
});

test.each<[string, string[], string]>([
  ["after the last text", ["ab", "c"], "<ab|c>"],
  ["around a text without tokens", ["ab", "", "cd"], "<ab|cd>"],
])("a separator stands between two texts, not %s", (_, texts, block) => {
  expect(blocksOf(texts, 9).blocks).toEqual([block]);
});

test.each([[[]], [["", ""]]])("texts %j without a token are refused", (texts) => {
  expect(() => blocksOf(texts, 6)).toThrow(
    new Error("texts.txt: no tokens, expected at least one text that is not empty"),
  );
});

test("blocks are examples without labels, and none counts as cut", () => {
  const { where, labels, lengths, truncated, encodings } = blocksOf(["abcdefgh"], 6);
  expect({ where, labels, lengths, truncated }).toEqual({
    where: "texts.txt",
    labels: Float64Array.of(NaN, NaN),
    lengths: Int32Array.of(6, 6),
    truncated: 0,
  });
  expect(encodings.map(({ removed }) => removed)).toEqual([0, 0]);
});

test("any texts: all tokens in their order, every block but the last is full, none begins with a separator", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 12 });
  fc.assert(
    fc.property(fc.array(text, { maxLength: 8 }), fc.integer({ min: 3, max: 9 }), (texts, maxLength) => {
      fc.pre(texts.join("") !== "");
      const { blocks, lines, lengths } = blocksOf(texts, maxLength);
      const inner = blocks.map((block) => block.slice(1, -1));
      const tokens = (block: string) => block.replaceAll("|", "");
      expect(inner.map(tokens).join("")).toBe(texts.join(""));
      expect([...lengths.slice(0, -1)]).toEqual(blocks.slice(1).map(() => maxLength));
      expect(blocks.every((block) => block.length > 2 && block.length <= maxLength)).toBe(true);
      expect(inner.filter((block) => block.startsWith("|"))).toEqual([]);
      const lineOfToken = texts.flatMap((text, i) => Array.from(text, () => 10 * (i + 1)));
      const begins = inner.map((_, i) => inner.slice(0, i).map(tokens).join("").length);
      expect(lines).toEqual(begins.map((at) => lineOfToken[at]));
    }),
  );
});

test.each([2, 1, 0])("a longest sequence of %i leaves no room", (maxLength) => {
  expect(() => blocksOf(["a"], maxLength)).toThrow(
    new Error(`max_seq_length: ${maxLength}, expected more than the 2 special tokens of a text`),
  );
});
