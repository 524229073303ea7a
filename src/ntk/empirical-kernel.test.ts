/** Kernels are those of the Jacobian in float64, of every architecture and every method, however memory divides them. */
import { describe, expect, test } from "vitest";
import { tinyData, tinyModel, type TinyOptions } from "../../test/tiny-training.ts";
import { modelNames } from "../../test/fixtures.ts";
import { collate } from "../data/collate.ts";
import { methods } from "../peft/registry.ts";
import { gatherRows, input, squeeze, take } from "../graph/ops.ts";
import type { HeadName } from "../models/architecture.ts";
import { tensor } from "../tensor/tensor.ts";
import { topological } from "../graph/walk.ts";
import { nativeRuntime } from "../runtime/native.ts";
import { adapt } from "../train/adapt.ts";
import type { Forward } from "../train/forward.ts";
import { type EmpiricalKernel, empiricalKernels, type KernelOptions } from "./empirical-kernel.ts";
import { compileJacobian, jacobianGraph } from "./jacobian.ts";
import { directJacobian, innerProducts, relativeDistance } from "./oracle.cases.ts";

const runtime = await nativeRuntime({ threads: 1 });
const inputs = tinyData(5).encodings.map((encoding) => ({ ...collate([encoding], { padTokenId: 1 }) }));
const [train, test_] = [inputs.slice(0, 3), inputs.slice(3)];
const logits = ({ hidden, head }: Forward) => head(hidden());

async function kernelOf(fixture: string, options: TinyOptions, kernelOptions: KernelOptions = {}, tokens = 8) {
  const adapted = await tinyModel(fixture, options);
  const jacobian = await compileJacobian([adapted], jacobianGraph([adapted], logits, tokens), runtime);
  try {
    const [kernel] = await empiricalKernels(jacobian, runtime, train, test_, kernelOptions);
    return { adapted, kernel: kernel! };
  } finally {
    await jacobian.dispose();
  }
}

function expectOracle(adapted: Awaited<ReturnType<typeof tinyModel>>, kernel: EmpiricalKernel, tolerance: number) {
  const rows = directJacobian(adapted, logits, inputs);
  const outputs = rows.length / inputs.length;
  const columns = rows.slice(0, train.length * outputs);
  expect(relativeDistance(kernel.train.data, innerProducts(columns, columns))).toBeLessThan(tolerance);
  expect(relativeDistance(kernel.test.data, innerProducts(rows.slice(columns.length), columns))).toBeLessThan(
    tolerance,
  );
}

const classifiers = modelNames.filter((name) => name.endsWith("-classification"));

describe("over all parameters", () => {
  test.each(classifiers)("%s", async (fixture) => {
    const { adapted, kernel } = await kernelOf(fixture, { method: "full" });
    expectOracle(adapted, kernel, 1e-5);
  });
});

/** Options that fit a model of 16 numbers a token; the rest of the methods do by themselves. */
const fitting: Readonly<Partial<Record<string, Readonly<Record<string, unknown>>>>> = {
  shira: { rank: 4 },
  fish_mask: { density: 0.3, fisher_samples: 4 },
  prompt_tuning: { num_virtual_tokens: 3 },
  p_tuning: { num_virtual_tokens: 3 },
  prefix_tuning: { num_virtual_tokens: 3 },
};
const variants: readonly (readonly [string, TinyOptions])[] = [
  ...Object.keys(methods).map((method) => [method, { method, options: fitting[method] ?? {} }] as const),
  ["rocoft, columns", { options: { update: "column", rank: 2 } }],
  ["rocoft, rows and columns", { options: { update: "both", rank: 2, select: "random" } }],
  ["rocoft, entries", { options: { update: "entries", rank: 1 } }],
  ["lora, every matrix", { method: "lora", options: { target_modules: ["all-linear"], rank: 2 } }],
  ["dora", { method: "lora", options: { use_dora: true } }],
];

/** Language models by the scores of three words in place of the last token: tables of words are read on both sides there. */
const languageModels: readonly (readonly [string, HeadName])[] = [
  ["bert-mlm", "masked-language-model"],
  ["roberta-mlm", "masked-language-model"],
  ["distilbert-mlm", "masked-language-model"],
  ["deberta-v2-mlm", "masked-language-model"],
  ["gpt2-lm", "causal-language-model"],
  ["gptj-tied", "causal-language-model"],
  ["llama-tied", "causal-language-model"],
  ["bart-generation", "sequence-to-sequence"],
  ["t5-gated", "sequence-to-sequence"],
];

test.each(languageModels)("of words, over all parameters: %s", async (fixture, head) => {
  const given = head === "sequence-to-sequence" ? (["decoder_input_ids", "decoder_attention_mask"] as const) : [];
  const words = (forward: Forward) => {
    const hidden = forward.hidden({ given });
    return take(forward.head(gatherRows(hidden, input("last", ["batch"], "int64"))), -1, [3, 9, 4]);
  };
  const read = inputs.map((each) => {
    const { input_ids: ids, attention_mask: mask } = each;
    const last = tensor("int64", [1], BigInt64Array.of(BigInt(ids.data.length - 1)));
    return { ...each, last, ...(given.length > 0 && { decoder_input_ids: ids, decoder_attention_mask: mask }) };
  });
  const adapted = await tinyModel(fixture, { method: "full", head });
  const jacobian = await compileJacobian([adapted], jacobianGraph([adapted], words, 8), runtime);
  const [kernel] = await empiricalKernels(jacobian, runtime, read.slice(0, 3), read.slice(3));
  await jacobian.dispose();
  const rows = directJacobian(adapted, words, read);
  const columns = rows.slice(0, 9);
  expect(relativeDistance(kernel!.train.data, innerProducts(columns, columns))).toBeLessThan(1e-5);
  expect(relativeDistance(kernel!.test.data, innerProducts(rows.slice(9), columns))).toBeLessThan(1e-5);
});

