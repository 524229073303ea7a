/** Tables read piece by piece, and rows that cannot be read among others that can. */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { LONGEST } from "./pieces.ts";
import type { RowTable } from "./rows.ts";
import { readRows, readTableFile, type TableFile } from "./table.ts";

function fileOf(bytes: Uint8Array<ArrayBuffer>, where: string): TableFile {
  const slice = async (begin: number, end?: number) => bytes.slice(begin, end).buffer;
  return { where, byteLength: bytes.length, slice };
}

const encode = (text: string) => Uint8Array.from(Buffer.from(text));

const files: readonly (readonly [where: string, text: string])[] = [
  ["a.tsv", '\ufefftext\tlabel\r\nnaïve 名\t1\r\n"😀\t2\nlast\t3'],
  ["a.csv", '\ufefftext,label\r\n\r\n"one ""名""\r\n\r\ntwo, 😀",1\r\n\n, \r\n"",3\n'],
  ["a.jsonl", '\ufeff \n{"text": "naïve 名", "label": 1}\r\n\n{"text": "\\ud83d\\ude00", "id": {"a": [1]}}'],
  ["a.json", '\ufeff\n[{"a": "}\\"[\\n,"}, {"a": {"b": [1, "]"]}},\n\n  {\n"a": "😀\\\\"}\n]\n'],
  ["a.txt", "\ufeff\n\nnaïve 名\r\n😀\r\r last\r\n \r\nend"],
];

describe("in pieces", () => {
  test.for(files)("%s is the same table in pieces of any size", async ([where, text], { expect }) => {
    const whole = readRows(text, where);
    expect(whole.rows.length).toBeGreaterThan(1);
    const bytes = encode(text);
    for (let size = 1; size <= bytes.length; size++)
      expect(await readTableFile(fileOf(bytes, where), {}, size), `pieces of ${size}`).toEqual(whole);
  });

  test.for(files)("%s is asked for no more than a piece at once", async ([where, text], { expect }) => {
    const file = fileOf(encode(text), where);
    const asked: number[] = [];
    const slice = (begin: number, end?: number) => {
      asked.push(end! - begin);
      return file.slice(begin, end);
    };
    await readTableFile({ ...file, slice }, {}, 7);
    expect(Math.max(...asked)).toBe(7);
  });

  test("any text in any pieces", async () => {
    const units = fc.constantFrom(
      "a",
      "é",
      "名",
      "😀",
      ",",
      '"',
      "\n",
      "\r\n",
      "\t",
      "[",
      "]",
      "{",
      "}",
      "\\",
      ":",
      "1",
    );
    const text = fc.string({ unit: units, maxLength: 30 });
    const names = fc.constantFrom("x.tsv", "x.csv", "x.jsonl", "x.txt");
    await fc.assert(
      fc.asyncProperty(text, names, fc.integer({ min: 1, max: 8 }), async (content, where, size) => {
        const reasons: string[][] = [[], []];
        const options = (i: number) => ({ onBadRow: ({ message }: Error) => void reasons[i]!.push(message) });
        const whole = await outcome(async () => readRows(content, where, options(0)));
        expect(await outcome(() => readTableFile(fileOf(encode(content), where), options(1), size))).toEqual(whole);
        expect(reasons[1]).toEqual(reasons[0]);
      }),
    );
  });

  test("any array of objects in any pieces, each object on its line", async () => {
    const objects = fc.array(fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue(), { minKeys: 1 }), {
      minLength: 1,
    });
    await fc.assert(
      fc.asyncProperty(objects, fc.nat(2), fc.integer({ min: 1, max: 9 }), async (list, indent, size) => {
        const text = JSON.stringify(list, null, indent);
        const { rows } = await readTableFile(fileOf(encode(text), "x.json"), {}, size);
        expect(rows.map(({ values }) => values)).toEqual(JSON.parse(text));
        const begins = list.map((_, i) => JSON.stringify(list.slice(0, i + 1), null, indent).split("\n").length);
        const lengths = list.map((object) => JSON.stringify(object, null, indent).split("\n").length);
        const closing = indent > 0 ? 1 : 0;
        expect(rows.map(({ line }) => line)).toEqual(begins.map((end, i) => end - closing - lengths[i]! + 1));
      }),
    );
  });

  test("a record without an end is refused before it fills memory", async () => {
    const piece = Uint8Array.from({ length: 2 ** 22 }, () => 0x61).buffer;
    const endless: Omit<TableFile, "where"> = { byteLength: 4 * LONGEST, slice: async () => piece };
    for (const where of ["x.tsv", "x.jsonl", "x.txt"])
      await expect(readTableFile({ ...endless, where })).rejects.toThrow(
        /^x\.\w+:1: a record of more than 134217728 ch/,
      );
  });
});

