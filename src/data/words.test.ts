import { expect, test } from "vitest";
import { wordsOf } from "./words.ts";

test.each<[string, string | null, readonly string[], string]>([
  ["WordPiece's prefix", "##", ["mill", "##er", ",", "flour"], "0100"],
  ["blanks of byte-level tokens", null, ["Ġmill", "er", ",", "Ġflour", "Ċ", "ĠĠ"], "011000"],
  ["SentencePiece's blanks", null, ["▁mill", "er", "▁", "<0x0A>"], "0101"],
])("words by %s", (_, continuingPrefix, tokens, expected) => {
  const goesOn = wordsOf({ continuingPrefix, tokensOf: (ids) => Array.from(ids, (id) => tokens[id]!) });
  expect(tokens.map((_token, id) => Number(goesOn(id))).join("")).toBe(expected);
  expect(tokens.map((_token, id) => Number(goesOn(id))).join("")).toBe(expected);
});
