/** Every fine-tuning method against PyTorch: first gradients, twenty steps on fixed batches, and what was trained. */
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { EncodedDataset } from "../src/data/encode.ts";
import { UNIFORM } from "../src/nn/dropout.ts";
import type { TrainedTensor } from "../src/peft/method.ts";
import { type MethodName, methodOf, methodOptions } from "../src/peft/registry.ts";
import { nativeRuntime } from "../src/runtime/native.ts";
import { random } from "../src/tensor/random.ts";
import { type Tensor, tensor } from "../src/tensor/tensor.ts";
import { isEntries } from "../src/tensor/view.ts";
import { type AdaptedModel, adapt, commit } from "../src/train/adapt.ts";
import { gatherEvidence } from "../src/train/evidence.ts";
import type { Noise } from "../src/train/noise.ts";
import { labelObjectives } from "../src/train/objectives/labels.ts";
import type { TrainingOptions } from "../src/train/options.ts";
import { createStage } from "../src/train/stages.ts";
import { gradientName } from "../src/train/step.ts";
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
import { uniform } from "./uniform.ts";

interface MethodCurve extends Curve {
  readonly method: MethodName;
  readonly options: Readonly<Record<string, unknown>>;
  /** Fields of the base model's configuration. */
  readonly dropout: Readonly<Record<string, number>>;
  /** What each sequence is cut to. */
  readonly tokens: number | null;
}

const { classification } = labelObjectives;
const runtime = await nativeRuntime({ threads: 1 });
const models = ["bert-classification", "roberta-classification", "deberta-v2-classification"];
const cases = models.flatMap((model) =>
  readdirSync(join(import.meta.dirname, "fixtures", "methods", model))
    .filter((file) => file.endsWith(".json"))
    .map((file) => ({ model, name: file.replace(".json", "") })),
);

/** The tensors of a fixture whose names begin with `part.`, without that. */
function partOf(tensors: ReadonlyMap<string, Tensor>, part: string): Map<string, Tensor> {
  const prefix = `${part}.`;
  return new Map(
    [...tensors].flatMap(([name, value]) => (name.startsWith(prefix) ? [[name.slice(prefix.length), value]] : [])),
  );
}

/** The model with the case's method attached, at the reference's entries and with its first values. */
async function attach(
  name: string,
  { method: methodName, options, dropout }: MethodCurve,
  tensors: Map<string, Tensor>,
  learner: { readonly train: EncodedDataset; readonly options: TrainingOptions },
): Promise<AdaptedModel> {
  const base = await referenceModel(name, dropout);
  const method = methodOf(methodName);
  const chosen = methodOptions(method, options);
  const kind = method.evidence?.(chosen) ?? null;
  const evidence = kind && (await gatherEvidence(kind, { base, runtime, ...learner }));
  const attachment = method.attach(base.specs, chosen, random(0), evidence);
  const places = partOf(tensors, "entries");
  // Which entries are trained is PyTorch's choice too where data decides, and a matter of chance elsewhere.
  if (evidence) for (const part of attachment.trained) expect(placesOf(part)).toEqual(places.get(part.name)?.data);
  const trained = attachment.trained.map((part) => placed(part, places.get(part.name)));
  const adapted = adapt({ ...base, attachment: { ...attachment, trained } });
  const initial = partOf(tensors, "initial");
  for (const { name: own, view } of adapted.trained) {
    const values = initial.get(own);
    if (values) view.data.set(values.data as Float32Array);
    initial.delete(own);
  }
  for (const [own, { data }] of initial) adapted.weights[own]!.data.set(data as Float32Array);
  commit(adapted);
  return adapted;
}

