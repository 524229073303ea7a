/** Twenty steps on fixed batches, against PyTorch's: losses, learning rates, gradient norms and what was trained. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { EncodedDataset } from "../src/data/encode.ts";
import { print } from "../src/graph/print.ts";
import type { ScheduleName } from "../src/optim/schedule.ts";
import { methodOf, methodOptions } from "../src/peft/registry.ts";
import { nativeRuntime } from "../src/runtime/native.ts";
import { random } from "../src/tensor/random.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import { type AdaptedModel, adapt } from "../src/train/adapt.ts";
import { loadWeights, parametersOf } from "../src/train/load.ts";
import type { TrainingOptions } from "../src/train/options.ts";
import { noiseOf } from "../src/train/noise.ts";
import { trainingStep } from "../src/train/step.ts";
import { labelObjectives } from "../src/train/objectives/labels.ts";
import { createUpdater } from "../src/train/update.ts";
import { isEntries } from "../src/tensor/view.ts";
import { worstDifference } from "./draw.ts";
import { fixtureModel, readJson, readTensors } from "./fixtures.ts";

interface Curve {
  readonly method: keyof typeof settings;
  readonly train_bias: boolean;
  readonly rank: number;
  readonly steps: number;
  readonly warmup_steps: number;
  readonly weight_decay: number;
  readonly lr_scheduler_type: ScheduleName;
  readonly max_grad_norm: number | null;
  readonly gradient_accumulation_steps: number;
  readonly learning_rate: number;
  readonly trained: number;
  readonly zero_gradient: readonly string[];
  readonly losses: readonly number[];
  readonly learning_rates: readonly number[];
  readonly gradient_norms: readonly number[];
}

const settings = {
  rows: ["rocoft", { update: "row" }],
  columns: ["rocoft", { update: "column" }],
  both: ["rocoft", { update: "both" }],
  bitfit: ["bitfit", {}],
  ln_tuning: ["ln_tuning", {}],
  full: ["full", {}],
} as const;

const { classification } = labelObjectives;
const runtime = await nativeRuntime({ threads: 1 });
const models = ["bert-classification", "roberta-classification"];
const folder = (model: string) => join(import.meta.dirname, "fixtures", "training", model);
const curves = models.flatMap((model) =>
  readdirSync(folder(model))
    .filter((file) => file.endsWith(".json"))
    .map((file) => ({ model, curve: file.replace(".json", "") })),
);

async function attach(name: string, curve: Curve): Promise<AdaptedModel> {
  const { model, checkpoint } = fixtureModel(name);
  const head = model.heads["sequence-classification"];
  const labels = Object.keys((fixtureModel(name).config["id2label"] as object | undefined) ?? { 0: "", 1: "" }).length;
  const specs = parametersOf(model, head, labels);
  const { weights } = await loadWeights(model, specs, checkpoint, { seed: 0 });
  const [methodName, options] = settings[curve.method];
  const method = methodOf(methodName);
  const attachment = method.attach(
    specs,
    methodOptions(method, {
      ...options,
      ...(methodName === "rocoft" ? { rank: curve.rank, train_bias: curve.train_bias } : {}),
    }),
    random(0),
  );
  return adapt({ model, head, labels, specs, weights, attachment });
}

/** The fixture's batches as one dataset, and the indices of each batch in it. */
function dataOf(model: string): { data: EncodedDataset; batches: Int32Array[] } {
  const tensors = readTensors("training", model, "batches.safetensors");
  const encodings: EncodedDataset["encodings"][number][] = [];
  const labels: number[] = [];
  const batches: Int32Array[] = [];
  for (let b = 0; tensors.has(`${b}.input_ids`); b++) {
    const mask = tensors.get(`${b}.attention_mask`)!;
    const [rows, width] = mask.shape as [number, number];
    const row = (name: string, r: number, length: number) =>
      Array.from({ length }, (_, i) => Number(tensors.get(name)?.data[r * width + i] ?? 0));
    batches.push(Int32Array.from({ length: rows }, (_, r) => encodings.length + r));
    for (let r = 0; r < rows; r++) {
      const length = row(`${b}.attention_mask`, r, width).reduce((a, n) => a + n, 0);
      encodings.push({
        ids: Int32Array.from(row(`${b}.input_ids`, r, length)),
        typeIds: Uint8Array.from(row(`${b}.token_type_ids`, r, length)),
        removed: 0,
      });
      labels.push(Number(tensors.get(`${b}.labels`)!.data[r]));
    }
  }
  const lengths = Int32Array.from(encodings, ({ ids }) => ids.length);
  return {
    data: {
      where: model,
      encodings,
      labels: Float64Array.from(labels),
      lines: lengths.map((_, i) => i + 1),
      lengths,
      truncated: 0,
    },
    batches,
  };
}

