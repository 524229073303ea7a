/** What every fine-tuning method must keep, whatever it trains: its own test calls this with its options. */
import { beforeAll, describe, expect, test } from "vitest";
import { collate } from "../../src/data/collate.ts";
import { decodeSafetensors, encodeSafetensors } from "../../src/formats/safetensors.ts";
import { onlyTaken } from "../../src/graph/only-taken.ts";
import { simplify } from "../../src/graph/simplify.ts";
import { input } from "../../src/graph/ops.ts";
import { concat } from "../../src/onnx/proto.ts";
import type { Weights } from "../../src/nn/parameters.ts";
import { adapterLayout, type AdapterTensor, applyAdapter, packAdapter, unpackAdapter } from "../../src/peft/adapter.ts";
import { methodOf } from "../../src/peft/registry.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { random } from "../../src/tensor/random.ts";
import { sizeOf } from "../../src/tensor/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { isEntries, type Slices, viewOf } from "../../src/tensor/view.ts";
import { type AdaptedModel, adapterTensors, restore } from "../../src/train/adapt.ts";
import { baseTable, forward } from "../../src/train/forward.ts";
import { mergedWeights } from "../../src/train/merge.ts";
import { forwardPass } from "../../src/train/step.ts";
import { train } from "../../src/train/trainer.ts";
import { worstDifference } from "../draw.ts";
import { type TinyOptions, tinyData, tinyModel, tinyTraining } from "../tiny-training.ts";

const data = tinyData(16);
const padTokenId = 1;
const batch = collate(data.encodings, { padTokenId });

const copied = (weights: Weights): Weights =>
  Object.fromEntries(
    Object.entries(weights).map(([name, { dtype, shape, data }]) => [name, { dtype, shape, data: data.slice() }]),
  );

/** A model with other weights, and its trained tensors where they stand now. */
const over = (adapted: AdaptedModel, weights: Weights): AdaptedModel => ({
  ...adapted,
  weights,
  trained: adapted.trained.map((part) => ({ ...part, view: viewOf(weights[part.parameter.name]!, part.selection) })),
});

/** What the adapter file of a model as it stands would hold. */
const adapterOf = (adapted: AdaptedModel): AdapterTensor[] =>
  adapterTensors(adapted).map((part) => ({ ...part, values: { ...part.values, data: part.values.data.slice() } }));

/** Which numbers of each parameter the method says it trains. */
function claimed({ specs, attachment, trained }: AdaptedModel): Record<string, boolean[]> {
  return Object.fromEntries(
    [...specs, ...attachment.added].map(({ name, shape }) => {
      const parts = trained.filter(({ parameter }) => parameter.name === name).map(({ selection }) => selection);
      const columns = shape[1] ?? 1;
      const entries = new Set(parts.flatMap((part) => (isEntries(part) ? [...part.entries] : [])));
      const slices = parts.flatMap((part) => (part && !isEntries(part) ? [part] : []));
      const of = (i: number) => {
        const place = [Math.floor(i / columns), i % columns] as const;
        const isIn = ({ axis, indices, within }: Slices) =>
          indices.includes(place[axis]!) && (within?.includes(place[1 - axis]!) ?? true);
        return parts.includes(null) || entries.has(i) || slices.some(isIn);
      };
      return [name, Array.from({ length: sizeOf(shape) }, (_, i) => of(i))];
    }),
  );
}

async function run(runtime: Runtime, outputs: Parameters<Runtime["compile"]>[0], feeds: Record<string, Tensor>) {
  const program = await runtime.compile(outputs);
  const { logits } = await program.run({ ...feeds, ...batch });
  await program.dispose();
  return logits!;
}

/** The same model with the head alone trained: what it is without the method. */
const bareOf = (adapted: AdaptedModel) => {
  const attachment = methodOf("head").attach(adapted.specs, {}, random(0));
  return forwardPass({ ...adapted, attachment });
};

/** The method's line of mathematics as it is written, over base weights and trained numbers that are fed apart from them. */
async function reparameterized(runtime: Runtime, adapted: AdaptedModel, base: Weights, adapter: AdapterTensor[]) {
  const apart = (name: string) => `trained ${name}`;
  const trained = new Map(adapted.attachment.trained.map(({ name, shape }) => [name, input(apart(name), shape)]));
  const table = adapted.attachment.reparameterize(baseTable(adapted), trained, { training: false });
  const { hidden, head } = forward(adapted, table, { training: false });
  const [value] = simplify(onlyTaken([head(hidden())]));
  const feeds = Object.fromEntries(adapter.map(({ name, values }) => [apart(name), values]));
  return run(runtime, { logits: value! }, { ...adapted.feeds, ...base, ...feeds });
}

function expectClose(actual: Tensor, expected: Tensor, tolerance: number): void {
  expect(actual.shape).toEqual(expected.shape);
  expect(worstDifference(actual.data as Float32Array, expected.data as Float32Array)).toBeLessThanOrEqual(tolerance);
}

