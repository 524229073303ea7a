import { describe, expect, test } from "vitest";
import { tinyAttachment, tinyData, tinyModel, tinyTraining } from "../../../test/tiny-training.ts";
import { UNIFORM } from "../../nn/dropout.ts";
import { nativeRuntime } from "../../runtime/native.ts";
import { random } from "../../tensor/random.ts";
import { sizeOf } from "../../tensor/shape.ts";
import { type Tensor, tensor } from "../../tensor/tensor.ts";
import { viewOf } from "../../tensor/view.ts";
import type { TrainingEvent } from "../../train/events.ts";
import { mergedWeights } from "../../train/merge.ts";
import { train } from "../../train/trainer.ts";
import { diffPruning, type DiffPruningOptions } from "./diff-pruning.ts";
import { methodOptions } from "../registry.ts";
import { countOf, robertaBase } from "../roberta.cases.ts";

const optionsOf = (options: Partial<DiffPruningOptions>) =>
  methodOptions(diffPruning, { ...options }) as DiffPruningOptions;

test("a change and a gate of every number of the body, and a gate of every tensor", () => {
  const attachment = diffPruning.attach(robertaBase, optionsOf({}), random(0));
  const tensors = robertaBase.filter(({ head }) => !head).length;
  expect(countOf(attachment)).toBe(2 * (124_647_170 - 592_130) + tensors);
});

const { specs } = tinyAttachment("bert-classification");
const [body, head] = [true, false].map((isBody) => specs.filter((spec) => spec.head !== isBody));

/** A training of which only the step's end is played, on random numbers. */
function played(options: Partial<DiffPruningOptions>, seed: number) {
  const { normal, uniform } = random(seed, "played");
  const filled = (shape: readonly number[], next: () => number) =>
    tensor("float32", shape, Float32Array.from({ length: sizeOf(shape) }, next));
  const { trained, dynamics } = diffPruning.attach(specs, optionsOf(options), random(0));
  const tensors = new Map<string, Tensor<"float32">>(trained.map(({ name, shape }) => [name, filled(shape, normal)]));
  const noise = new Map([...tensors].map(([name, { shape }]) => [`${UNIFORM}${name}`, filled(shape, uniform)]));
  const moments = new Map(
    [...tensors].map(([name, { shape }]) => [
      name,
      { mean: filled(shape, normal).data, square: filled(shape, uniform).data },
    ]),
  );
  const { afterStep } = dynamics!({
    view: (name) => viewOf(tensors.get(name)!, null),
    parameter: (name) => tensors.get(name)!,
    entries: () => expect.unreachable(),
  });
  const headAtFirst = new Map(head!.map(({ name }) => [name, tensors.get(name)!.data.slice()]));
  // What the head has learned.
  for (const { name } of head!) tensors.get(name)!.data.forEach((x, i, data) => (data[i] = x + 0.3 * normal()));
  const step = (at: number, totalSteps: number) =>
    afterStep({
      step: at,
      totalSteps,
      moments: (name) => moments.get(name)!,
      noise: (input) => noise.get(input)!.data,
      biasCorrection: { mean: 1, square: 1 },
      gradient: () => expect.unreachable(),
    });
  return { tensors, noise, moments, headAtFirst, step };
}

