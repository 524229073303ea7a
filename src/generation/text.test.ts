import { describe, expect, test } from "vitest";
import { readText, stopFinder, textOf } from "./text.ts";

/** Each token is some bytes, as in a byte-level vocabulary. */
const bytesOf = (...tokens: readonly (string | readonly number[])[]) => {
  const spelled = tokens.map((token) => (typeof token === "string" ? [...new TextEncoder().encode(token)] : token));
  const decode = (ids: readonly number[]) =>
    new TextDecoder().decode(Uint8Array.from(ids.flatMap((id) => spelled[id]!)));
  return { decode, ids: [...spelled.keys()] };
};
/** Each token is a word; a blank stands before all but the first, as SentencePiece decodes. */
const words = (ids: readonly number[]) => ids.map((id) => "abcdefgh"[id]).join(" ");

function piecesOf(
  decode: (ids: readonly number[]) => string,
  prompt: number[],
  ids: readonly number[],
  stops: string[],
) {
  const reader = readText(decode, prompt, stops);
  const pieces = ids.map((id) => reader.push(id));
  return { texts: pieces.map(({ text }) => text), stopped: pieces.map(({ stopped }) => stopped), end: reader.end() };
}

describe("text in pieces", () => {
  test("a blank stands before the first word after a prompt", () => {
    expect(piecesOf(words, [0, 1], [2, 3], []).texts).toEqual([" c", " d"]);
    expect(piecesOf(words, [], [2, 3], []).texts).toEqual(["c", " d"]);
  });

  test("a character that is spread over tokens comes whole", () => {
    const [first, ...rest] = new TextEncoder().encode("😀");
    const { decode, ids } = bytesOf("a", [first!], [rest[0]!, rest[1]!], [rest[2]!], "b");
    expect(piecesOf(decode, [], ids, []).texts).toEqual(["a", "", "", "😀", "b"]);
  });

  test("what is no character is given at the end", () => {
    const { decode, ids } = bytesOf("a", [0xf0]);
    expect(piecesOf(decode, [], ids, [])).toEqual({ texts: ["a", ""], stopped: [false, false], end: "\ufffd" });
  });

  test("the beginning of a stop string is held back until it is none", () => {
    const { decode, ids } = bytesOf("one #", "# two ", "##", "#", " three");
    expect(piecesOf(decode, [], ids, ["###"])).toEqual({
      texts: ["one ", "## two ", "", "", ""],
      stopped: [false, false, false, true, true],
      end: "",
    });
    expect(piecesOf(decode, [], ids.slice(0, 3), ["###"]).end).toBe("##");
  });

  test("the text ends before the stop string that comes first", () => {
    const { decode, ids } = bytesOf("abcdef");
    expect(textOf(decode, [], ids, ["ef", "cd", "zz"])).toBe("ab");
  });

  test("pieces together are the whole text, however it is cut", () => {
    const bytes = [...new TextEncoder().encode("für 5 € – 漢字 😀.")];
    const { decode, ids } = bytesOf(...bytes.map((byte) => [byte]));
    expect(textOf(decode, [], ids, ["xyz"])).toBe("für 5 € – 漢字 😀.");
    expect(piecesOf(decode, [], ids, []).texts.join("")).not.toContain("\ufffd");
  });
});

describe("a stop string is found", () => {
  const { decode } = bytesOf("sto", "p", "x");
  const found = stopFinder(decode, [0], ["stop", "xx"]);

  test("over tokens, in new tokens alone", () => {
    expect(found([1])).toBe(false);
    expect(found([0, 1])).toBe(true);
    expect(found([2, 0, 1, 2])).toBe(true);
  });

  test("at the end of a long text", () => {
    const long = Array.from({ length: 500 }, (_, i) => (i % 2 === 0 ? 1 : 2));
    expect(found(long)).toBe(false);
    expect(found([...long, 2])).toBe(true);
  });
});
