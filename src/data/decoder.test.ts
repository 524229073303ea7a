import { expect, test } from "vitest";
import { readDecoder } from "./decoder.ts";

/** What the Rust tokenizers make of the same tokens. */
test.each([
  [null, ["a", "b"], "a b"],
  [{ type: "ByteLevel" }, ["Ġa", "Ã", "©", "Ł"], " aé\ufffd"],
  [{ type: "ByteLevel" }, ["<think>", "Ġ", "two words"], "<think> two words"],
  [{ type: "WordPiece", prefix: "##", cleanup: true }, ["he", "##llo", "do", "n't", ".", "'s"], "hello don't.'s"],
  [{ type: "WordPiece", prefix: "##", cleanup: false }, ["##he", "##llo", "."], "##hello ."],
  [{ type: "Metaspace", replacement: "▁", prepend_scheme: "always" }, ["▁a▁", "▁b"], "a b"],
  [{ type: "Metaspace", replacement: "▁", prepend_scheme: "never" }, ["▁a", "▁b"], " a b"],
  [{ type: "BPEDecoder", suffix: "</w>" }, ["a</w>", "b</w>"], "a b"],
  [{ type: "ByteFallback" }, ["<0xE2>", "<0x96>", "<0x81>", "a", "<0xE2>", "<0x96>", "b"], "▁a\ufffd\ufffdb"],
  [{ type: "ByteFallback" }, ["<0xEF>", "<0xBB>", "<0xBF>", "<0x0>", "<0xGG>"], "\ufeff<0x0><0xGG>"],
  [
    { type: "Sequence", decoders: [{ type: "Fuse" }, { type: "Strip", content: " ", start: 1, stop: 2 }] },
    ["  a", "  "],
    " a",
  ],
  [{ type: "Strip", content: "_", start: 9, stop: 9 }, ["__a_"], "a"],
  [{ type: "Replace", pattern: { String: "▁" }, content: "$&" }, ["▁a▁"], "$&a$&"],
])("%j", (decoder, tokens, expected) => {
  expect(readDecoder(decoder, "t.json")(tokens)).toBe(expected);
});

test.each([
  [
    { type: "CTC" },
    't.json: decoder of type "CTC", expected one of ByteLevel, ByteFallback, Fuse, WordPiece, Metaspace, BPEDecoder, Replace, Strip, Sequence',
  ],
  [{ type: "Sequence", decoders: [{ type: "toString" }] }, /^t\.json: decoder of type "toString", expected one of /],
  [{ type: "Replace", content: "" }, "t.json: decoder.pattern: Invalid input: expected object, received undefined"],
  [{ type: "Strip", content: " ", start: -1, stop: 0 }, "t.json: decoder.start: Too small: expected number to be >=0"],
])("%j is refused", (decoder, message) => {
  expect(() => readDecoder(decoder, "t.json")).toThrow(message instanceof RegExp ? message : new Error(message));
});
