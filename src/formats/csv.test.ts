import { parse } from "csv-parse/sync";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { readRows } from "./table.ts";

test("quoted commas, quotes and newlines; nothing trimmed or converted", () => {
  const { columns, rows } = readRows('\ufefftext,label\n" a, ""b""",NA\nnull , 01\n"é 名 😀",\n', "x.csv");
  expect(columns).toEqual(["text", "label"]);
  expect(rows.map(({ values }) => values)).toEqual([
    { text: ' a, "b"', label: "NA" },
    { text: "null ", label: " 01" },
    { text: "é 名 😀", label: "" },
  ]);
});

test.for(["\n", "\r\n"])(
  "lines are those of the file across quoted newlines and empty lines, ended by %j",
  (end, { expect }) => {
    const text = ["", 'text,"la', 'bel"', '"one', "", 'two",1', "", "", "é,2", '"', '",3', "four,4", ""].join(end);
    const { columns, rows } = readRows(text, "x.csv");
    expect(columns).toEqual(["text", `la${end}bel`]);
    expect(rows.map(({ line }) => line)).toEqual([4, 9, 10, 12]);
    expect(rows[0]!.values["text"]).toBe(`one${end}${end}two`);
  },
);

test("columns named by the caller make the first record a row", () => {
  const columns = ["text", "label"];
  expect(readRows("a,1\n", "x.csv", { headerless: () => columns })).toEqual({
    columns,
    rows: [{ line: 1, values: { text: "a", label: "1" } }],
  });
});

test.for(["", "\ufeff", "\n\n", "a,b", "a,b\r\n"])("%j has no rows", (text, { expect }) => {
  expect(readRows(text, "x.csv").rows).toEqual([]);
});

test.for([
  ["too few fields", 'a,b\n"1\n1",2\n3\n', 'x.csv:4: the number of fields is 1, expected 2 as in "a, b"'],
  ["too many fields", "a,b\n1,2,3\n", 'x.csv:2: the number of fields is 3, expected 2 as in "a, b"'],
  ["an unclosed quote", 'a,b\r\n"1\r\n1",2\r\n"3,4\r\n5,6\r\n', "x.csv:4: a quote is opened and never closed"],
  ["the first of two faults", 'a,b\n1\n"3,4\n', 'x.csv:2: the number of fields is 1, expected 2 as in "a, b"'],
  ["text after a quote", 'a,b\n"1"x,2\n', /^x\.csv:2: text after a closing quote/],
  ["a quote in the middle", 'a,b\n1,2\nx "1",2\n', /^x\.csv:3: a quote inside an unquoted field/],
  ["a column twice, after empty lines", "\n\r\na,a\n", 'x.csv:3: two columns named "a"'],
] as const)("%s is an error with its line", ([, text, message], { expect }) => {
  expect(() => readRows(text, "x.csv")).toThrow(message instanceof RegExp ? message : new Error(message));
});

test("any fields written as RFC 4180 says are read again, on the lines they begin", () => {
  const field = fc.string({ unit: fc.constantFrom("a", "é", "😀", " ", ",", '"', "\n", "\r\n", "\t") });
  fc.assert(
    fc.property(fc.array(fc.tuple(field, field)), (records) => {
      const lines = records.map((fields) => fields.map(quoted).join(","));
      const { rows } = readRows(lines.join("\r\n"), "x.csv", { headerless: () => ["0", "1"] });
      expect(rows.map(({ values }) => [values["0"], values["1"]])).toEqual(records);
      const begins = lines.map((_, i) => lines.slice(0, i).join("\n").split("\n").length + (i > 0 ? 1 : 0));
      expect(rows.map(({ line }) => line)).toEqual(begins);
    }),
  );
});

test("records of one length are read as csv-parse reads them, all else is refused as it refuses it", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "é", " ", ",", '"', '""', '","', "\n", "\r\n"), maxLength: 12 });
  const theirs = (content: string): string[][] => {
    const records: string[][] = parse(content, { record_delimiter: ["\r\n", "\n"], skip_empty_lines: true });
    return records;
  };
  const ours = (content: string): string[][] => {
    const headerless = (first: readonly string[]) => first.map((_, i) => String(i));
    return readRows(content, "x.csv", { headerless }).rows.map(({ values }) => Object.values(values) as string[]);
  };
  fc.assert(
    fc.property(text, (content) => {
      expect(outcome(ours, content)).toEqual(outcome(theirs, content));
    }),
    { numRuns: 2000 },
  );
});

function outcome(read: (content: string) => string[][], content: string): string[][] | "refused" {
  try {
    return read(content);
  } catch {
    return "refused";
  }
}

function quoted(field: string): string {
  return `"${field.replaceAll('"', '""')}"`;
}
