import { expect, test } from "vitest";
import { timesVector } from "../../tensor/vectors.ts";
import type { Problem } from "./classifier.ts";
import { cases, newtonByDifferences, outputsOf } from "./classifiers.cases.ts";
import { probabilities } from "./logistic-loss.ts";
import { kernelLogisticRegression, penalizedLoss } from "./logistic-regression.ts";
import { minimize } from "./newton.ts";
import { differenceScale } from "./problem.ts";

test.each(cases)(
  "scores of each strength as logistic regression on the Jacobian: $name",
  ({ problem, kernel, expected }) => {
    expected.strengths.forEach((strength, k) => {
      const scores = kernelLogisticRegression.fit(problem, { grid: [strength] }).predict(kernel);
      const wanted = expected.logistic[k]!.flat();
      outputsOf(scores, expected.outputs).forEach((value, at) => expect(value).toBeCloseTo(wanted[at]!, 8));
    });
  },
);

test.each(cases)("from initial outputs: $name", ({ offset, kernel, initial, expected }) => {
  expected.strengths.forEach((strength, k) => {
    const scores = kernelLogisticRegression.fit(offset, { grid: [strength] }).predict(kernel, initial);
    const wanted = expected.logistic_initial[k]!.flat();
    outputsOf(scores, expected.outputs).forEach((value, at) => expect(value).toBeCloseTo(wanted[at]!, 8));
  });
});

test.each(cases)("held-out accuracy of each strength: $name", ({ problem, expected }) => {
  const { validation } = kernelLogisticRegression.fit(problem);
  validation.forEach(({ accuracy }, k) => expect(accuracy).toBeCloseTo(expected.logistic_validation[k]!, 9));
});

/** α found for a strength, and how far nλ·α is from y − p. */
function gradientAtOptimum({ kernel, labels, classes, initial }: Problem, strength: number): number {
  const outputs = kernel.shape[1];
  const start = new Float64Array(labels.length * outputs);
  const alpha = minimize(penalizedLoss({ kernel, labels, classes, ...(initial && { initial }) }, strength), start);
  const f = timesVector(kernel.data, alpha).map((value, at) => value + (initial?.[at] ?? 0));
  const p = probabilities(f, outputs);
  const missing = alpha.map((value, at) => {
    const label = labels[Math.floor(at / outputs)]!;
    const y = outputs === 1 ? label : Number(label === at % outputs);
    return Math.abs(labels.length * strength * value + p[at]! - y);
  });
  return Math.max(...missing);
}

test.each(cases)("the gradient is zero at the optimum, weak and strong: $name", ({ problem, offset }) => {
  for (const relative of kernelLogisticRegression.grid.values)
    for (const one of [problem, offset])
      expect(gradientAtOptimum(one, relative * differenceScale(problem.kernel))).toBeLessThan(1e-8);
});

test.each([1e-3, 1e4, 1e8])("a kernel %f times as large, its weakest strength: zero gradient", (factor) => {
  for (const { problem } of cases) {
    const kernel = { shape: problem.kernel.shape, data: problem.kernel.data.map((value) => value * factor) };
    expect(gradientAtOptimum({ ...problem, kernel }, 1e-6 * differenceScale(kernel))).toBeLessThan(1e-8);
  }
});

test.each(cases)(
  "Newton's step is the one that differences of the loss ask for: $name",
  ({ problem, offset, expected }) => {
    for (const one of [problem, offset]) {
      const { atDirection, slope, wanted, wantedSlope } = newtonByDifferences(
        penalizedLoss(one, expected.scale),
        one.labels.length * expected.outputs,
        1 / expected.scale,
      );
      expect(atDirection / wanted).toBeCloseTo(1, 4);
      expect(slope / wantedSlope).toBeCloseTo(1, 4);
    }
  },
);
