import { readdirSync } from "node:fs";
import { expect, test } from "vitest";
import { architectures, modelOf } from "./registry.ts";

/** Families that are another's but for their names, and tested with it. */
const sameAs: Readonly<Record<string, string>> = { "xlm-roberta": "roberta", camembert: "roberta" };

test("every family has a test file of its own", () => {
  const files = readdirSync(import.meta.dirname);
  for (const name of Object.keys(architectures)) expect(files).toContain(`${sameAs[name] ?? name}.test.ts`);
});

test.each<[unknown, string]>([
  [
    { model_type: "gpt9" },
    `x/config.json: model_type "gpt9" is not known, expected one of ${Object.keys(architectures).join(", ")}`,
  ],
  [{}, "x/config.json: model_type: Invalid input: expected string, received undefined"],
  [{ model_type: 3 }, "x/config.json: model_type: Invalid input: expected string, received number"],
  [null, "x/config.json: config: Invalid input: expected object, received null"],
  [[], "x/config.json: config: Invalid input: expected object, received array"],
])("%j is an error in one line", (config, message) => {
  expect(() => modelOf(config, "x/config.json")).toThrow(new Error(message));
});

test("a name that every object has is no model_type", () => {
  expect(() => modelOf({ model_type: "constructor" }, "config.json")).toThrow('model_type "constructor" is not known');
});
