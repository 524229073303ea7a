import { describe, expect, test } from "vitest";
import type { ParameterSpec } from "../nn/parameters.ts";
import { random } from "../tensor/random.ts";
import { sizeOf } from "../tensor/shape.ts";
import { type Tensor, tensor } from "../tensor/tensor.ts";
import { type MovableView, movableViewOf } from "../tensor/view.ts";
import { partOf } from "./attachment.ts";
import type { Dynamics } from "./dynamics.ts";
import { reselection, type ReselectionOptions } from "./reselection.ts";

const shapes = [
  [6, 7],
  [3, 20],
] as const;
const counts = [10, 15];
const biasCorrection = { mean: 0.5, square: 0.25 };

interface Matrix {
  readonly parameter: ParameterSpec;
  readonly name: string;
  readonly weight: Tensor<"float32">;
  readonly base: Float32Array;
  readonly view: MovableView;
  readonly mean: Float32Array;
  readonly square: Float32Array;
}

function matrices(seed: number): Matrix[] {
  const stream = random(seed, "matrices");
  return shapes.map((shape, m) => {
    const place = { role: "linear", initializer: "zeros", block: 0, head: false } as const;
    const parameter = { ...place, name: `m${m}.weight`, shape };
    const weight = tensor("float32", shape, Float32Array.from({ length: sizeOf(shape) }, stream.normal));
    const base = weight.data.slice();
    const entries = stream.permutation(sizeOf(shape)).slice(0, counts[m]);
    const moments = () => new Float32Array(counts[m]!).fill(7);
    const view = movableViewOf(weight, entries);
    return { parameter, name: `${parameter.name}.entries`, weight, base, view, mean: moments(), square: moments() };
  });
}

function begin(list: readonly Matrix[], options: ReselectionOptions): Dynamics {
  const named = new Map(list.map((matrix) => [matrix.name, matrix]));
  const parts = list.map(({ name, parameter, view }) => partOf(name, parameter, { entries: view.entries }));
  return reselection(
    {
      view: (name) => named.get(name)!.view,
      entries: (name) => named.get(name)!.view,
      parameter: () => expect.unreachable(),
    },
    parts,
    options,
  );
}

/** A step: whole gradients are drawn, the trained numbers move. Gives the gradients where they were asked for. */
async function step(
  at: number,
  totalSteps: number,
  list: readonly Matrix[],
  { beforeStep, afterStep }: Dynamics,
): Promise<readonly Float32Array[] | null> {
  const stream = random(at, "step");
  const drawn = list.map(({ base }) => base.map(() => stream.normal()));
  let asked = false;
  await beforeStep!({
    step: at,
    totalSteps,
    gradients: async (parameters) => {
      expect(parameters).toEqual(list.map(({ parameter }) => parameter));
      asked = true;
      return drawn;
    },
  });
  for (const { view } of list) {
    view.data.forEach((x, i) => (view.data[i] = x + 0.1 * stream.normal()));
    view.commit();
  }
  const moments = (name: string) => list.find((matrix) => matrix.name === name)!;
  const gradient = () => expect.unreachable();
  await afterStep({ step: at, totalSteps, moments, biasCorrection, gradient, noise: gradient });
  return asked ? drawn : null;
}

const options: ReselectionOptions = {
  reselection_steps: 6,
  selection_accumulation_steps: 2,
  reselection_rate: 0.5,
  reselection_rate_policy: "linear",
};

test("gradients are asked for in the steps of a phase: at first 1 to 2, then from each sixth to the second after it", async () => {
  const list = matrices(0);
  const dynamics = begin(list, options);
  const asked: number[] = [];
  for (let at = 1; at <= 20; at++) if (await step(at, 20, list, dynamics)) asked.push(at);
  expect(asked).toEqual([1, 2, 6, 7, 8, 12, 13, 14, 18, 19, 20]);
});

