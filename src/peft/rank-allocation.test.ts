/** AdaLoRA's budget against numbers worked out by hand, and against the paper's formulas written down a second time. */
import { describe, expect, test } from "vitest";
import { random } from "../tensor/random.ts";
import { tensor } from "../tensor/tensor.ts";
import { type View, viewOf } from "../tensor/view.ts";
import type { Dynamics } from "./dynamics.ts";
import { type AllocationOptions, type Budget, placesAt, rankAllocation, type Triplets } from "./rank-allocation.ts";

describe("places", () => {
  const budget: Budget = { steps: [10, 50], places: [24, 8] };
  test.each([
    [1, 24],
    [10, 24],
    // 8 + 16 · (39/40)³ = 22.83, 16 · (30/40)³ = 6.75, 16 · (20/40)³ = 2, 16 · (10/40)³ = 0.25.
    [11, 22],
    [20, 14],
    [30, 10],
    [40, 8],
    [50, 8],
    [60, 8],
  ])("after step %i there are %i", (step, expected) => expect(placesAt(step, budget)).toBe(expected));

  test("are those of whole numbers' arithmetic", () => {
    const { integer } = random(0, "places");
    for (let round = 0; round < 500; round++) {
      const steps = [integer(1000), 2000 + integer(50_000)] as const;
      const places = [1 + integer(2000), 0] as const;
      const step = steps[0] + integer(steps[1] - steps[0]);
      const [above, below] = [BigInt(places[0]) * BigInt(steps[1] - step) ** 3n, BigInt(steps[1] - steps[0]) ** 3n];
      // Where it comes out even, rounding decides.
      if (above % below !== 0n) expect(placesAt(step, { steps, places })).toBe(Number(above / below));
    }
  });
});

interface Course {
  readonly views: ReadonlyMap<string, View>;
  readonly dynamics: Dynamics;
  /** Sets what is trained and lets the step be made. @returns the singular values afterwards */
  step(at: number, values: Numbers, gradients: Numbers): number[][];
}
type Numbers = ReadonlyMap<string, ArrayLike<number>>;

const matrix = (name: string): Triplets => ({ a: `${name}.A`, e: `${name}.E`, b: `${name}.B` });

function begin(
  shapes: Readonly<Record<string, readonly [out: number, inner: number]>>,
  options: AllocationOptions,
  totalSteps: number,
): Course {
  const { init_r: r } = options;
  const blank = (rows: number, columns: number): View =>
    viewOf(tensor("float32", [rows, columns], new Float32Array(rows * columns)), null);
  const matrices = Object.keys(shapes).map(matrix);
  const views = new Map(
    Object.entries(shapes).flatMap(([name, [out, inner]]) => {
      const { a, e, b } = matrix(name);
      return [[a, blank(r, inner)] as const, [e, blank(r, 1)] as const, [b, blank(out, r)] as const];
    }),
  );
  const unused = (): never => expect.unreachable();
  const live = { view: (name: string) => views.get(name)!, parameter: unused, entries: unused };
  const dynamics = rankAllocation(live, matrices, options);
  return {
    views,
    dynamics,
    step(step, values, gradients) {
      for (const [name, { data }] of views) data.set(values.get(name)!);
      const gradient = (name: string) => Float32Array.from(gradients.get(name)!);
      const biasCorrection = { mean: 1, square: 1 };
      void dynamics.afterStep({ step, totalSteps, gradient, biasCorrection, moments: unused, noise: unused });
      return matrices.map(({ e }) => [...views.get(e)!.data]);
    },
  };
}

const noWarmup = { tinit: 0, tfinal: 0, deltaT: 1, beta1: 0.85, beta2: 0.85 };

test("after one step: a running mean of |w·∂w|, what it deviates, and the lower of two scores falls", () => {
  const { step, dynamics } = begin({ m: [1, 2] }, { ...noWarmup, init_r: 2, target_r: 1 }, 2);
  const values = new Map([
    ["m.A", [1, 2, -3, 4]],
    ["m.E", [5, 6]],
    ["m.B", [7, 8]],
  ]);
  const gradients = new Map([
    ["m.A", [1, -1, 0.5, 0]],
    ["m.E", [1, 1]],
    ["m.B", [-1, 0.5]],
  ]);
  // |w·∂w| = A [[1, 2], [1.5, 0]], E [5, 6], B [7, 4]; mean 0.15·, deviation 0.15·0.85·, so a score is 0.019125·|w·∂w|². Of the
  // first triplet 25 + (1 + 4)/2 + 49 = 76.5, of the second 36 + (2.25 + 0)/2 + 16 = 53.125. One of two has a place: ⌊1 + (1/2)³⌋.
  expect(step(1, values, gradients)).toEqual([[5, 0]]);
  const stateOf = (name: string) => [...dynamics.state[name]!.data];
  for (const [name, felt] of Object.entries({ "m.A": [1, 2, 1.5, 0], "m.E": [5, 6], "m.B": [7, 4] }))
    felt.forEach((x, i) => {
      expect(stateOf(`${name}.sensitivity`)[i]).toBeCloseTo(0.15 * x, 6);
      expect(stateOf(`${name}.uncertainty`)[i]).toBeCloseTo(0.1275 * x, 6);
    });
  expect(stateOf("allocation.kept")).toEqual([1, 0]);
});

const shapes = { query: [3, 4], value: [5, 4], output: [4, 6] } as const;
const scheduled = { init_r: 4, target_r: 2, tinit: 3, tfinal: 5, deltaT: 2, beta1: 0.85, beta2: 0.7 };
const totalSteps = 20;