const optionsOf = (curve: Curve, padTokenId: number): TrainingOptions => ({
  objective: classification,
  curriculum: [],
  seed: 0,
  learningRate: curve.learning_rate,
  schedule: curve.lr_scheduler_type,
  warmupSteps: curve.warmup_steps,
  adamw: { weightDecay: curve.weight_decay },
  maxGradNorm: curve.max_grad_norm ?? Infinity,
  batchSize: 4,
  gradientAccumulationSteps: curve.gradient_accumulation_steps,
  evalBatchSize: 4,
  epochs: 1,
  maxSteps: curve.steps,
  evalSteps: null,
  saveSteps: 1000,
  earlyStoppingPatience: null,
  metrics: ["accuracy"],
  metricForBest: "accuracy",
  padTokenId,
});

describe.each(curves)("$model, $curve", ({ model, curve: name }) => {
  test("follows PyTorch for 20 steps", async () => {
    const curve = readJson<Curve>("training", model, `${name}.json`);
    const adapted = await attach(model, curve);
    expect(adapted.trained.reduce((total, { count }) => total + count, 0)).toBe(curve.trained);
    const { data, batches } = dataOf(model);
    const padTokenId = Number(fixtureModel(model).config["pad_token_id"] ?? 0);
    const graph = trainingStep(adapted, classification);
    const program = await runtime.compile(graph);
    const noise = noiseOf(Object.values(graph));
    const { update } = createUpdater(adapted, data, optionsOf(curve, padTokenId), curve.steps);

    for (let step = 0; step < curve.steps; step++) {
      const done = await update(
        { objective: classification, program, noise },
        step,
        batches.slice(step * curve.gradient_accumulation_steps, (step + 1) * curve.gradient_accumulation_steps),
      );
      expect(Math.abs(done.loss / curve.losses[step]! - 1), `loss of step ${step}`).toBeLessThan(1e-4);
      expect(Math.abs(done.learningRate - curve.learning_rates[step]!)).toBeLessThan(1e-12);
      expect(
        Math.abs(done.gradientNorm / curve.gradient_norms[step]! - 1),
        `gradient norm of step ${step}`,
      ).toBeLessThan(1e-4);
    }
    const expected = readTensors("training", model, `${name}.safetensors`);
    expect(adapted.trained.map((trained) => trained.name).toSorted()).toEqual([...expected.keys()].toSorted());
    for (const { name: key, parameter, selection } of adapted.trained) {
      // What has no gradient in exact arithmetic moves with the sign of rounding errors, in PyTorch too.
      if (curve.zero_gradient.includes(key)) continue;
      const inPlace = selected(adapted.weights[parameter.name]!, selection);
      expect(worstDifference(inPlace, expected.get(key)!.data as Float32Array), key).toBeLessThan(2e-5);
    }
    await program.dispose();
  });
});

/** The part of a weight that was trained, read from the weight itself. */
function selected(
  { data, shape }: Tensor<"float32">,
  selection: AdaptedModel["trained"][number]["selection"],
): Float32Array {
  if (selection === null) return data;
  if (isEntries(selection)) return Float32Array.from(selection.entries, (entry) => data[entry]!);
  const [rows, columns] = shape as [number, number];
  const kept = (r: number, c: number) => selection.indices.includes(selection.axis === 0 ? r : c);
  return Float32Array.from({ length: rows * columns }, (_, i) => i)
    .filter((i) => kept(Math.floor(i / columns), i % columns))
    .map((i) => data[i]!);
}

describe("the graph of a step", () => {
  test.each(["rows", "columns"] as const)("with %s has no product of a full weight gradient's size", async (method) => {
    const adapted = await attach("roberta-classification", { method, train_bias: false, rank: 3 } as Curve);
    const text = print(Object.values(trainingStep(adapted, classification)));
    const shapeOf = (shape: readonly number[]) => `[${shape.join(", ")}]`;
    const linears = adapted.specs.filter(({ role }) => role === "linear");
    const products = text
      .split("\n")
      .filter((line) => /= (contract|matmul)\(/.test(line))
      .map((line) => line.slice(line.lastIndexOf("[")));
    const ofWeightSize = products.filter((product) => linears.some(({ shape }) => shapeOf(shape) === product));
    // The head is trained whole; nothing else may have a gradient of a weight's size.
    expect(ofWeightSize.toSorted()).toEqual(
      linears
        .filter(({ head }) => head)
        .map(({ shape }) => shapeOf(shape))
        .toSorted(),
    );
    expect(text).not.toContain("replace(");
  });
});
