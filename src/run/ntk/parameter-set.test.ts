import { expect, test } from "vitest";
import { fileNameOf, parseParameterSet, trainingSettings } from "./parameter-set.ts";
import { trainFields } from "../config.ts";

test.each<[string, string, object]>([
  ["full", "full", { method: "full" }],
  ["rocoft:rank=1:update=column", "rocoft:rank=1:update=column", { method: "rocoft", rank: 1, update: "column" }],
  [
    "lora:target_modules=query+key:rank=2",
    "lora:target_modules=query+key:rank=2",
    { method: "lora", target_modules: ["query", "key"], rank: 2 },
  ],
  ["lora:target_modules=query", "lora:target_modules=query", { method: "lora", target_modules: ["query"] }],
  ["lora:use_dora=true", "lora:use_dora=true", { method: "lora", use_dora: true }],
  [
    "head:learning_rate=3e-3:early_stopping_patience=null",
    "head:learning_rate=3e-3:early_stopping_patience=null",
    { method: "head", learning_rate: 0.003, early_stopping_patience: null },
  ],
  ["bitfit:name=1 + 1=2", "1 + 1=2", { method: "bitfit" }],
  ["head:name=3", "3", { method: "head" }],
])("%s", (spec, name, input) => {
  expect(parseParameterSet(spec)).toEqual({ name, input });
});

test.each<[string, string | RegExp]>([
  ["rows", /^method: unknown method "rows", nearest of \d+: /],
  ["toString", /^method: unknown method "toString", nearest of \d+: /],
  ["", /^method: unknown method "", nearest of \d+: /],
  ["full:", '"" is no option, expected name=value'],
  ["rocoft:rank", '"rank" is no option, expected name=value'],
  ["rocoft:=1", '"=1" is no option, expected name=value'],
  ["rocoft:rnk=1", /^unknown option of rocoft "rnk", nearest of \d+: rank, /],
  ["rocoft:constructor=1", /^unknown option of rocoft "constructor", nearest of \d+: /],
  ["rocoft:rank=1:rank=2", "rank stands twice, expected each option once"],
  ["full:rank=1", /^unknown option of full "rank", nearest of \d+: /],
  // What all sets have in common is none's own.
  ["full:model=other", /^unknown option of full "model", nearest of \d+: /],
  ["full:data=other", /^unknown option of full "data", nearest of \d+: /],
  ["full:seed=1", /^unknown option of full "seed", nearest of \d+: /],
  ["full:method=lora", /^unknown option of full "method", nearest of \d+: /],
  ["full:name=", 'name: "", expected one with a letter or a digit'],
  ["full:name=..", 'name: "..", expected one with a letter or a digit'],
])("%j is refused", (spec, message) => {
  expect(() => parseParameterSet(spec)).toThrow(message instanceof RegExp ? message : new Error(message));
});

test("its settings of training are settings of train", () => {
  for (const name of trainingSettings) expect(trainFields).toHaveProperty(name);
});

test.each([
  ["rocoft:rank=1", "rocoft-rank=1"],
  ["lora:target_modules=a+b", "lora-target_modules=a+b"],
  ["a/../b c", "a-..-b-c"],
  ["1 row", "1-row"],
])("%s is the file %s", (name, file) => {
  expect(fileNameOf(name)).toBe(file);
});