/** What is trained as it stands after a step of the optimizer, and its gradients: random, and of a size of their own. */
function drawn(views: ReadonlyMap<string, View>, step: number, of: "values" | "gradients"): Map<string, number[]> {
  const { normal } = random(step, of);
  return new Map([...views].map(([name, { data }]) => [name, Array.from(data, () => Math.fround(normal()))]));
}

/** The paper's formulas, over nested arrays. */
function reference(views: ReadonlyMap<string, View>): number[][][] {
  const { init_r: r, target_r, tinit, tfinal, deltaT, beta1, beta2 } = scheduled;
  const last = totalSteps - tfinal;
  const means = new Map([...views].map(([name, { data }]) => [name, Array.from(data, () => 0)]));
  const deviations = structuredClone(means);
  const names = Object.keys(shapes) as (keyof typeof shapes)[];
  let lasting: boolean[] | undefined;
  const course: number[][][] = [];
  for (let t = 1; t <= totalSteps; t++) {
    const [values, gradients] = [drawn(views, t, "values"), drawn(views, t, "gradients")];
    if (t < last)
      for (const [name, mean] of means) {
        const felt = values.get(name)!.map((w, i) => Math.abs(w * gradients.get(name)![i]!));
        mean.forEach((x, i) => (mean[i] = beta1 * x + (1 - beta1) * felt[i]!));
        const deviation = deviations.get(name)!;
        deviation.forEach((x, i) => (deviation[i] = beta2 * x + (1 - beta2) * Math.abs(felt[i]! - mean[i]!)));
      }
    const score = (name: string, i: number) => means.get(name)![i]! * deviations.get(name)![i]!;
    const average = (n: number, term: (j: number) => number) =>
      Array.from({ length: n }, (_, j) => term(j)).reduce((x, y) => x + y) / n;
    const scores = names.flatMap((name) => {
      const [out, inner] = shapes[name];
      return Array.from(
        { length: r },
        (_, i) =>
          score(`${name}.E`, i) +
          average(inner, (j) => score(`${name}.A`, i * inner + j)) +
          average(out, (j) => score(`${name}.B`, j * r + i)),
      );
    });
    const places =
      names.length * (t >= last ? target_r : target_r + (r - target_r) * (1 - (t - tinit) / (last - tinit)) ** 3);
    // A triplet stays if fewer than the places are above it.
    const kept = scores.map((one) => scores.filter((other) => other > one).length < Math.floor(places));
    if (t === last) lasting = kept;
    const mask = t >= last ? lasting! : t > tinit && t % deltaT === 0 ? kept : scores.map(() => true);
    course.push(names.map((name, m) => values.get(`${name}.E`)!.map((e, i) => (mask[m * r + i] ? e : 0))));
  }
  return course;
}

/** Every step from one on. */
const rest = ({ step, views }: Course, from = 1): number[][][] =>
  Array.from({ length: totalSteps + 1 - from }, (_, i) =>
    step(from + i, drawn(views, from + i, "values"), drawn(views, from + i, "gradients")),
  );

test("over a whole training as the paper's formulas say", () => {
  const course = begin(shapes, scheduled, totalSteps);
  const actual = rest(course);
  expect(actual).toEqual(reference(course.views));
  const left = actual.map((values) => values.flat().filter((e) => e !== 0).length);
  // Every second step from step 4 on, ⌊6 + 6·((15 − t)/12)³⌋; in between all may grow again, after step 15 none.
  expect(left).toEqual([12, 12, 12, 10, 12, 8, 12, 7, 12, 6, 12, 6, 12, 6, 6, 6, 6, 6, 6, 6]);
});

test("goes on from what a checkpoint keeps as if it had not stopped", () => {
  const whole = rest(begin(shapes, scheduled, totalSteps));
  for (const stop of [2, 5, 14, 15, 17]) {
    const [before, after] = [begin(shapes, scheduled, totalSteps), begin(shapes, scheduled, totalSteps)];
    for (let t = 1; t <= stop; t++)
      before.step(t, drawn(before.views, t, "values"), drawn(before.views, t, "gradients"));
    for (const [name, { data }] of Object.entries(before.dynamics.state)) after.dynamics.state[name]!.data.set(data);
    expect(rest(after, stop + 1), `after step ${stop}`).toEqual(whole.slice(stop));
  }
});

test("places for all of them leave all of them", () => {
  const all = { ...noWarmup, init_r: 2, target_r: 2 };
  const course = begin({ m: [2, 2] }, all, 2);
  const values = drawn(course.views, 1, "values");
  expect(course.step(1, values, drawn(course.views, 1, "gradients"))).toEqual([values.get("m.E")]);
  expect(course.step(2, values, drawn(course.views, 2, "gradients"))).toEqual([values.get("m.E")]);
});

test.each([
  [6, 4],
  [10, 0],
  [3, 8],
])(
  "tinit %i and tfinal %i leave nothing of ten steps: an error in one line before the first",
  async (tinit, tfinal) => {
    const { dynamics } = begin({ m: [2, 2] }, { ...noWarmup, init_r: 2, target_r: 1, tinit, tfinal }, 10);
    const coming = { step: 1, gradients: () => expect.unreachable() };
    await expect(dynamics.beforeStep!({ ...coming, totalSteps: 10 })).rejects.toThrow(
      new Error(`tinit: ${tinit}, expected below the 10 steps of the training less tfinal, ${tfinal}`),
    );
    await dynamics.beforeStep!({ ...coming, totalSteps: 12 });
  },
);