async function outcome(read: () => Promise<RowTable>): Promise<unknown> {
  try {
    return await read();
  } catch (error) {
    return (error as Error).message;
  }
}

describe("rows that are bad", () => {
  const bad = Uint8Array.of(0xff);
  const bytes = (...parts: readonly (string | Uint8Array)[]) =>
    Uint8Array.from(Buffer.concat(parts.map((part) => (typeof part === "string" ? Buffer.from(part) : part))));

  test.for<[string, Uint8Array<ArrayBuffer>, number[], RegExp[]]>([
    [
      "x.tsv",
      bytes("a\tb\n1\t2\n3\n", bad, "\t4\n5\t6\t7\n8\t9\n"),
      [2, 6],
      [/^x\.tsv:3: the number of fields is 1/, /^x\.tsv:4: bytes that are not UTF-8/, /^x\.tsv:5: the number of f/],
    ],
    [
      "x.csv",
      bytes('a,b\n"1\n', bad, '",2\nx "y",3\n"4"x,5\n"6\n7"8,9\n10,11\n'),
      [8],
      [
        /^x\.csv:2: bytes that/,
        /^x\.csv:4: a quote inside/,
        /^x\.csv:5: text after a cl/,
        /^x\.csv:6: text after a cl/,
      ],
    ],
    [
      "x.jsonl",
      bytes('{"a": 1}\n{"a": \n[1]\n', bad, '\n{"a": 2}\n{"a": "', bad, '"}'),
      [1, 5],
      [
        /^x\.jsonl:2: malformed/,
        /^x\.jsonl:3: not a JSON object/,
        /^x\.jsonl:4: bytes that/,
        /^x\.jsonl:6: bytes that/,
      ],
    ],
    [
      "x.json",
      bytes('[{"a": 1},\n2,\n{"a"},\n{"a": "', bad, '"},\n{"a": ]},\n{"a": 3},]'),
      [1, 6],
      [
        /^x\.json:2: element 1 of the array is not a JSON object: "2"/,
        /^x\.json:3: malformed/,
        /^x\.json:4: bytes that/,
        /^x\.json:5: malformed/,
        /^x\.json:6: malformed/,
      ],
    ],
    ["x.txt", bytes("one\n\ntwo\n", bad, "\n\nthree"), [1, 6], [/^x\.txt:3: bytes that are not UTF-8/]],
  ])(
    "%s: the first ends the reading, or each is told and left out",
    async ([where, file, lines, reasons], { expect }) => {
      for (const size of [1, 5, 1000]) {
        const told: string[] = [];
        const onBadRow = ({ message }: Error) => void told.push(message);
        const { rows } = await readTableFile(fileOf(file, where), { onBadRow }, size);
        expect(rows.map(({ line }) => line)).toEqual(lines);
        expect(told).toEqual(reasons.map((reason) => expect.stringMatching(reason) as string));
        await expect(readTableFile(fileOf(file, where), {}, size)).rejects.toThrow(reasons[0]!);
      }
    },
  );

  test.for([
    [
      "a quote that is never closed",
      "x.csv",
      bytes('a,b\n1,2\n"3,4\n5,6\n'),
      "x.csv:3: a quote is opened and never closed",
    ],
    ["a header that is not UTF-8", "x.tsv", bytes(bad, "\tb\n1\t2\n"), /^x\.tsv:1: bytes that are not UTF-8/],
    [
      "an array that is never closed",
      "x.json",
      bytes('[{"a": 1},\n{"a": 2}\n'),
      /^x\.json:3: malformed JSON \(the array/,
    ],
    [
      "an array with text behind it",
      "x.json",
      bytes('[{"a": 1}]\n\n{"a": 2}'),
      /^x\.json:3: text behind the array's end/,
    ],
  ] as const)("%s is never skipped", async ([, where, file, message], { expect }) => {
    await expect(readTableFile(fileOf(file, where), { onBadRow: () => {} })).rejects.toThrow(message);
  });
});
