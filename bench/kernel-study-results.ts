/** The kernel study's results: what is kept of each set of parameters on each split. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { decodeSafetensors } from "../src/formats/safetensors.ts";
import { kernelClassifiers } from "../src/ntk/classifiers/registry.ts";
import { predictedClasses } from "../src/ntk/classifiers/parts.ts";
import { compareKernels, type KernelComparison } from "../src/ntk/comparison/measures.ts";
import { type Kernel, kernelOfTensor } from "../src/ntk/kernel.ts";
import type { DriftPoint, KernelStudy, StudiedKernel } from "../src/ntk/study.ts";
import { fileNameOf } from "../src/run/ntk/parameter-set.ts";
import { sets, tasks, trainsHead } from "./kernel-study-runs.ts";

interface Place {
  readonly setting: string;
  readonly task: string;
  readonly seed: number;
  readonly machine: string;
}

export interface Found extends Place {
  readonly set: string;
  /** The score's name among the metrics. */
  readonly metric: string;
  readonly parameters: number;
  readonly trainInputs: number;
  readonly testInputs: number;
  readonly scores: Readonly<Record<string, number>>;
  readonly effectiveRank: number;
  readonly labelAlignment: number;
  /** With the full kernel. */
  readonly comparison: StudiedKernel["comparison"];
  readonly drift: readonly DriftPoint[];
  /** Of what is left when the head's part is taken away, where there is one, from the kernel and from the full one: kernels add up. */
  readonly withoutHead?: KernelComparison & { readonly ridgeAccuracy: number };
}

/** What is found so far. */
export function read(path: string): Found[] {
  const lines = existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
  return lines.filter(Boolean).map((line) => JSON.parse(line) as Found);
}

export const isDone = (found: readonly Found[], setting: string, task: string, seed: number): boolean =>
  found.some((line) => line.setting === setting && line.task === task && line.seed === seed);

/** Reads what `rocoft ntk` left in a folder, of one split. */
export function foundIn(folder: string, place: Place): Found[] {
  const study = JSON.parse(readFileSync(join(folder, "study.json"), "utf8")) as KernelStudy;
  const [split] = study.splits;
  const own = (spec: string) => bodyKernels(folder, place, spec);
  const full = own(sets[0]!.spec);
  checkLabels(full.testLabels, place.task);
  return sets.map(({ name, spec }) => {
    const { description, comparison, scores, drift = [] } = split!.kernels[spec]!;
    const isHead = spec.startsWith("head");
    return {
      ...place,
      set: name,
      metric: study.metric,
      parameters: study.parameterSets.find((each) => each.name === spec)!.parameters,
      trainInputs: split!.labels.length,
      testInputs: split!.testInputs,
      scores,
      effectiveRank: description.effectiveRank!,
      labelAlignment: description.labelAlignment!,
      comparison,
      drift,
      ...(!isHead && { withoutHead: withoutHead(own(spec), full, study.classes.length) }),
    };
  });
}

/** What chance is must be known of the inputs that were tested on. */
function checkLabels(labels: Int32Array, task: string): void {
  const { testLabels: expected } = tasks.find((each) => each.task === task)!;
  const met = expected.map((_, label) => labels.filter((each) => each === label).length);
  if (met.join() !== expected.join()) throw new Error(`${task}: test labels ${met}, expected ${expected}`);
}

export interface Parts {
  readonly train: Kernel;
  readonly test: Kernel;
  readonly trainLabels: Int32Array;
  readonly testLabels: Int32Array;
}

/** The kernels of a set without the head's part, which is a kernel of its own, if it has the head. */
export function bodyKernels(folder: string, { setting, seed }: Pick<Place, "setting" | "seed">, spec: string): Parts {
  const whole = kernelFile(folder, seed, spec);
  if (!trainsHead(setting) && spec !== sets[0]!.spec) return whole;
  const head = kernelFile(folder, seed, sets.find(({ name }) => name === "head")!.spec);
  const less = (a: Kernel, b: Kernel): Kernel => ({ ...a, data: a.data.map((x, i) => x - b.data[i]!) });
  return { ...whole, train: less(whole.train, head.train), test: less(whole.test, head.test) };
}

/** The kernels of a set as they were measured. */
export function kernelFile(folder: string, seed: number, spec: string): Parts {
  const path = join(folder, `16-${seed}`, fileNameOf(spec), "kernel.safetensors");
  const tensors = decodeSafetensors(readFileSync(path), path);
  const kernel = (name: string) => kernelOfTensor(tensors.get(name)!, `${path}: ${name}`);
  const labels = (name: string) => Int32Array.from(tensors.get(name)!.data as BigInt64Array, Number);
  return {
    train: kernel("train"),
    test: kernel("test"),
    trainLabels: labels("train_labels"),
    testLabels: labels("test_labels"),
  };
}

function withoutHead({ train, test, trainLabels, testLabels }: Parts, full: Parts, classes: number) {
  const fitted = kernelClassifiers["kernel-ridge-regression"].fit({ kernel: train, labels: trainLabels, classes });
  const predicted = predictedClasses(fitted.predict(test), classes);
  const right = testLabels.filter((label, i) => label === predicted[i]).length;
  return { ...compareKernels(train, full.train), ridgeAccuracy: right / testLabels.length };
}
