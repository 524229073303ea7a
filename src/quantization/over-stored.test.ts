/** A training step over a base in few bits is the step over the matrices that these bits stand for, whatever the method. */
import { describe, expect, test } from "vitest";
import { all64, as64 } from "../../test/as64.ts";
import { tinyData } from "../../test/tiny-training.ts";
import { storedAs, storedBy, type Storing, tinyStored, wideAttachment } from "../../test/tiny-stored.ts";
import { matmul } from "../graph/ops.ts";
import type { Value } from "../graph/value.ts";
import type { Array64 } from "../interpret/array.ts";
import { interpret } from "../interpret/interpret.ts";
import { random } from "../tensor/random.ts";
import { sizeOf } from "../tensor/shape.ts";
import { isEntries } from "../tensor/view.ts";
import type { AdaptedModel, AttachedModel, Trained } from "../train/adapt.ts";
import { noiseOf } from "../train/noise.ts";
import { labelObjectives } from "../train/objectives/labels.ts";
import { evaluationPass, trainingStep } from "../train/step.ts";
import { int8WeightsOnly } from "./int8.ts";
import { overStored, partName } from "./over-stored.ts";
import type { Scheme } from "./scheme.ts";
import { valueOf } from "./schemes.cases.ts";

const { classification } = labelObjectives;
const [bert, llama, gpt2] = ["bert-classification", "llama-classification", "gpt2-classification"] as const;

interface MethodCase {
  readonly method?: string;
  readonly options?: Readonly<Record<string, unknown>>;
  /** The models that it is tried on, two unless given. */
  readonly models?: readonly string[];
  readonly gradientCheckpointing?: boolean;
}

const cases: Readonly<Record<string, MethodCase>> = {
  rows: { options: { update: "row", rank: 2, select: "uniform" } },
  "first rows, in a run": { options: { update: "row" }, models: [bert] },
  columns: { options: { update: "column", rank: 2, select: "last" }, models: [bert, llama, gpt2] },
  both: { options: { update: "both", rank: 2, select: "random" }, models: [bert, llama, gpt2] },
  "both, with biases": { options: { update: "both", rank: 2, train_bias: true }, models: [bert] },
  "both, with checkpoints": { options: { update: "both", rank: 2 }, gradientCheckpointing: true },
  entries: { options: { update: "entries", rank: 2 } },
  lora: { method: "lora", options: { rank: 3, target_modules: ["all-linear"] } },
  "lora, with checkpoints": { method: "lora", options: { rank: 3 }, gradientCheckpointing: true, models: [llama] },
  dora: { method: "lora", options: { rank: 3, use_dora: true, target_modules: ["all-linear"] } },
  ia3: { method: "ia3" },
  vera: { method: "vera", options: { rank: 5 } },
  bitfit: { method: "bitfit", models: [bert] },
  prefix_tuning: { method: "prefix_tuning", options: { num_virtual_tokens: 3 } },
  houlsby: { method: "houlsby" },
};
const table = Object.entries(cases).flatMap(([name, { models = [bert, llama], ...rest }]) =>
  models.map((model) => [name, model, rest] as const),
);

/** A scheme with products of its own, which are those with the matrix put together. */
const withProducts: Scheme = {
  ...int8WeightsOnly,
  timesTransposed: (x, parts) => matmul(x, int8WeightsOnly.value(parts), { transposeB: true }),
  times: (y, parts) => matmul(y, int8WeightsOnly.value(parts)),
};
/** How matrices are stored, and in which cases that is tried. */
const storings: readonly (readonly [string, Storing, typeof table])[] = [
  ["8 bits", storedBy(int8WeightsOnly), table],
  ["4 bits", storedAs("int4"), table],
  ["products of its own", storedBy(withProducts), table.filter(([, , { method = "rocoft" }]) => method === "rocoft")],
];

/** What is fed of a batch. */
const batch: Readonly<Record<string, Array64>> = all64(
  classification.batch(tinyData(5), Int32Array.of(0, 1), { padTokenId: 0, stream: random(0) }).feeds,
);

/** A model over a stored base, all that is trained moved away from where it begins. */
function moved(attached: AttachedModel, storing: Storing): AdaptedModel {
  const { adapted } = tinyStored(attached, storing);
  const { normal } = random(2, "moved");
  for (const { view } of adapted.trained) {
    for (let i = 0; i < view.data.length; i++) view.data[i]! += 0.1 * normal();
    view.commit();
  }
  return adapted;
}

