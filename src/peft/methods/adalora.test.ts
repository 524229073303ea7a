import { describe, expect, test } from "vitest";
import { tinyAttachment, tinyData, tinyModel, tinyTraining } from "../../../test/tiny-training.ts";
import { interpret } from "../../interpret/interpret.ts";
import { array64 } from "../../interpret/array.ts";
import { inputTable, type ParameterSpec } from "../../nn/parameters.ts";
import { nativeRuntime } from "../../runtime/native.ts";
import { random } from "../../tensor/random.ts";
import { sizeOf } from "../../tensor/shape.ts";
import { train } from "../../train/trainer.ts";
import { adalora, type AdaloraOptions } from "./adalora.ts";
import type { Attachment } from "../method.ts";
import { methodOptions } from "../registry.ts";
import { countOf, robertaBase, robertaLarge } from "../roberta.cases.ts";
import { expectNoFullMatrix } from "../step.cases.ts";

function attach(specs: readonly ParameterSpec[], options: Partial<AdaloraOptions> = {}): Attachment {
  return adalora.attach(specs, methodOptions(adalora, { ...options }) as AdaloraOptions, random(0));
}

describe("counts: r · (in + out + 1) for each matrix, with the rank at first", () => {
  test.each<[string, readonly ParameterSpec[], Partial<AdaloraOptions>, number]>([
    ["RoBERTa-base", robertaBase, {}, 1_991_520],
    ["RoBERTa-large", robertaLarge, {}, 5_310_144],
    ["RoBERTa-base, per unit of rank", robertaBase, { init_r: 1, target_r: 1 }, 165_960],
    ["RoBERTa-base, query and value", robertaBase, { target_modules: ["query", "value"] }, 442_656],
  ])("%s", (_, specs, options, count) => expect(countOf(attach(specs, options))).toBe(count));

  test("the head comes on top, whole", () => expect(countOf(attach(robertaBase), true)).toBe(592_130));
});

const { specs } = tinyAttachment("bert-classification");

test("a final rank above the first is refused in one line", () => {
  expect(() => attach(specs, { init_r: 4 })).toThrow(new Error("target_r: 8, expected at most init_r, 4"));
});

/** What is added to the loss where the added tensors hold these numbers. */
function penaltyOf(options: Partial<AdaloraOptions>, draw: (name: string, at: number) => number): number {
  const { added, penalty } = attach(specs, options);
  const feeds = Object.fromEntries(
    added.map(({ name, shape }) => [
      name,
      array64(
        shape,
        Float64Array.from({ length: sizeOf(shape) }, (_, at) => draw(name, at)),
      ),
    ]),
  );
  return interpret([penalty!(inputTable([...specs, ...added]))], feeds)[0]!.data[0]!;
}

describe("what is added to the loss", () => {
  const options = { init_r: 2, target_r: 1, orth_reg_weight: 0.3, target_modules: ["0.output.dense"] };

  test("is nothing where the vectors are orthonormal", () => {
    // A [2, 28] has the rows e₀ and e₁, B [16, 2] the columns.
    const identity = (name: string, at: number) =>
      Number(name.endsWith("lora_A") ? at === 0 || at === 29 : at === 0 || at === 3);
    expect(penaltyOf(options, identity)).toBeLessThan(1e-12);
  });

  test("is the mean of their distances from that over the matrices, weighted", () => {
    // A·Aᵀ and Bᵀ·B are zero: each is √2 away from the identity.
    expect(penaltyOf(options, () => 0)).toBeCloseTo(0.3 * Math.SQRT2, 12);
    // A·Aᵀ = 28·[[1, 1], [1, 1]] and Bᵀ·B = 16·[[1, 1], [1, 1]].
    const [ofA, ofB] = [28, 16].map((n) => Math.sqrt(2 * (n - 1) ** 2 + 2 * n ** 2));
    expect(penaltyOf(options, () => 1)).toBeCloseTo((0.3 * (ofA! + ofB!)) / 2, 10);
  });

  test("is left out where its weight is zero", () => {
    expect(attach(specs, { orth_reg_weight: 0 }).penalty).toBeUndefined();
  });
});

test("a training ends with no more ranks than the target, over all matrices together", async () => {
  const options = { init_r: 4, target_r: 2, tinit: 2, tfinal: 3, target_modules: ["all-linear"] };
  const adapted = await tinyModel("bert-classification", { method: "adalora", options });
  const runtime = await nativeRuntime({ threads: 1 });
  const ranks = () =>
    adapted.trained
      .filter(({ name }) => name.endsWith("lora_E"))
      .map(({ view }) => view.data.filter((e) => e !== 0).length);
  const course: number[] = [];
  const job = { adapted, runtime, train: tinyData(16), validation: null };
  for await (const { type } of train({ ...job, options: { ...tinyTraining, padTokenId: 1, maxSteps: 12 } }))
    if (type === "step") course.push(ranks().reduce((a, b) => a + b));
  // ⌊24 + 24·((9 − t)/7)³⌋ of 48 from step 3 on, and 24 from step 9 on.
  expect(course).toEqual([48, 48, 39, 32, 28, 25, 24, 24, 24, 24, 24, 24]);
  // Not as many for each: they have competed.
  expect(new Set(ranks()).size).toBeGreaterThan(1);
});

test.each<Partial<AdaloraOptions>>([
  { init_r: 3, target_r: 1 },
  { init_r: 3, target_r: 1, lora_dropout: 0.1 },
])("a step with %j forms no matrix of a weight's size", (options) =>
  expectNoFullMatrix({ method: "adalora", options }),
);
