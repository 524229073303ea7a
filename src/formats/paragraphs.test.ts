import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readRows } from "./table.ts";

/** Each paragraph with the line it begins on. */
const paragraphs = (text: string) => readRows(text, "x.txt").rows.map(({ line, values }) => [line, values["text"]]);

test("blank lines divide, line breaks inside a paragraph stay, and nothing is trimmed", () => {
  const text = "one\n two \n\nthree\n\n\n\tfour\nfive\n";
  expect(readRows(text, "x.txt")).toEqual({
    columns: ["text"],
    rows: [
      { line: 1, values: { text: "one\n two " } },
      { line: 4, values: { text: "three" } },
      { line: 7, values: { text: "\tfour\nfive" } },
    ],
  });
});

test.for<[string, string, [number, string][]]>([
  [
    "no line break at the end",
    "a\n\nb",
    [
      [1, "a"],
      [3, "b"],
    ],
  ],
  ["one line", "a", [[1, "a"]]],
  ["blank lines before", "\n\na\n", [[3, "a"]]],
  ["blank lines after", "a\n\n\n", [[1, "a"]]],
  [
    "white space alone is blank",
    "a\n \t\u00a0\nb\n",
    [
      [1, "a"],
      [3, "b"],
    ],
  ],
  [
    "Windows' line ends",
    "a\r\nb\r\n\r\nc\r\n",
    [
      [1, "a\nb"],
      [4, "c"],
    ],
  ],
  [
    "old Macs' line ends",
    "a\rb\r\rc",
    [
      [1, "a\nb"],
      [4, "c"],
    ],
  ],
  [
    "line ends of all kinds",
    "a\n\r\nb\r\rc",
    [
      [1, "a"],
      [3, "b"],
      [5, "c"],
    ],
  ],
  ["separators that Unicode has beside", "a\u2028b\u0085c\fd", [[1, "a\u2028b\u0085c\fd"]]],
])("%s", ([, text, expected], { expect }) => {
  expect(paragraphs(text)).toEqual(expected);
});

test.for(["", "\n", " ", "\r\n \r\n\t\n"])("%j has no rows", (text, { expect }) => {
  expect(readRows(text, "x.txt")).toEqual({ columns: ["text"], rows: [] });
});

test("any paragraphs are read again, on the lines they begin", () => {
  const line = fc
    .string({ unit: fc.constantFrom("a", "é", " ", "\t", "|"), minLength: 1 })
    .filter((text) => /\S/.test(text));
  const paragraph = fc.array(line, { minLength: 1, maxLength: 4 });
  const blanks = fc.array(fc.constantFrom("", " ", "\t"), { minLength: 1, maxLength: 3 });
  const lineEnd = fc.constantFrom("\n", "\r\n", "\r");
  fc.assert(
    fc.property(fc.array(fc.tuple(blanks, paragraph)), blanks, lineEnd, (parts, after, end) => {
      const lines = [...parts.flatMap(([before, inner]) => [...before, ...inner]), ...after];
      const begins = parts.map((_, i) => {
        const before = parts.slice(0, i).flatMap(([blank, inner]) => [...blank, ...inner]);
        return before.length + parts[i]![0].length + 1;
      });
      expect(paragraphs(lines.join(end))).toEqual(parts.map(([, inner], i) => [begins[i], inner.join("\n")]));
    }),
  );
});