/** The numbers of the entries that a part holds, row by row; undefined of a whole parameter. */
function placesOf({ parameter, selection, shape }: TrainedTensor): Int32Array | undefined {
  if (selection === null || isEntries(selection)) return selection?.entries;
  const [rows, columns] = shape as [number, number];
  const across = parameter.shape[1]!;
  const { axis, indices } = selection;
  const place = (r: number, c: number) => (axis === 0 ? indices[r]! * across + c : r * across + indices[c]!);
  return Int32Array.from({ length: rows * columns }, (_, i) => place(Math.floor(i / columns), i % columns));
}

/** The part at other single entries, as many. */
function placed(part: TrainedTensor, places: Tensor | undefined): TrainedTensor {
  if (!places || !isEntries(part.selection)) return part;
  expect(places.shape).toEqual(part.shape);
  return { ...part, selection: { entries: places.data as Int32Array } };
}

/** The random numbers of a step, the reference's own. */
function noiseAt(step: number, noise: Noise): Noise {
  return (sizes, stream) =>
    Object.fromEntries(
      Object.entries(noise(sizes, stream)).map(([name, { shape }]) => [
        name,
        uniform(name.slice(UNIFORM.length), step, shape),
      ]),
    );
}

describe.each(cases)("$model, $name", ({ model, name }) => {
  test("follows PyTorch for 20 steps", async () => {
    const curve = readJson<MethodCurve>("methods", model, `${name}.json`);
    const tensors = readTensors("methods", model, `${name}.safetensors`);
    const { data, batches } = referenceData(model, curve.tokens ?? undefined);
    const options = optionsOf(curve, model, { schedule: "cosine" });
    const adapted = await attach(model, curve, tensors, { train: data, options });
    expect(adapted.trained.reduce((total, { count }) => total + count, 0)).toBe(curve.trained);

    const compiled = await createStage(adapted, runtime, classification, { baseDropout: true });
    const { program, noise } = compiled;
    const { feeds } = classification.batch(data, batches[0]!, { padTokenId: options.padTokenId, stream: random(0) });
    const [batch, sequence] = feeds["input_ids"]!.shape as [number, number];
    const first = await program.run({
      ...adapted.feeds,
      ...feeds,
      ...noiseAt(0, noise)({ batch, sequence }, random(0)),
    });
    const gradients = partOf(tensors, "gradient");
    expect(adapted.trained.map((part) => part.name).toSorted()).toEqual([...gradients.keys()].toSorted());
    for (const [trained, expected] of gradients) {
      if (curve.zero_gradient.includes(trained)) continue;
      expect(relativeDifference(first[gradientName(trained)]!, expected), trained).toBeLessThan(1e-4);
    }

    const stage = (step: number) => ({ ...compiled, noise: noiseAt(step, noise) });
    await followCurve(createUpdater(adapted, data, options, curve.steps), stage, batches, curve);
    expectTrained(adapted, finalOf(adapted, tensors), curve);
    await compiled.dispose();
  });
});

/** What PyTorch trained; of entries that have moved, in the order in which ours stand. */
function finalOf({ trained }: AdaptedModel, tensors: ReadonlyMap<string, Tensor>): Map<string, Tensor> {
  const final = partOf(tensors, "final");
  for (const [name, moved] of partOf(tensors, "final_entries")) {
    const [places, { shape, data }] = [moved.data as Int32Array, final.get(name)!];
    const ours = trained.find((part) => part.name === name)!.moving!.entries;
    expect(ours.toSorted()).toEqual(places);
    final.set(
      name,
      tensor(
        "float32",
        shape,
        Float32Array.from(ours, (entry) => Number(data[places.indexOf(entry)])),
      ),
    );
  }
  return final;
}

/** The largest difference, relative to the largest magnitude of `expected` where that is not zero. */
function relativeDifference(actual: Tensor, expected: Tensor): number {
  expect(actual.shape).toEqual(expected.shape);
  const [a, b] = [actual.data as Float32Array, expected.data as Float32Array];
  const scale = b.reduce((largest, x) => Math.max(largest, Math.abs(x)), 0);
  return b.reduce((worst, x, i) => Math.max(worst, Math.abs(a[i]! - x)), 0) / (scale || 1);
}
