import { expect, test } from "vitest";
import { cases } from "./classifiers.cases.ts";
import { classCounts, stratifiedFolds } from "./folds.ts";

test.each(cases)("three folds as scikit-learn has them: $name", ({ problem, expected }) => {
  expect([...stratifiedFolds(problem.labels, 3)]).toEqual(expected.folds);
});

test("how many inputs each class has, classes without any too", () => {
  expect([...classCounts(Int32Array.of(2, 0, 2, 2), 4)]).toEqual([1, 0, 3, 0]);
});
