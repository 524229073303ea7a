import { describe, expect, test } from "vitest";
import { kernelClassifiers } from "../../ntk/classifiers/registry.ts";
import { parseNtkConfig } from "./config.ts";

const given = { model: "m", data: "d", output_dir: "o" };
const messageOf = (more: Readonly<Record<string, unknown>>): string => {
  try {
    parseNtkConfig({ ...given, ...more });
  } catch (error) {
    return (error as Error).message;
  }
  return "accepted";
};

test("without settings it is the kernel of all parameters, for every classifier", () => {
  const { ntk, sets, common } = parseNtkConfig(given);
  expect(ntk).toMatchObject({ parameters: "full", kernel_formula: "sgd", shots: null, seeds: null, adapter: null });
  expect(ntk.kernel_solver).toEqual(Object.keys(kernelClassifiers));
  expect(sets.map(({ name, config }) => [name, config?.settings.method])).toEqual([["full", "full"]]);
  // As in train, on all of the data.
  expect(common).toMatchObject({
    max_steps: null,
    warmup_steps: 100,
    per_device_train_batch_size: 32,
    eval_steps: null,
  });
});

test("few shots are trained by steps for few examples, unless others are given", () => {
  const { common } = parseNtkConfig({ ...given, shots: 16, eval_steps: 7 });
  expect(common).toMatchObject({ max_steps: 200, warmup_steps: 0, per_device_train_batch_size: 8, eval_steps: 7 });
});

test("a set's own settings go before those of all", () => {
  const { sets, common } = parseNtkConfig({
    ...{ ...given, learning_rate: 0.1, max_steps: 9 },
    ...{ parameters: "rocoft:rank=2:update=column:learning_rate=0.5:name=two columns", compare: ["lora:rank=4"] },
  });
  const [first, second] = sets;
  expect(first).toMatchObject({
    name: "two columns",
    config: {
      settings: { method: "rocoft", learning_rate: 0.5, max_steps: 9 },
      methodOptions: { rank: 2, update: "column" },
    },
  });
  expect(second).toMatchObject({
    name: "lora:rank=4",
    config: { settings: { learning_rate: 0.1 }, methodOptions: { rank: 4 } },
  });
  expect(common.learning_rate).toBe(0.1);
});

describe("what is kept", () => {
  const more = {
    shots: 4,
    seeds: [1, 2],
    compare: ["head"],
    kernel_solver: ["svm"],
    fine_tune: true,
    drift_steps: [3],
  };

  test("does not depend on the order in which it was given, and gives the same again", () => {
    const { input } = parseNtkConfig({ ...given, ...more });
    const backwards = Object.fromEntries(Object.entries({ ...given, ...more }).toReversed());
    expect(JSON.stringify(parseNtkConfig(backwards).input)).toBe(JSON.stringify(input));
    expect(JSON.stringify(parseNtkConfig(input).input)).toBe(JSON.stringify(input));
    expect(parseNtkConfig(input)).toEqual(parseNtkConfig({ ...given, ...more }));
  });

  test("has the names that settings have, not their other spellings", () => {
    const { input } = parseNtkConfig({ model_name_or_path: "m", train_file: "d", output_dir: "o", task_name: "sst2" });
    expect(input).toMatchObject({ model: "m", data: "d", task: "sst2" });
    expect(input).not.toHaveProperty("model_name_or_path");
  });
});

test.each([[["none"]], [[]]])("no classifiers: %j", (kernel_solver) => {
  expect(parseNtkConfig({ ...given, kernel_solver }).ntk.kernel_solver).toEqual([]);
});

