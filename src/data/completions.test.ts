import { expect, test } from "vitest";
import { encodeCompletions } from "./completions.ts";
import { letters, type Letters } from "./letters.cases.ts";

function encode(prompt: string, completion: string, maxLength = 100, settings: Letters = {}, kept?: number) {
  const texts = [prompt, completion] as const;
  const examples = [{ line: 1, texts, label: null, ...(kept !== undefined && { kept }) }];
  return encodeCompletions({ where: "data.jsonl", examples }, letters(settings), { maxLength });
}

/** The tokens of the only example, what carries loss in brackets; a pair of characters shows as #. */
function shown(...given: Parameters<typeof encode>): string {
  const [{ ids, asked } = { ids: [], asked: [] }] = encode(...given).encodings;
  const text = Array.from(ids, (id, i) => {
    const token = id >= 1000 ? "#" : String.fromCharCode(id);
    return asked![i] === 1 ? `[${token}]` : token;
  });
  return text.join("").replaceAll("][", "");
}

test.each<[string, string, string, Letters, string]>([
  ["the completion and its end", "ab", "cd", {}, "<ab[cd.]"],
  ["without a token before the text", "ab", "cd", { frame: ["", ""] }, "ab[cd.]"],
  ["the tokenizer's own end", "ab", "cd", { frame: ["<", "."] }, "<ab[cd.]"],
  ["without a prompt", "", "cd", {}, "<[cd.]"],
  ["a token that the prompt and the completion share is the completion's", "ab", "cd", { pairs: ["bc"] }, "<a[#d.]"],
  ["tokens as the two texts have them together", "ab", "cd", { pairs: ["ab", "cd"] }, "<#[#.]"],
])("carry loss: %s", (_, prompt, completion, settings, expected) => {
  expect(shown(prompt, completion, 100, settings)).toBe(expected);
});

test.each<[number, string]>([
  [11, "<abcdef[uvw.]"],
  [10, "<bcdef[uvw.]"],
  [9, "<cdef[uvw.]"],
  [8, "<def[uvw.]"],
  [7, "<def[uvw]"],
  [4, "<f[uv]"],
  [3, "<f[u]"],
])(
  "at %d tokens the prompt is cut at its left, the completion at its right to half of the room",
  (maxLength, expected) => {
    expect(shown("abcdef", "uvw", maxLength)).toBe(expected);
  },
);

test.each<[number, string]>([
  [11, "<abcdef[uvw.]"],
  [10, "<abcef[uvw.]"],
  [8, "<aef[uvw.]"],
  [7, "<aef[uvw]"],
  [5, "<ef[uv]"],
  [4, "<f[uv]"],
])("at %d tokens a prompt that keeps its end is cut before it", (maxLength, expected) => {
  expect(shown("abcdef", "uvw", maxLength, {}, 2)).toBe(expected);
});

test("a completion takes what a short prompt leaves", () => {
  expect(shown("a", "uvwxyz", 6)).toBe("<a[uvwx]");
});

test("what was cut is counted", () => {
  const { encodings, truncated, skipped } = encode("abcdef", "uvw", 7);
  expect([encodings[0]!.removed, truncated, skipped]).toEqual([4, 1, 0]);
  expect(encode("a", "b")).toMatchObject({ truncated: 0 });
});

test("no room for a prompt and its completion is refused", () => {
  expect(() => encode("a", "b", 2)).toThrow(
    new Error("max_seq_length: 2, expected room for a prompt and its completion"),
  );
});