/** The exchange written down once more, over dense arrays: what is trained after it, and from where it goes on. */
function exchanged(
  { base, view, weight }: Matrix,
  phase: readonly Float32Array[],
  share: number,
): { readonly weight: number[]; readonly trained: Set<number>; readonly grown: Map<number, [number, number]> } {
  const by = (score: (entry: number) => number) => (a: number, b: number) => score(b) - score(a) || a - b;
  const all = [...base.keys()];
  const count = view.entries.length;
  const change = (entry: number) => Math.abs(Math.fround(weight.data[entry]! - base[entry]!));
  const sum = (entry: number) => phase.reduce((total, gradient) => total + gradient[entry]!, 0);
  const square = (entry: number) => phase.reduce((total, gradient) => total + gradient[entry]! ** 2, 0);
  const now = new Set(view.entries);
  const dropped = new Set([...now].toSorted((a, b) => change(a) - change(b)).slice(0, Math.floor(count * share)));
  const staying = new Set([...now].filter((entry) => !dropped.has(entry)));
  const candidates = all.toSorted(by((entry) => Math.abs(phase[0]![entry]!))).slice(0, count);
  const best = candidates
    .filter((entry) => !staying.has(entry))
    .toSorted(by((entry) => Math.abs(sum(entry))))
    .slice(0, dropped.size);
  const fresh = best.filter((entry) => !now.has(entry));
  const leaving = [...dropped].filter((entry) => !best.includes(entry));
  const trained = new Set([...now].filter((entry) => !leaving.includes(entry)).concat(fresh));
  const kept = [...trained].filter((entry) => !fresh.includes(entry));
  return {
    weight: all.map((entry) => (kept.includes(entry) ? weight.data[entry]! : base[entry]!)),
    trained,
    grown: new Map(fresh.map((entry) => [entry, [sum(entry) / phase.length, square(entry) / phase.length]])),
  };
}

describe.each([
  ["linear", (t: number) => 0.5 * (1 - t)],
  ["cosine", (t: number) => (0.5 * (1 + Math.cos(Math.PI * t))) / 2],
] as const)("entries are exchanged, %s", (reselection_rate_policy, rate) => {
  test.each([1, 2, 3])("as written down once more, case %i", async (seed) => {
    const list = matrices(seed);
    const dynamics = begin(list, { ...options, reselection_rate_policy });
    const totalSteps = 26;
    let phase: (readonly Float32Array[])[] = [];
    let grown = 0;
    for (let at = 1; at <= totalSteps; at++) {
      const isEnd = at % 6 === 2;
      // The same step on a copy that does not end it, to see what the exchange finds.
      const before = structuredClone(list.map(({ view, weight }) => ({ entries: view.entries, weight })));
      const copies = list.map((matrix, m) => {
        const weight = tensor("float32", matrix.weight.shape, matrix.base.slice());
        const view = movableViewOf(weight, before[m]!.entries);
        view.data.set(matrix.view.data);
        return { ...matrix, weight, view };
      });
      await step(at, totalSteps, copies, { ...dynamics, beforeStep: async () => {}, afterStep: () => {} });
      const gradients = await step(at, totalSteps, list, dynamics);
      if (gradients) phase.push(gradients);
      if (!isEnd) continue;
      list.forEach((matrix, m) => {
        const of = phase.map((all) => all[m]!);
        const expected = exchanged(copies[m]!, of, at === 2 ? 1 : rate(at / totalSteps));
        expect(new Set(matrix.view.entries)).toEqual(expected.trained);
        matrix.view.commit();
        expect([...matrix.weight.data]).toEqual(expected.weight);
        matrix.view.entries.forEach((entry, slot) => {
          const [mean, square] = expected.grown.get(entry) ?? [null, null];
          if (mean === null) return;
          expect(matrix.mean[slot]).toBeCloseTo(mean * 0.5, 5);
          expect(matrix.square[slot]).toBeCloseTo(square * 0.25, 5);
        });
        grown += expected.grown.size;
      });
      phase = [];
    }
    expect(grown).toBeGreaterThan(30);
  });
});

test("a phase that is interrupted goes on from what is kept of it", async () => {
  const [whole, parted] = [matrices(4), matrices(4)];
  const one = begin(whole, options);
  for (let at = 1; at <= 8; at++) await step(at, 8, whole, one);
  const first = begin(parted, options);
  for (let at = 1; at <= 7; at++) await step(at, 8, parted, first);
  const second = begin(parted, options);
  for (const [name, { data }] of Object.entries(second.state)) data.set(structuredClone(first.state[name]!.data));
  await step(8, 8, parted, second);
  for (const [m, { view, weight, mean }] of parted.entries())
    expect([view.entries, weight, mean]).toEqual([whole[m]!.view.entries, whole[m]!.weight, whole[m]!.mean]);
});
