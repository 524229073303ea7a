import { expect, test } from "vitest";
import { readSpecialLayout, specialCount } from "./special-layout.ts";

const cls = ["<s>", 0];
const sep = ["</s>", 2];

test("RobertaProcessing puts two separators between texts, all of type 0", () => {
  const { single, pair } = readSpecialLayout({ type: "RobertaProcessing", cls, sep }, "t.json");
  expect(single).toEqual([
    { ids: [0], typeId: 0 },
    { text: 0, typeId: 0 },
    { ids: [2], typeId: 0 },
  ]);
  expect(pair.map(({ typeId }) => typeId)).toEqual([0, 0, 0, 0, 0, 0]);
  expect([specialCount(single), specialCount(pair)]).toEqual([2, 4]);
});

test("without a post-processor nothing is added", () => {
  for (const none of [
    null,
    undefined,
    { type: "ByteLevel" },
    { type: "Sequence", processors: [{ type: "ByteLevel" }] },
  ]) {
    const { single, pair } = readSpecialLayout(none, "t.json");
    expect([specialCount(single), specialCount(pair)]).toEqual([0, 0]);
  }
});

const a = { Sequence: { id: "A", type_id: 0 } };
const b = { Sequence: { id: "B", type_id: 1 } };
const token = { SpecialToken: { id: "[X]", type_id: 0 } };
const template = { type: "TemplateProcessing", single: [a], pair: [a, b], special_tokens: {} };

test.each([
  [
    "an unknown type",
    { type: "X" },
    't.json: post_processor of type "X", expected one of TemplateProcessing, BertProcessing',
  ],
  ["a type that every object has", { type: "toString" }, 't.json: post_processor of type "toString", expected'],
  ["no type", {}, "t.json: post_processor.type: Invalid input: expected string, received undefined"],
  ["a string", "X", "t.json: post_processor: Invalid input: expected object, received string"],
  [
    "a separator without an id",
    { type: "BertProcessing", cls, sep: ["</s>"] },
    "t.json: post_processor.sep: Too small: expected array to have >=2 items",
  ],
  [
    "an unknown special token",
    { ...template, single: [token, a] },
    't.json: post_processor.single names "[X]", which special_tokens lacks',
  ],
  [
    "a pair of one text",
    { ...template, pair: [a] },
    "t.json: post_processor.pair holds the texts [0], expected each of 2 once",
  ],
  [
    "a single of two texts",
    { ...template, single: [a, b] },
    "t.json: post_processor.single holds the texts [0, 1], expected each of 1 once",
  ],
  [
    "a third text",
    { ...template, pair: [a, b, { Sequence: { id: "C", type_id: 1 } }] },
    "t.json: post_processor.pair.2: Invalid input",
  ],
  [
    "two templates",
    { type: "Sequence", processors: [template, template] },
    "t.json: post_processor of 2 processors that add tokens, expected at most one",
  ],
])("refuses %s", (_, processor, message) => {
  expect(() => readSpecialLayout(processor, "t.json")).toThrow(message);
});
