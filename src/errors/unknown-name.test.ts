import { expect, test } from "vitest";
import { editDistance, unknownName } from "./unknown-name.ts";

test.each([
  ["", "", 0],
  ["query", "quary", 1],
  ["key", "", 3],
  ["kitten", "sitting", 3],
])("edit distance of %j and %j", (a, b, expected) => expect(editDistance(a, b)).toBe(expected));

test("the nearest known names come first", () => {
  const known = ["attention.self.query", "attention.self.key", "intermediate.dense", "output.dense", "query", "value"];
  expect(unknownName("unknown module", "qury", known).message).toMatch(/^unknown module "qury", nearest of 6: query, /);
  expect(unknownName("unknown task", "x", ["sst2", "cola"]).message).toBe(
    'unknown task "x", expected one of sst2, cola',
  );
});
