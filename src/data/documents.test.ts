import * as fc from "fast-check";
import { expect, test } from "vitest";
import { letters } from "./letters.cases.ts";
import { encodeDocuments } from "./documents.ts";

/** The sequences of texts, each spelt out; a text's line is ten times its number. */
function sequencesOf(texts: readonly string[], maxLength: number, joined = true, tokenizer = letters()) {
  const examples = texts.map((text, i) => ({ texts: [text] as const, line: 10 * (i + 1), label: null }));
  const encoded = encodeDocuments({ where: "texts.txt", examples }, tokenizer, { maxLength, joined });
  return {
    ...encoded,
    texts: encoded.encodings.map(({ ids }) => String.fromCharCode(...ids)),
    lines: [...encoded.lines],
  };
}

test.each<[string, string[], number, string[], number[]]>([
  ["short texts are joined, the end of each between them", ["ab", "c", "de"], 11, ["<ab.<c.<de."], [10]],
  ["a long text is divided", ["abcdefgh"], 5, ["<abcd", "efgh."], [10, 10]],
  [
    "a sequence takes the beginning of a text, the next one the rest",
    ["ab", "cdefg"],
    6,
    ["<ab.<c", "defg."],
    [10, 20],
  ],
  ["empty texts leave nothing", ["", "ab", ""], 8, ["<ab."], [20]],
  ["a rest of one token is left out", ["abc"], 4, ["<abc"], [10]],
])("%s", (_, texts, maxLength, expected, lines) => {
  expect(sequencesOf(texts, maxLength)).toMatchObject({ texts: expected, lines, truncated: 0 });
});

test("texts that are not joined begin a sequence each", () => {
  const { texts, lines } = sequencesOf(["ab", "cdefg", "h"], 5, false);
  expect(texts).toEqual(["<ab.", "<cdef", "g.", "<h."]);
  expect(lines).toEqual([10, 20, 20, 30]);
});

test("a tokenizer that frames with nothing ends texts all the same, one that ends them itself not twice", () => {
  expect(sequencesOf(["ab", "c"], 9, true, letters({ frame: ["", ""] })).texts).toEqual(["ab.c."]);
  expect(sequencesOf(["ab", "c"], 9, true, letters({ frame: ["<", "."] })).texts).toEqual(["<ab.<c."]);
});

test("no token is left out but a last one alone, and all sequences but the last of a row are full", () => {
  const texts = fc.array(fc.string({ unit: fc.constantFrom("a", "b"), maxLength: 9 }), { minLength: 1, maxLength: 9 });
  fc.assert(
    fc.property(texts, fc.integer({ min: 2, max: 7 }), (given, maxLength) => {
      fc.pre(given.some((text) => text !== ""));
      const whole = given.map((text) => (text === "" ? "" : `<${text}.`)).join("");
      const { texts: made } = sequencesOf(given, maxLength);
      const joined = made.join("");
      expect(whole.startsWith(joined) && whole.length - joined.length < 2).toBe(true);
      for (const text of made.slice(0, -1)) expect(text).toHaveLength(maxLength);
    }),
  );
});

test.each<[string, string[], Parameters<typeof letters>[0], string]>([
  ["texts without tokens", ["", ""], {}, "texts.txt: no tokens, expected at least one text that is not empty"],
  [
    "a tokenizer without an end",
    ["a"],
    { eos: null },
    "tokenizer_config.json: no eos_token, which a language model learns to end its texts with",
  ],
])("refuses %s", (_, texts, settings, message) => {
  expect(() => sequencesOf(texts, 8, true, letters(settings))).toThrow(new Error(message));
});
