import { expect, test } from "vitest";
import { cases, newtonByDifferences, outputsOf, scaled } from "./classifiers.cases.ts";
import { gramOf, logisticRegressionOnKernelRows, penalizedLoss } from "./kernel-rows.ts";

test.each(cases)("the C that LogisticRegressionCV chooses, by its accuracies: $name", ({ problem, expected }) => {
  const { regularization, validation } = logisticRegressionOnKernelRows.fit(problem);
  expect(regularization).toBeCloseTo(expected.rows_C, 9);
  validation.forEach(({ accuracy }, k) => expect(accuracy).toBeCloseTo(expected.rows_validation[k]!, 9));
});

test.each(cases)(
  "its log-odds, to which the published tolerance comes near: $name",
  ({ problem, kernel, expected }) => {
    const scores = logisticRegressionOnKernelRows.fit(problem).predict(kernel);
    const odds = outputsOf(scores, expected.outputs > 2 ? 3 : 1);
    odds.forEach((value, i) => expect(value).toBeCloseTo(expected.rows_log_odds[i]!, 7));
    odds.forEach((value, i) => expect(value).toBeCloseTo(expected.rows_published_log_odds[i]!, 1));
  },
);

test.each(cases)("log-odds of a given C: $name", ({ problem, kernel, expected }) => {
  for (const [c, wanted] of Object.entries(expected.rows_log_odds_of_C)) {
    const { predict } = logisticRegressionOnKernelRows.fit(problem, { grid: [Number(c)] });
    outputsOf(predict(kernel), expected.outputs > 2 ? 3 : 1).forEach((value, i) =>
      expect(value).toBeCloseTo(wanted[i]!, 7),
    );
  }
});

test.each(cases.slice(0, 2))(
  "scores of two classes are their log-probabilities: $name",
  ({ problem, kernel, expected }) => {
    const scores = logisticRegressionOnKernelRows.fit(problem).predict(kernel);
    const wanted = expected.rows_log_probabilities.flat();
    scores.forEach((value, at) => expect(value).toBeCloseTo(wanted[at]!, 7));
  },
);

test.each(cases)("Newton's step is the one that differences of the loss ask for: $name", ({ problem, expected }) => {
  const [n, outputs] = problem.kernel.shape;
  const features = problem.kernel.data.map((value) => value / expected.scale);
  const targets = Int32Array.from({ length: n * outputs }, (_, at) => Number(at % 5 < 2));
  const loss = penalizedLoss(features, gramOf(features, n * outputs), targets, 0.1);
  const { atDirection, slope, wanted, wantedSlope } = newtonByDifferences(loss, n * outputs + 1, 1);
  expect(atDirection / wanted).toBeCloseTo(1, 4);
  expect(slope / wantedSlope).toBeCloseTo(1, 4);
});

test.each([1e-3, 1e4])("a kernel %f times as large is learnt, separable or not", (factor) => {
  for (const { problem, kernel } of cases) {
    const given = { ...problem, kernel: scaled(problem.kernel, factor) };
    const scores = logisticRegressionOnKernelRows.fit(given).predict(scaled(kernel, factor));
    expect(scores.every(Number.isFinite)).toBe(true);
  }
});

test("features times s and C divided by s² are the same regression", () => {
  for (const { problem, kernel } of cases) {
    const once = logisticRegressionOnKernelRows.fit(problem, { grid: [1] }).predict(kernel);
    const given = { ...problem, kernel: scaled(problem.kernel, 1e4) };
    const large = logisticRegressionOnKernelRows.fit(given, { grid: [1e-8] }).predict(scaled(kernel, 1e4));
    once.forEach((value, at) => expect(large[at]).toBeCloseTo(value, 6));
  }
});

test("initial outputs are refused", () => {
  expect(() => logisticRegressionOnKernelRows.fit(cases[0]!.offset)).toThrow(
    "logistic-regression-on-kernel-rows: initial outputs, expected none: features have no place for them",
  );
});
