import { expect, test } from "vitest";
import type { Kernel } from "../kernel.ts";
import type { FitOptions, Problem } from "./classifier.ts";
import { cases, outputsOf, scaled, separable } from "./classifiers.cases.ts";
import { random } from "../../tensor/random.ts";
import { differenceKernel, differenceValues, predictedClasses } from "./parts.ts";
import { kernelClassifiers } from "./registry.ts";

const all = Object.values(kernelClassifiers);
const relative = all.filter(({ takesInitial }) => takesInitial);

test("every classifier is listed under its name, with its grid from strong to weak", () => {
  for (const [name, classifier] of Object.entries(kernelClassifiers)) {
    expect(classifier.name).toBe(name);
    const weaker = name === "logistic-regression-on-kernel-rows" ? 1 : -1;
    const values = [...classifier.grid.values];
    expect(values).toEqual(values.toSorted((a, b) => weaker * (a - b)));
  }
});

test.each(
  all.flatMap((classifier) => [
    [classifier.name, 2, 1] as const,
    [classifier.name, 2, 2] as const,
    [classifier.name, 4, 4] as const,
  ]),
)("%s tells %i classes far apart from %i outputs, from new inputs too", (name, classes, outputs) => {
  const { problem, kernel } = separable(classes, outputs, 6);
  const fitted = kernelClassifiers[name].fit(problem);
  expect(fitted.validation.some(({ accuracy }) => Math.abs(accuracy - 1) < 1e-9)).toBe(true);
  for (const given of [problem.kernel, kernel])
    expect(predictedClasses(fitted.predict(given), classes)).toEqual(problem.labels);
});

test.each(relative.flatMap(({ name }) => [1e-6, 1000].map((factor) => [name, factor] as const)))(
  "%s: %f times the kernel leads to the same choice, held-out accuracies and classes",
  (name, factor) => {
    for (const { problem, kernel } of cases) {
      const once = kernelClassifiers[name].fit(problem);
      const more = kernelClassifiers[name].fit({ ...problem, kernel: scaled(problem.kernel, factor) });
      expect(more.regularization).toBe(once.regularization);
      expect(more.validation).toEqual(once.validation);
      const classes = predictedClasses(once.predict(kernel), problem.classes);
      expect(predictedClasses(more.predict(scaled(kernel, factor)), problem.classes)).toEqual(classes);
    }
  },
);

/** A kernel with symmetric noise on each entry, relative to it. */
function noisy({ shape, data }: Kernel, relative: number): Kernel {
  const { normal } = random(0, "noisy");
  const size = shape[0] * shape[1];
  const noise = Float64Array.from(data, () => 1 + relative * normal());
  const half = (at: number) => {
    const [row, column] = [Math.floor(at / size), at % size];
    return noise[Math.max(row, column) * size + Math.min(row, column)]!;
  };
  return { shape, data: data.map((value, at) => value * half(at)) };
}

test.each(["kernel-logistic-regression", "svm"] as const)("%s: two outputs are as good as their difference", (name) => {
  const { offset, kernel, initial } = cases[1]!;
  const differenceOf = (given: Kernel): Kernel => {
    const [rows, , columns] = given.shape;
    return { shape: [rows, 1, columns, 1], data: differenceKernel(given, 1, 0) };
  };
  const both = kernelClassifiers[name].fit(offset);
  const one = kernelClassifiers[name].fit({
    kernel: differenceOf(offset.kernel),
    labels: offset.labels,
    classes: 2,
    initial: differenceValues(offset.initial!, 2, 1, 0),
  });
  expect(one.regularization).toBe(both.regularization);
  const expected = outputsOf(one.predict(differenceOf(kernel), differenceValues(initial, 2, 1, 0)), 1);
  differenceValues(both.predict(kernel, initial), 2, 1, 0).forEach((value, i) =>
    expect(value).toBeCloseTo(expected[i]!, 8),
  );
});

test.each(all)("$name: a kernel of rank one is learnt from", ({ name }) => {
  const { problem } = cases[2]!;
  const size = Math.sqrt(problem.kernel.data.length);
  const data = problem.kernel.data.map((_, at) => Math.sin(1 + Math.floor(at / size)) * Math.sin(1 + (at % size)));
  const kernel: Kernel = { shape: problem.kernel.shape, data };
  const scores = kernelClassifiers[name].fit({ ...problem, kernel }).predict(kernel);
  expect(scores.length).toBe(24 * 3);
  expect(scores.every(Number.isFinite)).toBe(true);
});

test.each(all.flatMap(({ name }) => [1e-7, 1e-6, 1e-5].map((noise) => [name, noise] as const)))(
  "%s: a kernel of low rank with noise of %f in its entries is learnt as without, but for the weakest strengths",
  (name, noise) => {
    for (const { problem, kernel } of cases) {
      const clean = kernelClassifiers[name].fit(problem);
      const rough = kernelClassifiers[name].fit({ ...problem, kernel: noisy(problem.kernel, noise) });
      expect(rough.regularization).toBe(clean.regularization);
      rough.predict(kernel).forEach((value, at) => expect(value).toBeCloseTo(clean.predict(kernel)[at]!, 2));
    }
  },
);

test("halves that differ by rounding are as good as their mean", () => {
  const { problem, kernel } = cases[1]!;
  const mean = noisy(problem.kernel, 1e-6);
  const size = Math.sqrt(mean.data.length);
  const apart = mean.data.map(
    (value, at) => value + (at % size > Math.floor(at / size) ? 1e-7 : at % (size + 1) ? -1e-7 : 0),
  );
  for (const { name } of all) {
    const [one, other] = [mean, { shape: mean.shape, data: apart }].map((given) =>
      kernelClassifiers[name].fit({ ...problem, kernel: given }, { grid: [0.1] }).predict(kernel),
    );
    one!.forEach((value, at) => expect(other![at]).toBeCloseTo(value, 9));
  }
});

