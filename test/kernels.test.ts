/** Empirical kernels against PyTorch's, over all parameters and over what methods train. */
import { describe, expect, test } from "vitest";
import { type EmpiricalKernel, empiricalKernels, type KernelFormula } from "../src/ntk/empirical-kernel.ts";
import { compileJacobian, jacobianGraph, type OutputsOf } from "../src/ntk/jacobian.ts";
import { relativeDistance } from "../src/ntk/oracle.cases.ts";
import { nativeRuntime } from "../src/runtime/native.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import type { AdaptedModel } from "../src/train/adapt.ts";
import { labelObjectives } from "../src/train/objectives/labels.ts";
import { promptClassification } from "../src/train/objectives/prompt.ts";
import { worstDifference } from "./draw.ts";
import { batchFeeds, readJson, readTensors } from "./fixtures.ts";
import { tinyModel } from "./tiny-training.ts";

interface Notes {
  readonly inputs: number;
  /** Of a masked language model. */
  readonly mask_token_id?: number;
  readonly label_words?: readonly number[];
  readonly kernels: Readonly<Record<string, KernelNotes>>;
}

interface KernelNotes {
  readonly method: string;
  readonly options: Readonly<Record<string, unknown>>;
  /** How many numbers the kernel is over. */
  readonly trained: number;
  /** Parameters that do not count: all their gradients are rounding errors. */
  readonly left_out?: readonly string[];
}

const runtime = await nativeRuntime({ threads: 1 });
const models = ["bert", "roberta", "gpt2", "llama", "deberta-v2"].map((family) => `${family}-classification`);
const cases = [...models, "roberta-mlm"].flatMap((model) => {
  const notes = readJson<Notes>("kernels", `${model}.json`);
  return Object.entries(notes.kernels).map(([name, about]) => ({ model, name, notes, about }));
});

describe.each(cases)("$model, $name", ({ model, name, notes, about }) => {
  test("equals PyTorch's", async () => {
    const tensors = readTensors("kernels", `${model}.safetensors`);
    const expected = tensors.get(`kernel.${name}`)!;
    const adapted = await attach(model, name, about, notes, tensors);
    const taken = adapted.attachment.trained.filter((part) => !about.left_out?.includes(part.name));
    expect(taken.reduce((total, { count }) => total + count, 0)).toBe(about.trained);

    const inputs = Array.from({ length: notes.inputs }, (_, i) => batchFeeds(tensors, `${i}.`));
    const kernel = await kernelOf(adapted, outputsOf(notes), inputs, {
      isTaken: (part) => taken.includes(part),
      formula: name === "signgd" ? "signgd" : "sgd",
    });
    expect(kernel.train.shape).toEqual(expected.shape);
    const logits = tensors.get(`logits.${name}`) ?? tensors.get("logits")!;
    expect(worstDifference(kernel.trainLogits, logits.data as Float64Array)).toBeLessThan(2e-5);
    const uncertain = tensors.get(`uncertain.${name}`);
    if (uncertain) expectSigns(kernel.train.data, expected, uncertain);
    else expect(relativeDistance(kernel.train.data, expected.data as Float64Array)).toBeLessThan(1e-5);
  });
});

/** The model with the case's method attached, what the method adds as the fixture has it. */
async function attach(
  model: string,
  name: string,
  { method, options }: KernelNotes,
  notes: Notes,
  tensors: ReadonlyMap<string, Tensor>,
): Promise<AdaptedModel> {
  const head = notes.label_words ? "masked-language-model" : "sequence-classification";
  const labels = tensors.get("logits")!.shape[1]!;
  const adapted = await tinyModel(model, { method, options, head, labels });
  for (const { name: own } of adapted.attachment.added)
    adapted.weights[own]!.data.set(tensors.get(`${name}.${own}`)!.data as Float32Array);
  return adapted;
}

/** The scores of all classes, which of a masked language model are words. */
function outputsOf({ mask_token_id: maskTokenId, label_words: wordIds }: Notes): OutputsOf {
  const isPrompt = maskTokenId !== undefined && wordIds !== undefined;
  const objective = isPrompt ? promptClassification({ maskTokenId, wordIds }) : labelObjectives.classification;
  return (forward) => objective.evaluation(forward)["logits"]!;
}

async function kernelOf(
  adapted: AdaptedModel,
  outputs: OutputsOf,
  inputs: readonly Record<string, Tensor>[],
  { isTaken, formula }: { isTaken: Parameters<typeof jacobianGraph>[3]; formula: KernelFormula },
): Promise<EmpiricalKernel> {
  const jacobian = await compileJacobian([adapted], jacobianGraph([adapted], outputs, 8, isTaken), runtime);
  try {
    const [kernel] = await empiricalKernels(jacobian, runtime, inputs, [], { formula });
    return kernel!;
  } finally {
    await jacobian.dispose();
  }
}

/** Each term that is uncertain may have another sign, and no more than these. */
function expectSigns(actual: Float64Array, expected: Tensor, uncertain: Tensor): void {
  const beyond = actual.map((x, i) => Math.abs(x - Number(expected.data[i])) - 2 * Number(uncertain.data[i]));
  expect(Math.max(...beyond)).toBeLessThanOrEqual(0);
}
