/** Whole kernel studies of tiny models: what is written is what the gradients give. */
import { readdirSync, readFileSync } from "node:fs";
import { beforeAll, describe, expect, test } from "vitest";
import { relativeDistance } from "../../src/ntk/oracle.cases.ts";
import { type Kernel, kernelClassifiers, type KernelStudy } from "../../src/node.ts";
import { directKernels } from "./ntk-direct.ts";
import { drawn, type KernelFile, ntkWorkshop, small, trainingOf } from "./ntk-workshop.ts";
import { listing } from "./refused.ts";

const { path, classifier, prompt, study, kernelFile } = ntkWorkshop();

describe.each([
  ["a classifier", classifier],
  ["a prompt", prompt],
] as const)("of %s", (_, setting) => {
  const name = `study of ${setting.model.slice(-3)}`;
  const sets = {
    full: { method: "full" },
    "rocoft:rank=1": { method: "rocoft", rank: 1 },
    "rocoft:rank=2:update=column": { method: "rocoft", rank: 2, update: "column" },
    "lora:rank=2:target_modules=query+key": { method: "lora", rank: 2, target_modules: ["query", "key"] },
    bitfit: { method: "bitfit" },
    head: { method: "head" },
  } as const;
  let found: KernelStudy;
  beforeAll(async () => {
    const [parameters, ...compare] = Object.keys(sets);
    found = await study(name, { ...setting, ...drawn, parameters: parameters!, compare });
  });

  test.each(Object.entries(sets))("%s: the kernel is that of its gradients", async (spec, method) => {
    for (const seed of drawn.seeds) {
      const config = { ...trainingOf(setting), ...method };
      const direct = await directKernels({ config, seed, shots: 3, tests: 5 });
      const { tensors, numbers, settings: made } = kernelFile(name, `3-${seed}`, spec.replaceAll(":", "-"));
      expect(Object.fromEntries([...tensors].map(([key, { dtype, shape }]) => [key, [dtype, ...shape]]))).toEqual({
        train: ["float64", 6, 2, 6, 2],
        test: ["float64", 5, 2, 6, 2],
        train_logits: ["float64", 6, 2],
        test_logits: ["float64", 5, 2],
        train_labels: ["int64", 6],
        test_labels: ["int64", 5],
      });
      expect(relativeDistance(numbers("train"), direct.train)).toBeLessThan(1e-5);
      expect(relativeDistance(numbers("test"), direct.test)).toBeLessThan(1e-5);
      expect(Array.from(tensors.get("train_labels")!.data, Number)).toEqual(direct.labels);
      expect(Array.from(tensors.get("test_labels")!.data, Number)).toEqual(direct.testLabels);
      expect(made).toMatchObject({ seed, method: method.method, formula: "sgd", binary: false });
    }
  });

  test("the study tells of every set on every split, and is kept", () => {
    expect(JSON.parse(readFileSync(path(name, "study.json"), "utf8"))).toEqual(found);
    expect(found.parameterSets.map(({ name: set }) => set)).toEqual(Object.keys(sets));
    expect(found.splits.map(({ name: split }) => split)).toEqual(["seed 13", "seed 21"]);
    for (const { labels, testInputs, kernels } of found.splits) {
      expect([[...labels], testInputs]).toEqual([[0, 0, 0, 1, 1, 1], 5]);
      expect(Object.keys(kernels)).toEqual(Object.keys(sets));
      for (const [set, { scores, comparison, description }] of Object.entries(kernels)) {
        expect(Object.keys(scores)).toEqual(found.classifiers);
        for (const score of Object.values(scores)) expect([0, 0.2, 0.4, 0.6, 0.8, 1]).toContain(score);
        expect(comparison === undefined).toBe(set === "full");
        expect(description.eigenvalues).toHaveLength(12);
      }
    }
    const pictures = ["kernels.svg", "scores.svg", "spectra.svg"];
    expect(readdirSync(path(name)).toSorted()).toEqual(
      ["3-13", "3-21", "config.json", ...pictures, "report.html", "study.json"].toSorted(),
    );
  });

  test("the same seed gives the same files, byte for byte", async () => {
    const [parameters, ...compare] = Object.keys(sets);
    await study(`${name} again`, { ...setting, ...drawn, parameters: parameters!, compare });
    expect(listing(path(`${name} again`))).toEqual(listing(path(name)));
    for (const file of listing(path(name)).filter((each) => /\.\w+$/.test(each) && each !== "config.json"))
      expect(readFileSync(path(`${name} again`, file)).equals(readFileSync(path(name, file))), file).toBe(true);
  });

  test.each(Object.keys(sets))("%s: several sets in one pass are each as they are alone", async (spec) => {
    const alone = `${name} ${spec.replaceAll(":", " ")}`;
    await study(alone, { ...setting, shots: 3, seeds: [13], parameters: spec, kernel_solver: [] });
    const folder = ["3-13", spec.replaceAll(":", "-")];
    for (const part of ["train", "test"])
      expect(
        relativeDistance(kernelFile(alone, ...folder).numbers(part), kernelFile(name, ...folder).numbers(part)),
      ).toBeLessThan(1e-6);
  });
});

