import { expect, test } from "vitest";
import { cases, outputsOf } from "./classifiers.cases.ts";
import { kernelRidgeRegression } from "./ridge-regression.ts";

test.each(cases)("scores of each strength as scikit-learn's KernelRidge: $name", ({ problem, kernel, expected }) => {
  expected.strengths.forEach((strength, k) => {
    const scores = kernelRidgeRegression.fit(problem, { grid: [strength] }).predict(kernel);
    const wanted = expected.ridge[k]!.flat();
    outputsOf(scores, expected.outputs).forEach((value, at) => expect(value).toBeCloseTo(wanted[at]!, 8));
  });
});

test.each(cases)("learns what initial outputs lack, and adds them: $name", ({ offset, kernel, initial, expected }) => {
  expected.strengths.forEach((strength, k) => {
    const scores = kernelRidgeRegression.fit(offset, { grid: [strength] }).predict(kernel, initial);
    const wanted = expected.ridge_initial[k]!.flat();
    outputsOf(scores, expected.outputs).forEach((value, at) => expect(value).toBeCloseTo(wanted[at]!, 8));
  });
});

test("inputs that share nothing, by hand: α = (K + λI)⁻¹·(1, −1)", () => {
  const kernel = { shape: [4, 1, 4, 1] as const, data: new Float64Array(16) };
  for (let i = 0; i < 4; i++) kernel.data[i * 5] = 2;
  const problem = { kernel, labels: Int32Array.of(1, 0, 1, 0), classes: 2 };
  const fitted = kernelRidgeRegression.fit(problem, { grid: [0.5] });
  outputsOf(fitted.predict(kernel), 1).forEach((value, i) => expect(value).toBeCloseTo(i % 2 ? -2 / 3 : 2 / 3, 14));
});

test.each(cases)("held-out accuracy of each strength: $name", ({ problem, expected }) => {
  const { validation } = kernelRidgeRegression.fit(problem);
  expect(validation.map(({ regularization }) => regularization)).toEqual(kernelRidgeRegression.grid.values);
  validation.forEach(({ accuracy }, k) => expect(accuracy).toBeCloseTo(expected.ridge_validation[k]!, 9));
});
