import { expect, test } from "vitest";
import { decodeUtf8, quote, withoutByteOrderMark } from "./text.ts";

test("UTF-8 is decoded, and a leading byte order mark dropped", () => {
  expect(decodeUtf8(Buffer.from("\ufeffnaïve 名\n\ufeff"), "x")).toBe("naïve 名\n\ufeff");
  expect(withoutByteOrderMark("\ufeff\ufeffa")).toBe("\ufeffa");
});

test.for([
  ["a lone continuation byte", [0x61, 0x0a, 0x62, 0x80, 0x0a, 0x63], 2],
  ["a sequence cut by a newline", [0x61, 0x0a, 0x0a, 0xe5, 0x90, 0x0a, 0x63], 3],
  ["a sequence cut by the end", [0x61, 0x0a, 0xe5, 0x90], 2],
  ["UTF-16", [0xff, 0xfe, 0x61, 0x00], 1],
] as const)("%s is named by its line", ([, bytes, line], { expect }) => {
  expect(() => decodeUtf8(Uint8Array.from(bytes), "data.tsv")).toThrow(
    `data.tsv:${line}: bytes that are not UTF-8, expected UTF-8 text`,
  );
});

test("quoted text stays on one line and short", () => {
  expect(quote('a "b"\n')).toBe(String.raw`"a \"b\"\n"`);
  expect(quote("x".repeat(1000))).toBe(`"${"x".repeat(60)}…"`);
});