test("an indefinite kernel is refused where its norm is used", () => {
  const { problem } = cases[0]!;
  const kernel = {
    shape: problem.kernel.shape,
    data: problem.kernel.data.map((value, at) => (at % 25 === 0 ? value : 3 * value)),
  };
  for (const { name } of relative)
    expect(() => kernelClassifiers[name].fit({ ...problem, kernel })).toThrow(
      `${name}: negative eigenvalues in a matrix of 24 × 24, expected a positive semidefinite one`,
    );
});

test("there are no more folds than inputs of the rarest class", () => {
  const { problem } = cases[0]!;
  const few: Problem = { ...problem, labels: problem.labels.map((_, i) => Number(i === 3 || i === 20)) };
  for (const classifier of relative)
    expect(classifier.fit(few, { folds: 5 }).validation).toEqual(classifier.fit(few, { folds: 2 }).validation);
});

test("what the tests hand over is not changed", () => {
  const { offset } = cases[0]!;
  const before = offset.kernel.data.slice();
  for (const { name } of relative) kernelClassifiers[name].fit(offset);
  expect(offset.kernel.data).toEqual(before);
});

const { problem, kernel } = cases[2]!;
const ofOther = (changes: Partial<Problem>) => ({ ...problem, ...changes });
const withEntry = (at: number, value: number) => {
  const data = problem.kernel.data.slice();
  data[at] = value;
  return { shape: problem.kernel.shape, data };
};

const refused: [string, Problem, FitOptions, string][] = [
  [
    "a kernel to other inputs",
    ofOther({ kernel }),
    {},
    "a kernel of 7 × 3 × 24 × 3, expected one between the training inputs, n × C × n × C",
  ],
  ["one class", ofOther({ classes: 1 }), {}, "1 classes, expected at least 2"],
  [
    "classes without an output",
    ofOther({ classes: 4 }),
    {},
    "3 outputs for 4 classes, expected an output for each class, or one for two classes",
  ],
  [
    "labels of other inputs",
    ofOther({ labels: Int32Array.of(0, 1) }),
    {},
    "2 labels for 24 inputs, expected one for each",
  ],
  ["an unknown class", ofOther({ labels: problem.labels.map((label) => label + 1) }), {}, "label 3, expected 0 to 2"],
  [
    "a lonely input",
    ofOther({ labels: problem.labels.map((_, i) => (i === 0 ? 0 : 1 + (i % 2))) }),
    {},
    "less than two inputs of class 0 among 24, expected at least two of each class",
  ],
  [
    "an infinite entry",
    ofOther({ kernel: withEntry(5, Infinity) }),
    {},
    "Infinity in a kernel, expected finite numbers",
  ],
  [
    "missing numbers",
    ofOther({ kernel: { shape: problem.kernel.shape, data: new Float64Array(9) } }),
    {},
    "9 numbers in a kernel, expected 5184",
  ],
  [
    "an asymmetric kernel",
    ofOther({ kernel: withEntry(1, 1e3) }),
    {},
    "a kernel whose halves lie 0.99 of its largest entry apart, expected a symmetric one",
  ],
  [
    "a kernel of zeros",
    ofOther({ kernel: scaled(problem.kernel, 0) }),
    {},
    "a kernel that is the same for all classes, expected one that tells them apart",
  ],
  ["one fold", problem, { folds: 1 }, "1 folds, expected at least 2"],
  ["an empty grid", problem, { grid: [] }, "an empty grid, expected at least one regularisation"],
  ["no regularisation", problem, { grid: [1, 0] }, "regularisation 0, expected a positive number"],
];

test.each(refused)("%s is refused by every classifier", (_, given, options, message) => {
  for (const classifier of all) expect(() => classifier.fit(given, options)).toThrow(`${classifier.name}: ${message}`);
});

test("what has no place for initial outputs refuses them", () => {
  const others = all.filter(({ takesInitial }) => !takesInitial);
  expect(others.map(({ name }) => name)).toEqual(["logistic-regression-on-kernel-rows"]);
  for (const { fit, name } of others)
    expect(() => fit({ ...problem, initial: new Float64Array(72) })).toThrow(`${name}: initial outputs, expected none`);
});

test.each(relative)("$name refuses initial outputs that do not fit", ({ name }) => {
  const { fit } = kernelClassifiers[name];
  const initial = new Float64Array(72);
  expect(() => fit({ ...problem, initial: new Float64Array(5) })).toThrow(
    `${name}: 5 initial outputs for 24 inputs, expected 24 × 3`,
  );
  const nan = initial.with(3, NaN);
  expect(() => fit({ ...problem, initial: nan })).toThrow(
    `${name}: NaN among the initial outputs, expected finite numbers`,
  );
  const [plain, offset] = [fit(problem), fit({ ...problem, initial })];
  expect(() => plain.predict(kernel, new Float64Array(21))).toThrow(
    `${name}: initial outputs where it predicts, expected none, as where it learnt`,
  );
  expect(() => offset.predict(kernel)).toThrow(
    `${name}: no initial outputs where it predicts, expected them, as where it learnt`,
  );
  expect(() => offset.predict(kernel, new Float64Array(4))).toThrow(
    `${name}: 4 initial outputs for 7 inputs, expected 7 × 3`,
  );
});

test.each(all)("$name refuses to predict from a kernel to other inputs", ({ name }) => {
  const { predict } = kernelClassifiers[name].fit(problem);
  expect(() => predict(cases[0]!.kernel)).toThrow(`${name}: a kernel of 7 × 1 × 24 × 1, expected 7 × 3 × 24 × 3`);
});
