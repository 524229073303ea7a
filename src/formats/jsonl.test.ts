import { expect, test } from "vitest";
import { jsonReader, readJsonl } from "./jsonl.ts";

test("one object a line; blank lines and a byte order mark are passed over, columns are all keys met", () => {
  const { columns, rows } = readJsonl(
    '\ufeff{"text": "a\\nb", "label": 1}\r\n \n{"label": null, "id": "7"}',
    "x.jsonl",
  );
  expect(columns).toEqual(["text", "label", "id"]);
  expect(rows).toEqual([
    { line: 1, values: { text: "a\nb", label: 1 } },
    { line: 3, values: { label: null, id: "7" } },
  ]);
});

test("one array of objects, each with the line on which it begins", () => {
  const table = readJsonl('\n[{"a": "}\\"[\\n"}, {"a": {"b": [1]}},\n\n  {\n"a": 3}\n]\n', "x.json");
  expect(table.columns).toEqual(["a"]);
  expect(table.rows).toEqual([
    { line: 2, values: { a: '}"[\n' } },
    { line: 2, values: { a: { b: [1] } } },
    { line: 4, values: { a: 3 } },
  ]);
});

test("a brace alone on the first line begins one object, in any pieces", () => {
  const text = '\n {\r\n  "a": {\n    "b": 1\n  }\n}\n';
  const whole = { columns: ["a"], rows: [{ line: 2, values: { a: { b: 1 } } }] };
  expect(readJsonl(text, "x.json")).toEqual(whole);
  for (let at = 1; at < text.length; at++) {
    const reader = jsonReader("x.json", {});
    for (const piece of [text.slice(0, at), text.slice(at)]) reader.take(piece, true);
    expect(reader.end()).toEqual(whole);
  }
});

test.for(["", "\ufeff", " \n\n", "[]"])("%j has no rows", (text, { expect }) => {
  expect(readJsonl(text, "x.jsonl")).toEqual({ columns: [], rows: [] });
});

test.for([
  [
    "a malformed line",
    '{"a": 1}\n\n{"a": \n',
    /^x\.jsonl:3: malformed JSON \(.+\), expected one object a line, or one array/,
  ],
  [
    "a line that is no object",
    '{"a": 1}\n"a"\n',
    /^x\.jsonl:2: not a JSON object: "\\"a\\"", expected one object a line/,
  ],
  ["a brace that is never closed", "{", /^x\.jsonl:1: malformed JSON \(.+\), expected one object a line/],
  [
    "an object over lines that is never closed",
    '{\n"a": 1\n',
    /^x\.jsonl:1: malformed JSON \(.+\), expected one object a line/,
  ],
  ["two objects over lines", '{\n"a": 1\n}\n{\n}\n', /^x\.jsonl:1: malformed JSON \(.+\), expected one object a line/],
  ["null on a line", "null", /^x\.jsonl:1: not a JSON object: "null", expected/],
  ["an array on a later line", '{"a": 1}\n[1]\n', /^x\.jsonl:2: not a JSON object: "\[1\]", expected/],
  [
    "a malformed array",
    '[{"a": 1}\n{"a": 2}]',
    /^x\.jsonl:1: malformed JSON \(.+\), expected one object a line, or one array/,
  ],
  [
    "an array malformed in the middle of its lines",
    '[\n{"a": 1},\nx\n]',
    /^x\.jsonl:3: malformed JSON \(.+\), expected one object/,
  ],
  [
    "an element that is no object",
    '[{"a": 1}, 2]',
    /^x\.jsonl:1: element 1 of the array is not a JSON object: "2", expected/,
  ],
] as const)("%s is an error of one line that says where", ([, text, message], { expect }) => {
  expect(() => readJsonl(text, "x.jsonl")).toThrow(message);
  expect(() => readJsonl(text, "x.jsonl")).not.toThrow(/\n/);
});