const solvers = "kernel-ridge-regression, kernel-logistic-regression, svm, logistic-regression-on-kernel-rows";
const refusals: Readonly<Record<string, readonly [Readonly<Record<string, unknown>>, string | RegExp]>> = {
  "an unknown setting": [{ shot: 4 }, /^unknown setting "shot", nearest of \d+: .*shots/],
  "a setting of runs alone": [{ method: "lora" }, /^unknown setting "method", nearest of \d+: /],
  "no model": [
    { model: undefined },
    "model: missing; give --model (model folder, id on the Hugging Face hub, or a bundled model (rocoft-small))",
  ],
  "a bad shared setting": [{ max_steps: 0 }, "max_steps: 0, expected number to be >0"],
  "no shots": [{ shots: 0 }, "shots: 0, expected number to be >0"],
  "half a shot": [{ shots: 1.5 }, "shots: 1.5, expected int"],
  "an empty list of seeds": [{ shots: 4, seeds: [] }, "seeds: [], expected array to have >=1 items"],
  "a seed below 0": [{ shots: 4, seeds: [1, -1] }, "seeds: -1, expected number to be >=0"],
  "a word for a seed": [{ shots: 4, seeds: ["a"] }, 'seeds: "a", expected number'],
  "one number where there is a list": [{ shots: 4, seeds: 13 }, "seeds: 13, expected array"],
  "a seed twice": [{ shots: 4, seeds: [1, 2, 1] }, "seeds: 1 stands twice, expected each once"],
  "seeds without shots": [
    { seeds: [1, 2] },
    "seeds: several splits are drawn by --shots, expected that flag with them",
  ],
  "no tests": [{ max_test_samples: 0 }, "max_test_samples: 0, expected number to be >0"],
  "an unknown formula": [
    { kernel_formula: "adam" },
    'kernel_formula: unknown name "adam", expected one of sgd, signgd, asymmetric_signgd',
  ],
  "an unknown classifier": [
    { kernel_solver: ["svm", "forest"] },
    `kernel_solver: unknown name "forest", expected one of ${solvers}`,
  ],
  "a classifier and none": [
    { kernel_solver: ["none", "svm"] },
    `kernel_solver: unknown name "none", expected one of ${solvers}`,
  ],
  "a classifier twice": [{ kernel_solver: ["svm", "svm"] }, "kernel_solver: svm stands twice, expected each once"],
  "a kernel that is not symmetric, with classifiers": [
    { kernel_formula: "asymmetric_signgd" },
    "kernel_formula: kernels of asymmetric_signgd are not symmetric, which kernel classifiers ask for, expected --kernel_solver none with it",
  ],
  "the same of one classifier": [
    { kernel_formula: "asymmetric_signgd", kernel_solver: ["svm"] },
    "kernel_formula: kernels of asymmetric_signgd are not symmetric, which kernel classifiers ask for, expected --kernel_solver none with it",
  ],
  "initial logits for a classifier that has no place for them": [
    { adjust_for_init: true },
    "adjust_for_init: logistic-regression-on-kernel-rows has no place for the logits at initialisation, expected a --kernel_solver without it",
  ],
  "drift without training": [
    { drift_steps: [1] },
    "drift_steps: are steps of fine-tuning, expected --fine_tune with them",
  ],
  "drift before the first step": [{ fine_tune: true, drift_steps: [0] }, "drift_steps: 0, expected number to be >0"],
  "a step of drift twice": [
    { fine_tune: true, drift_steps: [5, 5] },
    "drift_steps: 5 stands twice, expected each once",
  ],
  "no memory": [{ memory_mib: 0 }, "memory_mib: 0, expected number to be >0"],
  "an unknown set": [{ parameters: "rows" }, /^rows: method: unknown method "rows", nearest of \d+: /],
  "an empty set": [{ compare: [""] }, /^: method: unknown method "", nearest of \d+: /],
  "a set twice": [{ compare: ["lora", "lora"] }, "compare: lora stands twice, expected each once"],
  "the first set again": [{ compare: ["full"] }, "compare: full stands twice, expected each once"],
  "two sets of one name": [
    { parameters: "lora:name=a b", compare: ["bitfit:name=a:b"] },
    'bitfit:name=a:b: "b" is no option, expected name=value',
  ],
  "two sets of one folder's name": [
    { parameters: "lora:name=a b", compare: ["bitfit:name=a/b"] },
    "compare: a/b stands twice, expected each once",
  ],
  "a bad option": [{ parameters: "rocoft:rank=0" }, "rocoft:rank=0: rank: 0, expected number to be >0"],
  "an adapter's set without an adapter": [
    { compare: ["adapter"] },
    "parameters: adapter stands for what --adapter has trained, expected that flag with it",
  ],
  "fine-tuning from an adapter": [
    { adapter: "a", fine_tune: true },
    "fine_tune: begins at the base model, expected no --adapter with it",
  ],
};

test.each(Object.entries(refusals))("refuses %s", (_, [more, message]) => {
  const met = messageOf(more);
  if (typeof message === "string") expect(met).toBe(message);
  else expect(met).toMatch(message);
  expect(met).not.toContain("\n");
});
