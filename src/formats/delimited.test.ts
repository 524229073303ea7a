import { expect, test } from "vitest";
import { readRows } from "./table.ts";

test("quotes, spaces, carriage returns and a byte order mark", () => {
  const { columns, rows } = readRows('\ufeffsentence\tlabel\r\n "so it goes \t1\r\na\rb\t\n""c""\t0', "train.tsv");
  expect(columns).toEqual(["sentence", "label"]);
  expect(rows).toEqual([
    { line: 2, values: { sentence: ' "so it goes ', label: "1" } },
    { line: 3, values: { sentence: "a\rb", label: "" } },
    { line: 4, values: { sentence: '""c""', label: "0" } },
  ]);
});

test("without a header line, columns are named by the caller and the first line is a row", () => {
  const columns = ["source", "label", "mark", "sentence"];
  const table = readRows("gj04\t1\t\tOur friends.\nc_13\t0\t*\tAnd him.\n", "dev.tsv", { headerless: () => columns });
  expect(table.columns).toEqual(columns);
  expect(table.rows[1]).toEqual({ line: 2, values: { source: "c_13", label: "0", mark: "*", sentence: "And him." } });
});

test.for(["", "\ufeff", "a\tb", "a\tb\n"])("%j has no rows", (text, { expect }) => {
  expect(readRows(text, "x.tsv").rows).toEqual([]);
});

test.for([
  ["too few fields", "a\tb\n1\t2\n3\n", 'x.tsv:3: the number of fields is 1, expected 2 as in "a, b"'],
  ["too many fields", "a\tb\n1\t2\t3\n", 'x.tsv:2: the number of fields is 3, expected 2 as in "a, b"'],
  ["an empty line at the end", "a\tb\n1\t2\n\n", 'x.tsv:3: the number of fields is 1, expected 2 as in "a, b"'],
  ["a column twice", "a\tb\ta\n", 'x.tsv:1: two columns named "a"'],
] as const)("%s is an error with its line", ([, text, message], { expect }) => {
  expect(() => readRows(text, "x.tsv")).toThrow(new Error(message));
});

test("columns named like Object's own properties are ordinary", () => {
  const { values } = readRows("__proto__\tconstructor\nx\ty\n", "x.tsv").rows[0]!;
  expect(Object.entries(values)).toEqual([
    ["__proto__", "x"],
    ["constructor", "y"],
  ]);
});
