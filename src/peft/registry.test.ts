import { describe, expect, test } from "vitest";
import { methodOf, methodOptions, methods } from "./registry.ts";

describe.each(Object.entries(methods))("%s", (name, method) => {
  test("stands under its own name, with a summary, a source and a learning rate", () => {
    expect(method.name).toBe(name);
    expect(methodOf(name)).toBe(method);
    for (const text of [method.summary, method.reference]) expect(text).toMatch(/^[^\n]+$/);
    expect(method.learningRate > 0 && method.learningRate < 0.1).toBe(true);
  });

  test("fills in its defaults, and each option says what it is for", () => {
    expect(Object.keys(methodOptions(method, {})).toSorted()).toEqual(Object.keys(method.options).toSorted());
    for (const option of Object.values(method.options)) expect(option.description).toMatch(/^[^\n]+$/);
  });

  test("names an option that is not its own", () => {
    expect(() => methodOptions(method, { of_no_method: 8 })).toThrow(
      new RegExp(`^of_no_method: the method ${name} has no such option \\(it has [^)\\n]+\\)$`),
    );
  });
});

test("an unknown method is named with those that are nearest", () => {
  const nearest = new RegExp(`^method: unknown method "lorra", nearest of ${Object.keys(methods).length}: lora, `);
  expect(() => methodOf("lorra")).toThrow(nearest);
  expect(() => methodOf("toString")).toThrow('method: unknown method "toString", nearest of ');
});

test.each<[Record<string, unknown>, string]>([
  [{ rank: 0 }, "rank: 0, expected number to be >0"],
  [{ rank: 1.5 }, "rank: 1.5, expected int"],
  [{ rank: "3" }, 'rank: "3", expected number'],
  [{ update: "rows" }, 'update: unknown name "rows", expected one of row, column, both, entries'],
  [{ select: "best" }, 'select: unknown name "best", nearest of 7: last, first, largest, smallest, mixed'],
  [{ density: 1.5 }, "density: 1.5, expected number to be <=1"],
  [{ target_modules: "query" }, 'target_modules: "query", expected array'],
  [{ target_modules: ["query", 3] }, 'target_modules.1: ["query",3], expected string'],
  [{ layers_to_transform: [1.5] }, "layers_to_transform.0: [1.5], expected int"],
  [{ train_bias: 1 }, "train_bias: 1, expected boolean"],
])("an option that does not fit is an error in one line: %j", (options, message) => {
  expect(() => methodOptions(methods.rocoft, options)).toThrow(new Error(message));
});

test("a name that every object has is no option", () => {
  expect(() => methodOptions(methodOf("rocoft"), { toString: 1 })).toThrow(
    "toString: the method rocoft has no such option",
  );
});
