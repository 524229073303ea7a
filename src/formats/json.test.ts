import * as fc from "fast-check";
import { expect, test } from "vitest";
import { isObject, members } from "./json.ts";

test("members are the strings, objects and arrays one level down", () => {
  const text = String.raw`{ "a\"}" : [1, {"x": "]"}], "b": {"c": {}}, "d": 3, "e": "\\" }`;
  const found = Array.from(members(text), ({ begin, end }) => text.slice(begin, end));
  expect(found).toEqual([String.raw`"a\"}"`, `[1, {"x": "]"}]`, `"b"`, `{"c": {}}`, `"d"`, `"e"`, String.raw`"\\"`]);
});

test("the members of an array without plain values are its elements", () => {
  const container = fc.oneof(fc.string(), fc.dictionary(fc.string(), fc.jsonValue()), fc.array(fc.jsonValue()));
  fc.assert(
    fc.property(fc.array(container), fc.nat(2), (elements, indent) => {
      const text = JSON.stringify(elements, null, indent);
      const found = Array.from(members(text), ({ begin, end }) => JSON.parse(text.slice(begin, end)));
      expect(found).toEqual(JSON.parse(text));
    }),
  );
});

test("only objects are objects", () => {
  expect([{}, [], null, "a", 1, undefined].map(isObject)).toEqual([true, false, false, false, false, false]);
});