describe.each([true, false])("the projection, the head in the budget: %s", (head_in_budget) => {
  const density = 0.3;
  const { tensors, noise, moments, headAtFirst, step } = played({ density, head_in_budget }, 1);
  const before = structuredClone({ tensors, moments });
  /** z = clip(3·σ(log u/(1 − u) + log α) − 1.5), written down once more. */
  const gate = (name: string, i: number) => {
    const u = Math.min(Math.max(noise.get(`${UNIFORM}${name}`)!.data[i]!, 1e-4), 1 - 1e-4);
    const logAlpha = before.tensors.get(name)!.data[i]!;
    return Math.min(Math.max(3 / (1 + ((1 - u) / u) * Math.exp(-logAlpha)) - 1.5, 0), 1);
  };
  const changes = [
    ...body!.flatMap(({ name }) =>
      [...before.tensors.get(`${name}.diff`)!.data].map((w, i) => ({
        place: `${name} ${i}`,
        size: Math.abs(w * gate(`${name}.log_alpha`, i) * gate(`${name}.group_log_alpha`, 0)),
      })),
    ),
    ...(head_in_budget ? head! : []).flatMap(({ name }) =>
      [...before.tensors.get(name)!.data].map((x, i) => ({
        place: `${name} ${i}`,
        size: Math.abs(x - headAtFirst.get(name)![i]!),
      })),
    ),
  ];
  const kept = new Set(
    changes
      .filter(({ size }) => size > 0)
      .toSorted((a, b) => b.size - a.size)
      .slice(0, Math.floor(density * changes.length))
      .map(({ place }) => place),
  );

  test("happens after the first half of the steps, and at no other", () => {
    for (const at of [1, 2, 4, 5]) {
      void step(at, 5);
      expect(tensors).toEqual(before.tensors);
    }
    void step(3, 5);
    expect(tensors).not.toEqual(before.tensors);
  });

  test("opens the gates of the largest changes and shuts all others", () => {
    for (const { name, shape } of body!) {
      const gates = tensors.get(`${name}.log_alpha`)!.data;
      const expected = Array.from({ length: sizeOf(shape) }, (_, i) => (kept.has(`${name} ${i}`) ? 100 : -100));
      expect([...gates], name).toEqual(expected);
      expect(tensors.get(`${name}.group_log_alpha`)!.data[0]).toBe(100);
    }
  });

  test("lets what is kept go on from where it was, and forgets the rest", () => {
    for (const { name } of body!) {
      const change = `${name}.diff`;
      const { mean, square } = moments.get(change)!;
      const was = before.moments.get(change)!;
      before.tensors.get(change)!.data.forEach((w, i) => {
        const isKept = kept.has(`${name} ${i}`);
        expect(tensors.get(change)!.data[i]).toBe(isKept ? w : 0);
        expect([mean[i], square[i]]).toEqual(isKept ? [was.mean[i], was.square[i]] : [0, 0]);
      });
      for (const gates of ["log_alpha", "group_log_alpha"])
        for (const moment of Object.values(moments.get(`${name}.${gates}`)!))
          expect(moment.every((x) => x === 0)).toBe(true);
    }
  });
});

describe("a training", async () => {
  const options = { density: 0.2, head_in_budget: false };
  const adapted = await tinyModel("bert-classification", { method: "diff_pruning", options });
  const base = structuredClone(adapted.weights);
  const runtime = await nativeRuntime({ threads: 1 });
  const events: TrainingEvent[] = [];
  const changeOf = (name: string) => adapted.weights[`${name}.diff`]!.data.slice();
  const changes: ReadonlyMap<string, Float32Array>[] = [];
  const settings = { ...tinyTraining, maxSteps: 8, evalSteps: 1 };
  const [learned, scored] = [tinyData(16), tinyData(8, { seed: 1 })];
  for await (const event of train({ adapted, runtime, train: learned, validation: scored, options: settings })) {
    events.push(event);
    if (event.type === "step") changes.push(new Map(body!.map(({ name }) => [name, changeOf(name)])));
  }

  test("keeps nothing as the best that is not pruned yet", () => {
    const best = events.flatMap((event) => (event.type === "evaluation" ? [event.best] : []));
    expect(best.slice(0, 4)).toEqual([false, false, false, true]);
  });

  test("leaves the share of changes that it may, and trains these alone in its second half", () => {
    let [left, moved] = [0, 0];
    for (const { name } of body!) {
      const [atHalf, atEnd] = [changes[3]!, changes[7]!].map((of) => of.get(name)!);
      atHalf!.forEach((w, i) => {
        if (w === 0) expect(atEnd![i]).toBe(0);
        else left++;
        if (atEnd![i] !== w) moved++;
      });
    }
    const numbers = body!.reduce((total, { shape }) => total + sizeOf(shape), 0);
    expect(left).toBe(Math.floor(0.2 * numbers));
    expect(moved).toBeGreaterThan(0.9 * left);
  });

  test("merges to the base weights and those changes", async () => {
    const merged = await mergedWeights(adapted, runtime);
    for (const { name } of body!) {
      const change = changeOf(name);
      merged[name]!.data.forEach((x, i) => expect(x).toBe(Math.fround(base[name]!.data[i]! + change[i]!)));
    }
  });
});
