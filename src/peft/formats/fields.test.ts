import { describe, expect, test } from "vitest";
import * as z from "zod";
import { checkFields, fixed, free, readFields } from "./fields.ts";

const fields = { r: free(8), scale: fixed(1), pattern: fixed({}), bias: fixed(false) };

describe("a configuration", () => {
  test.each([
    ["of defaults", { r: 8, scale: 1, pattern: {}, bias: false }],
    ["without fields", {}],
    ["with another value of a free field", { r: 4 }],
    ["with nothing where nothing is the default", { pattern: null, bias: null }],
    ["with unknown fields that say nothing", { a: null, b: false, c: {}, d: [] }],
  ])("%s is understood", (_, config) => expect(() => checkFields(config, fields)).not.toThrow());

  test.each([
    [{ scale: 2 }, "scale: 2, which is not supported (expected 1)"],
    [{ scale: null }, "scale: null, which is not supported (expected 1)"],
    [{ pattern: { query: 4 } }, 'pattern: {"query":4}, which is not supported (expected {})'],
    [{ bias: true }, "bias: true, which is not supported (expected false)"],
    [{ use_magic: true }, "use_magic: true, which is not supported (expected null)"],
    [{ magic: "none" }, 'magic: "none", which is not supported (expected null)'],
    [{ constructor: 1 }, "constructor: 1, which is not supported (expected null)"],
  ])("%j is refused", (config, message) => expect(() => checkFields(config, fields)).toThrow(new Error(message)));
});

test("a field of another type is named", () => {
  const schema = z.object({ r: z.int().positive() });
  expect(readFields({ r: 3, more: 1 }, schema)).toEqual({ r: 3 });
  expect(() => readFields({ r: "many" }, schema)).toThrow(new Error('r: "many", expected number'));
});
