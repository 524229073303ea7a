/** What docs/kernel-study.md concludes from its runs. */
import { expect, test } from "vitest";
import type { Found } from "../bench/kernel-study-results.ts";
import { tasks } from "../bench/kernel-study-runs.ts";
import { claims, finding } from "../scripts/docs/kernel-study/claims.ts";
import { estimated, isAbove } from "../scripts/docs/kernel-study/estimate.ts";
import { below, closeness, differences, learntFrom, type View } from "../scripts/docs/kernel-study/runs.ts";

test("an interval is Student's, of his patients' hours of sleep", () => {
  // Student 1908; the interval is the one in R's help of t.test.
  const { mean, low, high, runs } = estimated([1.2, 2.4, 1.3, 1.3, 0, 1, 1.8, 0.8, 4.6, 1.4]);
  expect([mean, low, high, runs]).toEqual([1.58, 0.7001142, 2.4598858, 10].map((x) => expect.closeTo(x, 3)));
});

test("one run decides nothing, several where their interval is on one side", () => {
  expect(isAbove(estimated([5]), 0)).toBe("undecided");
  expect([0, 2, 4].map((bound) => isAbove(estimated([1.9, 2, 2.1]), bound))).toEqual([
    "holds",
    "undecided",
    "does not hold",
  ]);
});

const line = (set: string, task: string, seed: number, [ridge, tuned, close, change]: readonly number[]): Found => ({
  ...{ setting: "rocoft-small, prompt", task, seed, machine: "", set, metric: "accuracy", parameters: 1 },
  ...{ trainInputs: 32, testInputs: 1000, effectiveRank: 1, labelAlignment: 0 },
  scores: { "kernel-ridge-regression": ridge!, "fine-tuning": tuned! },
  comparison: {
    ...{ normalizedDistance: 0, scaledDistance: 0, alignment: 1 },
    ...{ centeredAlignment: close!, centeredAlignmentOfTrace: close! },
  },
  drift: [{ step: 60, relativeDistance: change! }],
});

/** Two tasks in three splits: sst2 is learnt, by mr nothing can be told. */
const seeds = [13, 42, 21];
const view: View = {
  setting: "rocoft-small, prompt",
  withHead: true,
  lines: seeds.flatMap((seed, k) => [
    line("full", "sst2", seed, [0.8 + k / 1000, 0.9, 1, 10]),
    line("3 rows", "sst2", seed, [0.79, 0.85 + k / 1000, 0.95 + k / 1000, 0.1]),
    line("1 row", "sst2", seed, [0.7, 0.85, 0.8 + k / 100, 1]),
    line("full", "mr", seed, [0.52, 0.5, 1, 10]),
    line("3 rows", "mr", seed, [0.7 + k / 10, 0.5, 0.95, 0.1 + k / 100]),
    line("1 row", "mr", seed, [0.3, 0.5, 0.8, 1]),
  ]),
};
const found = (letter: string, set: string) =>
  finding(
    claims.find((claim) => claim.letter === letter)!,
    view,
    set,
  );

test("every claim finds what the runs say", () => {
  const verdicts = claims.map(({ letter }) => [letter, found(letter, "3 rows")?.verdict]);
  expect(Object.fromEntries(verdicts)).toEqual({
    a: "holds",
    b: "holds",
    c: "does not hold",
    d: "holds",
    e: "holds",
    f: "holds",
  });
  expect(["a", "b", "e"].map((letter) => found(letter, "1 row")!.verdict)).toEqual(Array(3).fill("does not hold"));
});

test("scores count where something is learnt, kernels everywhere", () => {
  expect(found("b", "3 rows")!.estimate).toMatchObject({ runs: 3, mean: expect.closeTo(-0.011, 12) });
  expect(found("a", "3 rows")!.estimate.runs).toBe(6);
  const nothing = { ...view, lines: view.lines.filter(({ task }) => task === "mr") };
  expect(finding(claims[1]!, nothing, "3 rows")).toBeUndefined();
});

test("differences are of the same task and split", () => {
  const lines = view.lines.filter((each) => each.set !== "1 row" || each.seed === 42);
  const [sst2, mr] = differences({ ...view, lines }, ["3 rows", closeness], ["1 row", closeness]);
  expect([sst2, mr]).toEqual([expect.closeTo(0.951 - 0.81, 12), expect.closeTo(0.15, 12)]);
});

test("by prompts there is nothing below the head; chance is the commonest class and two standard errors", () => {
  expect(below(view)).toEqual([]);
  const mr = tasks.find(({ task }) => task === "mr")!;
  expect(learntFrom(mr)).toBeCloseTo(0.51 + 2 * Math.sqrt((0.51 * 0.49) / 1000), 12);
});
