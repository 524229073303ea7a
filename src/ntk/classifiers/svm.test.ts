import { expect, test } from "vitest";
import { cases } from "./classifiers.cases.ts";
import { supportVectorMachine } from "./svm.ts";

/** What scikit-learn gives for several classes: duels won, and up to a third for how clearly. */
function ranked(decisions: readonly (readonly number[])[], classes: number): number[] {
  return decisions[0]!.flatMap((_, i) => {
    const [won, sums] = [Array<number>(classes).fill(0), Array<number>(classes).fill(0)];
    let pair = 0;
    for (let a = 0; a < classes; a++)
      for (let b = a + 1; b < classes; b++) {
        const decision = decisions[pair++]![i]!;
        won[decision >= 0 ? a : b]!++;
        sums[a]! += decision;
        sums[b]! -= decision;
      }
    if (classes === 2) return sums.map((sum) => sum / 2);
    return sums.map((sum, c) => won[c]! + sum / (3 * (Math.abs(sum) + 1)));
  });
}

test.each(cases)("decisions of each strength as scikit-learn's SVC: $name", ({ problem, kernel, expected }) => {
  expected.strengths.forEach((strength, k) => {
    const scores = supportVectorMachine.fit(problem, { grid: [strength] }).predict(kernel);
    const wanted = ranked(expected.svm[k]!, expected.classes);
    scores.forEach((value, at) => expect(value).toBeCloseTo(wanted[at]!, 5));
  });
});

test.each(cases)("held-out accuracy of each strength: $name", ({ problem, expected }) => {
  const { validation } = supportVectorMachine.fit(problem);
  validation.forEach(({ accuracy }, k) => expect(accuracy).toBeCloseTo(expected.svm_validation[k]!, 9));
});

test("initial outputs that tell the classes apart by more than the margin are left as they are", () => {
  const { problem, kernel, initial } = cases[2]!;
  const clear = Float64Array.from({ length: problem.labels.length * 3 }, (_, at) => {
    return problem.labels[Math.floor(at / 3)] === at % 3 ? 5 : 0;
  });
  const scores = supportVectorMachine.fit({ ...problem, initial: clear }, { grid: [0.01] }).predict(kernel, initial);
  const decisions = [
    [0, 1],
    [0, 2],
    [1, 2],
  ].map(([a, b]) => Array.from({ length: kernel.shape[0] }, (_, i) => initial[3 * i + a!]! - initial[3 * i + b!]!));
  expect([...scores]).toEqual(ranked(decisions, 3));
});