/** What a method promises of its beginning and of merging. */
export interface Promises {
  /** How far its first function may be from the base model's; null where it begins elsewhere. */
  readonly start: number | null;
  /** Whether every number it claims moves in five steps, as where some have no gradient yet. */
  readonly movesAll: boolean;
  /** How far the merged model's function may be from its own; 0 in place. */
  readonly merged: number;
}

/** @param fixture a classification model of test/fixtures/models */
export function methodSuite(runtime: Runtime, fixture: string, options: TinyOptions, promises: Promises): void {
  describe(`${fixture} ${JSON.stringify(options.options)}`, () => {
    let adapted: AdaptedModel;
    let base: Weights;
    let atStart: Tensor[];

    beforeAll(async () => {
      adapted = await tinyModel(fixture, options);
      base = copied(adapted.weights);
      atStart = [
        await run(runtime, bareOf(adapted), base),
        await run(runtime, forwardPass(adapted), adapted.feeds),
        await reparameterized(runtime, adapted, base, adapterOf(adapted)),
      ];
      const settings = { ...tinyTraining, padTokenId, maxSteps: 5, adamw: { weightDecay: 0.1 } };
      const job = { adapted, runtime, train: data, validation: null, options: settings };
      for await (const { type } of train(job)) expect(type).not.toBe("evaluation");
    });

    test("starts at the base model's function", () => {
      if (promises.start === null) expect(atStart[1]).not.toEqual(atStart[0]);
      else expectClose(atStart[1]!, atStart[0]!, promises.start);
      expect(atStart[2]).toEqual(atStart[1]);
    });

    // What RoCoFT's official code trains is the only exception.
    test.runIf(options.options?.["official_parameters"] !== true)("trains the head whole", () => {
      const whole = adapted.trained
        .filter(({ selection }) => selection === null)
        .map(({ parameter }) => parameter.name);
      const head = adapted.specs.filter((spec) => spec.head).map(({ name }) => name);
      expect(whole).toEqual(expect.arrayContaining(head));
    });

    test("changes only what it says, and each of its tensors", () => {
      const mine = claimed(adapted);
      for (const [name, { data }] of Object.entries(adapted.weights)) {
        const changed = [...data.keys()].filter((i) => !Object.is(data[i], base[name]!.data[i]));
        expect(
          changed.filter((i) => !mine[name]![i]),
          name,
        ).toEqual([]);
      }
      const old = adapterOf(over(adapted, base));
      const now = new Map(adapterOf(adapted).map(({ name, values }) => [name, values.data]));
      const still = old.filter(({ name, values }) => equal(values.data, now.get(name)!)).map(({ name }) => name);
      const frozen = adapted.attachment.added.filter((spec) => !spec.trained).map(({ name }) => name);
      if (promises.movesAll) expect(still).toEqual(frozen);
      else expect(still.length).toBeLessThan(old.length);
    });

    test("counts what it says, under names of their own", () => {
      const numbers = Object.values(claimed(adapted)).flat().filter(Boolean).length;
      expect(adapted.trained.reduce((sum, { count }) => sum + count, 0)).toBe(numbers);
      const names = [...adapterOf(adapted), ...adapted.specs.map(({ name }) => ({ name: `${name} of the model` }))];
      expect(new Set(names.map(({ name }) => name)).size).toBe(names.length);
      for (const { shape, view } of adapted.trained) expect(view.shape).toEqual(shape);
      const parameters = new Set(adapted.specs.map(({ name }) => name));
      for (const { name } of adapted.attachment.added) expect(parameters.has(name), name).toBe(false);
    });

    test("merges to the same function, or says why not", async () => {
      const own = await run(runtime, forwardPass(adapted), adapted.feeds);
      expect(own).not.toEqual(atStart[1]);
      expect(await reparameterized(runtime, adapted, base, adapterOf(adapted))).toEqual(own);
      const { unmergeable } = methodOf(options.method ?? "rocoft");
      if (unmergeable !== undefined) return expect(unmergeable.length).toBeGreaterThan(10);
      const merged = await mergedWeights(adapted, runtime);
      expectClose(await run(runtime, bareOf(adapted), merged), own, promises.merged);
    });

    test("survives a file: fresh base weights become the trained ones, bit for bit, and go back", async () => {
      const { tensors, layout } = packAdapter(adapterOf(adapted));
      const bytes = concat(encodeSafetensors(tensors));
      const read = adapterLayout.parse(JSON.parse(JSON.stringify(layout)));
      const adapter = unpackAdapter(decodeSafetensors(bytes, "adapter"), read, "adapter");
      const untouched = Object.fromEntries(adapted.specs.map(({ name }) => [name, base[name]!]));
      const { trained, ...attached } = adapted;
      const fresh = restore({ ...attached, weights: copied(untouched) }, adapter, "adapter");
      expect(fresh.weights).toEqual(adapted.weights);
      expect(await run(runtime, forwardPass(fresh), fresh.feeds)).toEqual(
        await run(runtime, forwardPass(adapted), adapted.feeds),
      );
      applyAdapter(adapterOf(over(adapted, base)), fresh.weights, "adapter");
      expect(fresh.weights).toEqual(base);
    });
  });
}

const equal = (a: Float32Array, b: Float32Array) => a.every((x, i) => Object.is(x, b[i]));
