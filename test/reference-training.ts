/** Following a training of PyTorch's step by step, on the batches of a folder of test/fixtures. */
import { expect } from "vitest";
import type { EncodedDataset } from "../src/data/encode.ts";
import { modelOf } from "../src/models/registry.ts";
import type { ScheduleName } from "../src/optim/schedule.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import { isEntries } from "../src/tensor/view.ts";
import type { AdaptedModel, HeadedModel } from "../src/train/adapt.ts";
import { loadWeights, parametersOf } from "../src/train/load.ts";
import { labelObjectives } from "../src/train/objectives/labels.ts";
import type { TrainingOptions } from "../src/train/options.ts";
import type { Stage } from "../src/train/stages.ts";
import type { Updater } from "../src/train/update.ts";
import { worstDifference } from "./draw.ts";
import { fixtureModel, readTensors } from "./fixtures.ts";

/** What a training of PyTorch's was and how it went: before each step the loss, and the gradient's norm before clipping. */
export interface Curve {
  readonly steps: number;
  readonly warmup_steps: number;
  readonly weight_decay: number;
  readonly learning_rate: number;
  /** How many numbers are trained. */
  readonly trained: number;
  /** Trained tensors that have no gradient in exact arithmetic: they move with the sign of rounding errors, in PyTorch too. */
  readonly zero_gradient: readonly string[];
  readonly losses: readonly number[];
  readonly learning_rates: readonly number[];
  readonly gradient_norms: readonly number[];
}

/** A classification fixture with its weights, and with other fields in its configuration where `fields` has them. */
export async function referenceModel(
  name: string,
  fields: Readonly<Record<string, unknown>> = {},
): Promise<HeadedModel & Pick<AdaptedModel, "weights">> {
  const { config, checkpoint } = fixtureModel(name);
  const model = modelOf({ ...config, ...fields }, name);
  const head = model.heads["sequence-classification"]!;
  const labels = Object.keys((config["id2label"] as object | undefined) ?? { 0: "", 1: "" }).length;
  const specs = parametersOf(model, head, labels);
  const { weights } = await loadWeights(model, specs, checkpoint, { seed: 0 });
  return { model, head, labels, specs, weights };
}

export interface ReferenceData {
  readonly data: EncodedDataset;
  /** The indices of each batch in it. */
  readonly batches: readonly Int32Array[];
}

/** The fixture's batches as one dataset. @param tokens what each sequence is cut to */
export function referenceData(model: string, tokens: number = Infinity, folder = "training"): ReferenceData {
  const tensors = readTensors(folder, model, "batches.safetensors");
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
      const length = Math.min(
        tokens,
        row(`${b}.attention_mask`, r, width).reduce((a, n) => a + n, 0),
      );
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

/** The settings of a reference's training. */
export function optionsOf(
  curve: Curve,
  model: string,
  more: { readonly schedule: ScheduleName } & Partial<TrainingOptions>,
): TrainingOptions {
  return {
    objective: labelObjectives.classification,
    curriculum: [],
    seed: 0,
    learningRate: curve.learning_rate,
    warmupSteps: curve.warmup_steps,
    adamw: { weightDecay: curve.weight_decay },
    maxGradNorm: Infinity,
    batchSize: 4,
    gradientAccumulationSteps: 1,
    evalBatchSize: 4,
    epochs: 1,
    maxSteps: curve.steps,
    evalSteps: null,
    saveSteps: 1000,
    earlyStoppingPatience: null,
    metrics: ["accuracy"],
    metricForBest: "accuracy",
    padTokenId: Number(fixtureModel(model).config["pad_token_id"] ?? 0),
    ...more,
  };
}

/** Makes every step of a reference's training and compares its loss, its learning rate and its gradient's norm. */
export async function followCurve(
  { update }: Pick<Updater, "update">,
  stageOf: (step: number) => Stage,
  batches: readonly Int32Array[],
  curve: Curve,
  perStep = 1,
): Promise<void> {
  for (let step = 0; step < curve.steps; step++) {
    const done = await update(stageOf(step), step, batches.slice(step * perStep, (step + 1) * perStep));
    expect(Math.abs(done.loss / curve.losses[step]! - 1), `loss of step ${step}`).toBeLessThan(1e-4);
    expect(Math.abs(done.learningRate - curve.learning_rates[step]!)).toBeLessThan(1e-12);
    const norm = done.gradientNorm / curve.gradient_norms[step]!;
    expect(Math.abs(norm - 1), `gradient norm of step ${step}`).toBeLessThan(1e-4);
  }
}

/** Compares what was trained, as it lies in the weights, with what PyTorch made of it. */
export function expectTrained(
  { trained, weights }: Pick<AdaptedModel, "trained" | "weights">,
  expected: ReadonlyMap<string, Tensor>,
  { zero_gradient: unspecified }: Pick<Curve, "zero_gradient">,
): void {
  expect(trained.map(({ name }) => name).toSorted()).toEqual([...expected.keys()].toSorted());
  for (const { name, parameter, selection } of trained) {
    if (unspecified.includes(name)) continue;
    const inPlace = selected(weights[parameter.name]!, selection);
    expect(worstDifference(inPlace, expected.get(name)!.data as Float32Array), name).toBeLessThan(2e-5);
  }
}

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