test.each([false, true])(
  "scores are those of classifiers on the kernels that are kept, adjust_for_init %s",
  async (isAdjusted) => {
    const name = `scores ${isAdjusted}`;
    const kernel_solver = ["kernel-ridge-regression", "kernel-logistic-regression", "svm"] as const;
    const asked = { ...classifier, shots: 8, seeds: [13], max_test_samples: 16, kernel_solver };
    const { splits } = await study(name, { ...asked, adjust_for_init: isAdjusted, parameters: "bitfit" });
    const { tensors, numbers } = kernelFile(name, "8-13", "bitfit");
    const kernel = (part: string) => ({ shape: tensors.get(part)!.shape as Kernel["shape"], data: numbers(part) });
    const labels = Int32Array.from(tensors.get("train_labels")!.data, Number);
    const initial = (part: string) => (isAdjusted ? numbers(`${part}_logits`) : undefined);
    const expected = kernel_solver.map((solver) => {
      const problem = {
        kernel: kernel("train"),
        labels,
        classes: 2,
        ...(isAdjusted && { initial: numbers("train_logits") }),
      };
      const scores = kernelClassifiers[solver].fit(problem).predict(kernel("test"), initial("test"));
      const right = Array.from(tensors.get("test_labels")!.data, Number).filter(
        (label, i) => label === Number(scores[2 * i + 1]! > scores[2 * i]!),
      );
      return [solver, right.length / 16];
    });
    expect(splits[0]!.kernels["bitfit"]!.scores).toEqual(Object.fromEntries(expected));
  },
);

describe("parts of a kernel", () => {
  const folder = ["2-13", "full"];
  const sum = (a: Float64Array, b: Float64Array) => a.map((x, i) => x + b[i]!);
  let whole: KernelFile;
  beforeAll(async () => {
    await study("whole", { ...classifier, ...small });
    whole = kernelFile("whole", ...folder);
  });

  test.each(["train", "test"])("of two classes, one output is the difference of two: %s", async (part) => {
    await study("binary", { ...classifier, ...small, binary_classification: true, overwrite_output_dir: true });
    const { tensors } = kernelFile("binary", ...folder);
    const { shape, data } = tensors.get(part)!;
    expect(shape).toEqual([part === "train" ? 4 : 5, 1, 4, 1]);
    const k = whole.numbers(part);
    const at = (i: number, a: number, j: number, b: number) => k[((i * 2 + a) * 4 + j) * 2 + b]!;
    const difference = Float64Array.from(data as Float64Array, (_, entry) => {
      const [i, j] = [Math.floor(entry / 4), entry % 4];
      return at(i, 0, j, 0) - at(i, 0, j, 1) - at(i, 1, j, 0) + at(i, 1, j, 1);
    });
    expect(relativeDistance(data as Float64Array, difference)).toBeLessThan(1e-5);
  });

  test.each([
    ["a new one", classifier],
    ["the pretrained one of a prompt", prompt],
  ])("without the head, the rest adds up with the head to the whole: %s", async (_, setting) => {
    const name = setting.model.slice(-3);
    await study(`whole with head ${name}`, { ...setting, ...small });
    await study(`rest ${name}`, { ...setting, ...small, exclude_head: true });
    await study(`head ${name}`, { ...setting, ...small, parameters: "head" });
    const all = kernelFile(`whole with head ${name}`, ...folder);
    const [rest, head] = [kernelFile(`rest ${name}`, ...folder), kernelFile(`head ${name}`, "2-13", "head")];
    for (const part of ["train", "test"]) {
      expect(relativeDistance(sum(rest.numbers(part), head.numbers(part)), all.numbers(part))).toBeLessThan(1e-6);
      expect(relativeDistance(rest.numbers(part), all.numbers(part))).toBeGreaterThan(1e-3);
    }
  });

  test.each([
    ["a classifier", classifier],
    ["a prompt, whose head shares its matrix with the embeddings", prompt],
  ])("without the embeddings, the rest adds up with them to the whole: %s", async (_, setting) => {
    const name = setting.model.slice(-3);
    await study(`all of ${name}`, { ...setting, ...small });
    await study(`no embeddings of ${name}`, { ...setting, ...small, exclude_embeddings: true });
    const embeddings = await directKernels({
      config: { ...trainingOf(setting), method: "full" },
      ...{ seed: 13, shots: 2, tests: 5 },
      isTaken: ({ parameter }) => parameter.role === "embedding",
    });
    const rest = kernelFile(`no embeddings of ${name}`, ...folder);
    for (const part of ["train", "test"] as const)
      expect(
        relativeDistance(
          sum(rest.numbers(part), embeddings[part]),
          kernelFile(`all of ${name}`, ...folder).numbers(part),
        ),
      ).toBeLessThan(1e-5);
  });

  test("of signs on one side, without classifiers", async () => {
    const { splits } = await study("signs", {
      ...{ ...classifier, ...small, compare: ["rocoft:rank=1"] },
      kernel_formula: "asymmetric_signgd",
    });
    const { numbers } = kernelFile("signs", ...folder);
    const k = numbers("train");
    const mirrored = k.map((_, at) => k[(at % 8) * 8 + Math.floor(at / 8)]!);
    expect(relativeDistance(mirrored, k)).toBeGreaterThan(0.01);
    const norm = Math.sqrt(k.reduce((total, x) => total + x * x, 0));
    const { eigenvalues } = splits[0]!.kernels["full"]!.description;
    // ‖K‖² is the sum of the squares of the singular values.
    expect(Math.sqrt(eigenvalues.reduce((total, x) => total + x * x, 0)) / norm).toBeCloseTo(1, 10);
  });
});