/** The stored matrices by the names of their parts. */
const partsOf = ({ stored }: AdaptedModel): Record<string, Array64> =>
  Object.fromEntries(
    [...stored].flatMap(([name, { parts }]) =>
      Object.entries(parts).map(([part, held]) => [partName(name, part), as64(held.read())]),
    ),
  );

/** The stored matrices in float64, with what is trained of them written in, one part after the other. */
function inPlace({ stored, trained }: AdaptedModel): Record<string, Array64> {
  const matrices = new Map(
    [...stored].map(([name, { scheme, parts }]) => {
      const read = Object.entries(parts).map(([part, held]) => [part, held.read()] as const);
      return [name, valueOf(scheme, Object.fromEntries(read))];
    }),
  );
  for (const part of trained) {
    const matrix = matrices.get(part.parameter.name);
    if (matrix) placesOf(part).forEach((place, i) => (matrix.data[place] = part.view.data[i]!));
  }
  return Object.fromEntries(matrices);
}

/** Where each number of a trained part stands in its matrix, counted row by row. */
function placesOf({ selection, view, parameter }: Trained): number[] {
  if (selection === null) throw new Error("trained whole");
  if (isEntries(selection)) return [...selection.entries];
  const [, width] = parameter.shape as [number, number];
  const { axis, indices, within } = selection;
  const across = view.shape[1]!;
  return Array.from({ length: sizeOf(view.shape) }, (_, i) => {
    const [r, c] = [Math.floor(i / across), i % across];
    return axis === 0 ? indices[r]! * width + (within?.[c] ?? c) : (within?.[r] ?? r) * width + indices[c]!;
  });
}

const largest = (numbers: Float64Array) => numbers.reduce((most, x) => Math.max(most, Math.abs(x)), 0);

/** Numbers that are nothing but rounding, relative to the largest of all: the gradient of a key's bias, of which softmax knows nothing. */
const NOTHING = 1e-6;

/** Expects each output to differ by a billionth of its largest number at most. */
function expectEqual(
  actual: Readonly<Record<string, Value>>,
  expected: Readonly<Record<string, Value>>,
  adapted: AdaptedModel,
): void {
  const sizes = { batch: 2, sequence: batch["input_ids"]!.shape[1]! };
  const drawn = all64(noiseOf(Object.values(actual))(sizes, random(3)));
  const feeds = { ...all64(adapted.feeds), ...batch, ...drawn };
  const results = interpret(Object.values(actual), { ...feeds, ...partsOf(adapted) });
  const references = interpret(Object.values(expected), { ...feeds, ...inPlace(adapted) });
  const smallest = NOTHING * Math.max(...references.map(({ data }) => largest(data)));
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  Object.keys(expected).forEach((name, i) => {
    const [result, reference] = [results[i]!, references[i]!];
    expect(result.shape).toEqual(reference.shape);
    expect(largest(reference.data), name).toBeGreaterThan(0);
    const off = largest(result.data.map((x, at) => x - reference.data[at]!));
    expect(off / Math.max(largest(reference.data), smallest), name).toBeLessThan(1e-9);
  });
}

describe.each(storings)("%s", (_, storing, tried) => {
  test.each(tried)("%s, %s", (_, model, { gradientCheckpointing = false, ...options }) => {
    const attached = wideAttachment(model, options);
    const adapted = moved(attached, storing);
    const matrices = attached.specs.filter(({ shape, head }) => shape.length === 2 && !head);
    expect([...adapted.stored.keys()]).toEqual(matrices.map(({ name }) => name));
    // The reference reads trained parts in the weights.
    const whole: AttachedModel = { ...adapted, apart: new Set() };
    const step = (of: AttachedModel) => trainingStep(of, classification, { gradientCheckpointing });
    expectEqual(overStored(step(adapted), adapted.stored), step(whole), adapted);
  });
});

test.each([bert, llama])("logits, %s", (model) => {
  const adapted = moved(wideAttachment(model, { options: { update: "both", rank: 2 } }), storedAs("int4"));
  const pass = (of: AttachedModel) => evaluationPass(of, classification.evaluation);
  expectEqual(overStored(pass(adapted), adapted.stored), pass({ ...adapted, apart: new Set() }), adapted);
});