test("scores of a few words leave the rest of the vocabulary alone", async () => {
  const adapted = await tinyModel("roberta-mlm", { method: "full", head: "masked-language-model" });
  const words = ({ hidden, head }: Forward) => take(head(squeeze(take(hidden(), 1, [0]), 1)), -1, [3, 9]);
  const { values } = jacobianGraph([adapted], words, 8);
  const { vocabularySize } = adapted.model;
  const products = topological(Object.values(values)).filter(({ op }) => op === "linear" || op === "matmul");
  expect(products.filter(({ shape }) => shape.includes(vocabularySize))).toEqual([]);
});

describe("over what a method trains", () => {
  test.each(variants)("%s", async (_, options) => {
    const { adapted, kernel } = await kernelOf("roberta-classification", options);
    expectOracle(adapted, kernel, 1e-5);
  });
});

describe("of several sets in one pass", () => {
  const sets: readonly TinyOptions[] = [
    { method: "full" },
    { options: { rank: 1 } },
    { options: { rank: 3 } },
    { options: { update: "column", rank: 2 } },
    { options: { update: "entries", rank: 1 } },
    { method: "bitfit" },
    { method: "head" },
  ];

  test("each kernel is that of its set alone", async () => {
    const base = await tinyModel("roberta-classification", { method: "head" });
    const models = await Promise.all(sets.map((options) => tinyModel("roberta-classification", options)));
    const shared = models.map((each) => adapt({ ...each, weights: base.weights }));
    const graph = jacobianGraph(shared, logits, 8);
    const jacobian = await compileJacobian(shared, graph, runtime);
    const kernels = await empiricalKernels(jacobian, runtime, train, test_);
    await jacobian.dispose();
    kernels.forEach((kernel, i) => expectOracle(models[i]!, kernel, 1e-5));
    // One pass: as many products as the full set has alone.
    const [first] = shared;
    const ops = (values: typeof graph.values) => topological(Object.values(values)).filter(({ op }) => op === "linear");
    expect(ops(graph.values)).toHaveLength(ops(jacobianGraph([first!], logits, 8).values).length);
  });

  test("sets of different functions are refused", async () => {
    const models = [
      await tinyModel("roberta-classification"),
      await tinyModel("roberta-classification", { method: "ia3" }),
    ];
    expect(() => jacobianGraph(models, logits, 8)).toThrow("the models do not compute the same");
  });
});

describe("however it is computed", () => {
  test.each([1, 2])("outputs: %i", async (labels) => {
    const { adapted, kernel } = await kernelOf("bert-classification", { method: "full", labels });
    expectOracle(adapted, kernel, 1e-5);
  });

  // Matrices of a thousand tokens are larger as factors, those of one are smaller.
  test.each([1, 1000])("forms chosen for %i tokens", async (tokens) => {
    const { adapted, kernel } = await kernelOf("bert-classification", { method: "full" }, {}, tokens);
    expectOracle(adapted, kernel, 1e-5);
  });

  test.each([1, 2e4, 5e4, 2e5])("in %i bytes of memory", async (memoryBytes) => {
    const whole = await kernelOf("roberta-classification", { method: "full" });
    const progress: (readonly [number, number])[] = [];
    const onProgress = (done: number, total: number) => progress.push([done, total]);
    const { kernel } = await kernelOf("roberta-classification", { method: "full" }, { memoryBytes, onProgress });
    expect(relativeDistance(kernel.train.data, whole.kernel.train.data)).toBeLessThan(1e-6);
    expect(relativeDistance(kernel.test.data, whole.kernel.test.data)).toBeLessThan(1e-6);
    expect(kernel.testLogits).toEqual(whole.kernel.testLogits);
    expect(progress.at(-1)).toEqual([12, 12]);
    if (memoryBytes === 1) expect(progress).toHaveLength(12);
  });

  test("an interrupted kernel rejects with the signal's reason", async () => {
    const signal = AbortSignal.abort(new Error("enough"));
    await expect(kernelOf("bert-classification", {}, { signal })).rejects.toThrow("enough");
  });
});

describe("of signs", () => {
  /** Gradients that are zero but for rounding have no sign to speak of: those of an attention's key biases. */
  const isTaken = ({ name }: { readonly name: string }) => !name.endsWith("key.bias");
  const sign = (rows: readonly Float64Array[]) => rows.map((row) => row.map(Math.sign));

  test.each(["signgd", "asymmetric_signgd"] as const)("%s", async (formula) => {
    const adapted = await tinyModel("roberta-classification", { method: "full" });
    const graph = jacobianGraph([adapted], logits, 8, isTaken);
    for (const memoryBytes of [2e4, 2e9]) {
      const jacobian = await compileJacobian([adapted], graph, runtime);
      const [kernel] = await empiricalKernels(jacobian, runtime, train, test_, { formula, memoryBytes });
      await jacobian.dispose();
      const rows = directJacobian(adapted, logits, inputs, isTaken);
      const columns = sign(rows.slice(0, 9));
      const other = formula === "signgd" ? sign(rows) : rows;
      expect(relativeDistance(kernel!.train.data, innerProducts(other.slice(0, 9), columns))).toBeLessThan(1e-5);
      expect(relativeDistance(kernel!.test.data, innerProducts(other.slice(9), columns))).toBeLessThan(1e-5);
    }
  });
});
