/** Twenty steps on fixed batches, against PyTorch's: losses, learning rates, gradient norms and what was trained. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { print } from "../src/graph/print.ts";
import type { ScheduleName } from "../src/optim/schedule.ts";
import { methodOf, methodOptions } from "../src/peft/registry.ts";
import { nativeRuntime } from "../src/runtime/native.ts";
import { random } from "../src/tensor/random.ts";
import { type AdaptedModel, adapt } from "../src/train/adapt.ts";
import { labelObjectives } from "../src/train/objectives/labels.ts";
import { createStage } from "../src/train/stages.ts";
import { trainingStep } from "../src/train/step.ts";
import { createUpdater } from "../src/train/update.ts";
import { readJson, readTensors } from "./fixtures.ts";
import {
  type Curve,
  expectTrained,
  followCurve,
  optionsOf,
  referenceData,
  referenceModel,
} from "./reference-training.ts";

interface TrainingCurve extends Curve {
  readonly method: keyof typeof settings;
  readonly train_bias: boolean;
  readonly rank: number;
  readonly lr_scheduler_type: ScheduleName;
  readonly max_grad_norm: number | null;
  readonly gradient_accumulation_steps: number;
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
const models = ["bert-classification", "roberta-classification", "deberta-v2-classification"];
const folder = (model: string) => join(import.meta.dirname, "fixtures", "training", model);
const curves = models.flatMap((model) =>
  readdirSync(folder(model))
    .filter((file) => file.endsWith(".json"))
    .map((file) => ({ model, curve: file.replace(".json", "") })),
);

async function attach(
  name: string,
  curve: Pick<TrainingCurve, "method" | "rank" | "train_bias">,
): Promise<AdaptedModel> {
  const base = await referenceModel(name);
  const [methodName, options] = settings[curve.method];
  const method = methodOf(methodName);
  const attachment = method.attach(
    base.specs,
    methodOptions(method, {
      ...options,
      ...(methodName === "rocoft" ? { rank: curve.rank, train_bias: curve.train_bias } : {}),
    }),
    random(0),
  );
  return adapt({ ...base, attachment });
}

describe.each(curves)("$model, $curve", ({ model, curve: name }) => {
  test("follows PyTorch for 20 steps", async () => {
    const curve = readJson<TrainingCurve>("training", model, `${name}.json`);
    const adapted = await attach(model, curve);
    expect(adapted.trained.reduce((total, { count }) => total + count, 0)).toBe(curve.trained);
    const { data, batches } = referenceData(model);
    const stage = await createStage(adapted, runtime, classification);
    const perStep = curve.gradient_accumulation_steps;
    const options = optionsOf(curve, model, {
      schedule: curve.lr_scheduler_type,
      maxGradNorm: curve.max_grad_norm ?? Infinity,
      gradientAccumulationSteps: perStep,
    });
    await followCurve(createUpdater(adapted, data, options, curve.steps), () => stage, batches, curve, perStep);
    expectTrained(adapted, readTensors("training", model, `${name}.safetensors`), curve);
    await stage.dispose();
  });
});

describe("the graph of a step", () => {
  test.each(["rows", "columns"] as const)("with %s has no product of a full weight gradient's size", async (method) => {
    const adapted = await attach("roberta-classification", { method, train_bias: false, rank: 3 });
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
