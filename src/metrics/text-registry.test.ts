import { expect, test } from "vitest";
import { textMetrics } from "./text-registry.ts";

test.for(Object.entries(textMetrics))("%s is named as in the table", ([name, metric], { expect }) => {
  expect(metric.name).toBe(name);
});

test.for(Object.entries(textMetrics))("%s refuses unequal lengths and no items", ([name, metric]) => {
  expect(() => metric.compute([["a"], ["b"]], ["a"])).toThrow(
    new Error(`${name}: 1 predictions for 2 items, expected one for each`),
  );
  expect(() => metric.compute([], [])).toThrow(new Error(`${name}: no items, expected at least one`));
});
