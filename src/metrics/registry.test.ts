import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { type MetricName, metrics } from "./registry.ts";

type Case = readonly [MetricName, labels: readonly number[], predictions: readonly number[], expected: number];

const examples: readonly Case[] = [
  ["matthews_correlation", [1, 1, 1, 0, 0, 0, 1, 0], [1, 0, 1, 0, 1, 0, 1, 1], 0.2581988897471611],
  ["matthews_correlation", [1, 1, 0, 0], [0, 0, 1, 1], -1],
  ["matthews_correlation", [1, 0, 1, 0], [1, 1, 1, 1], 0],
  ["matthews_correlation", [1, 1, 1, 1], [1, 1, 1, 1], 0],
  ["matthews_correlation", [0, 1, 2, 2, 1, 0], [0, 2, 2, 2, 1, 1], 0.5222329678670935],
  ["accuracy", [1, 1, 1, 0, 0, 1], [1, 0, 1, 1, 0, 1], 0.6666666666666666],
  ["f1", [1, 1, 1, 0, 0, 1], [1, 0, 1, 1, 0, 1], 0.75],
  ["f1_macro", [1, 1, 1, 0, 0, 1], [1, 0, 1, 1, 0, 1], 0.625],
  ["accuracy", [0, 0, 0, 0], [0, 0, 0, 0], 1],
  ["f1", [0, 0, 0, 0], [0, 0, 0, 0], 0],
  ["accuracy", [0, 0, 1], [1, 1, 0], 0],
  ["f1", [0, 0, 1], [1, 1, 0], 0],
  ["pearson", [0, 2.5, 3, 5, 2.5], [0.1, 2.4, 3.3, 4.9, 2.0], 0.9860476462592263],
  ["spearmanr", [0, 2.5, 3, 5, 2.5], [0.1, 2.4, 3.3, 4.9, 2.0], 0.9746794344808964],
  ["pearson", [1, 2, 3, 4], [1, 2, 2, 3], 0.9486832980505138],
  ["spearmanr", [1, 2, 3, 4], [1, 2, 2, 3], 0.9486832980505139],
  ["pearson", [0, 1, 1, 3, 2, 3], [0.5, 0.5, 1.5, 2.5, 2.5, 2.5], 0.8958280175293667],
  ["spearmanr", [0, 1, 1, 3, 2, 3], [0.5, 0.5, 1.5, 2.5, 2.5, 2.5], 0.9057894597833127],
  ["pearson", [1, 2, 3], [1, 1, 1], NaN],
  ["spearmanr", [1, 2, 3], [1, 1, 1], NaN],
];

test.for(examples)("%s of %j and %j is %d", ([name, labels, predictions, expected], { expect }) => {
  expectClose(metrics[name].compute(labels, predictions), expected, expect);
});

interface Measured {
  readonly labels: readonly number[];
  readonly predictions: readonly number[];
  readonly expected: Readonly<Partial<Record<MetricName, number>>>;
}

const measured: readonly Measured[] = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../test/fixtures/metrics.json"), "utf8"),
);
const cases: readonly Case[] = measured.flatMap(({ labels, predictions, expected }) =>
  (Object.keys(expected) as MetricName[]).map((name): Case => [name, labels, predictions, expected[name]!]),
);

test.for(cases.map((_, i) => i))("case %i is what scikit-learn or scipy measures", (i, { expect }) => {
  const [name, labels, predictions, expected] = cases[i]!;
  expectClose(metrics[name].compute(labels, predictions), expected, expect);
});

test("the reference measures every metric", () => {
  expect(new Set(cases.map(([name]) => name))).toEqual(new Set(Object.keys(metrics)));
});

/** Equal but for a few roundings of float64; NaN only to NaN. */
function expectClose(value: number, expected: number, check: typeof expect): void {
  if (Number.isNaN(expected)) check(value).toBeNaN();
  else check(Math.abs(value - expected)).toBeLessThan(1e-14);
}

const entries = Object.entries(metrics);

test.for(entries)(
  "%s is named as in the table and refuses unequal lengths and no examples",
  ([name, metric], { expect }) => {
    expect(metric.name).toBe(name);
    expect(() => metric.compute([1, 0], [1])).toThrow(
      new Error(`${name}: 1 predictions for 2 labels, expected one for each`),
    );
    expect(() => metric.compute([], [])).toThrow(new Error(`${name}: no examples, expected at least one`));
  },
);

test.for(entries)("%s is the same of typed arrays", ([, { compute }], { expect }) => {
  const [labels, predictions] = [Int32Array.of(0, 1, 1, 0), Float32Array.of(0, 1, 0, 0)];
  expect(compute(labels, predictions)).toBe(compute([...labels], [...predictions]));
});

test("the references are the versions that measured the cases", () => {
  const pinned = readFileSync(join(import.meta.dirname, "../../bench/reference/requirements.txt"), "utf8").split("\n");
  for (const { reference } of Object.values(metrics)) {
    const [, program, version] = /^(\S+) (\S+), /.exec(reference) ?? [];
    expect(pinned).toContain(`${program}==${version}`);
  }
});
