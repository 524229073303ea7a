/** What every fine-tuning method must keep, whatever it trains: its own test calls this with its options. */
import { beforeAll, describe, expect, test } from "vitest";
import { collate } from "../../src/data/collate.ts";
import { decodeSafetensors, encodeSafetensors } from "../../src/formats/safetensors.ts";
import { simplify } from "../../src/graph/simplify.ts";
import { input } from "../../src/graph/ops.ts";
import { concat } from "../../src/onnx/proto.ts";
import { adapterLayout, type AdapterTensor, applyAdapter, packAdapter, unpackAdapter } from "../../src/peft/adapter.ts";
import type { Runtime } from "../../src/runtime/runtime.ts";
import { sizeOf } from "../../src/tensor/shape.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { type AdaptedModel, baseTable, logits, modelInputs, type Weights } from "../../src/train/adapt.ts";
import { forwardPass } from "../../src/train/step.ts";
import { train } from "../../src/train/trainer.ts";
import { type TinyOptions, tinyData, tinyModel, tinyTraining } from "../tiny-training.ts";

const data = tinyData(16);
const padTokenId = 1;
const batch = collate(data.encodings, { padTokenId });

const copied = (weights: Weights): Weights =>
  Object.fromEntries(
    Object.entries(weights).map(([name, { dtype, shape, data }]) => [name, { dtype, shape, data: data.slice() }]),
  );

/** What the adapter file of a model as it stands would hold. */
const adapterOf = ({ trained }: AdaptedModel): AdapterTensor[] =>
  trained.map(({ name, parameter, selection, view: { shape, data } }) => ({
    name,
    parameter: parameter.name,
    selection,
    values: { dtype: "float32", shape, data: data.slice() },
  }));

/** Which numbers of each parameter the method says it trains. */
function claimed({ specs, trained }: AdaptedModel): Record<string, boolean[]> {
  return Object.fromEntries(
    specs.map(({ name, shape }) => {
      const parts = trained.filter(({ parameter }) => parameter.name === name);
      const columns = shape[1] ?? 1;
      const of = (i: number) =>
        parts.some(
          ({ selection }) =>
            selection === null ||
            selection.indices.includes(selection.axis === 0 ? Math.floor(i / columns) : i % columns),
        );
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

/** The method's line of mathematics as it is written, over base weights and trained numbers that are fed apart from them. */
async function reparameterized(runtime: Runtime, adapted: AdaptedModel, base: Weights, adapter: AdapterTensor[]) {
  const apart = (name: string) => `trained ${name}`;
  const trained = new Map(adapter.map(({ name, values }) => [name, input(apart(name), values.shape)]));
  const table = adapted.attachment.reparameterize(baseTable(adapted), trained);
  const [value] = simplify([logits(adapted, modelInputs(), table)]);
  const feeds = Object.fromEntries(adapter.map(({ name, values }) => [apart(name), values]));
  return run(runtime, { logits: value! }, { ...base, ...feeds });
}

/** @param fixture a classification model of test/fixtures/models */
export function methodSuite(runtime: Runtime, fixture: string, options: TinyOptions): void {
  describe(`${fixture} ${JSON.stringify(options.options)}`, () => {
    let adapted: AdaptedModel;
    let base: Weights;
    let old: AdapterTensor[];
    let atStart: Tensor[];

    beforeAll(async () => {
      adapted = await tinyModel(fixture, options);
      base = copied(adapted.weights);
      old = adapterOf(adapted);
      atStart = [
        await run(runtime, forwardPass(adapted), base),
        await run(runtime, forwardPass(adapted), adapted.weights),
        await reparameterized(runtime, adapted, base, old),
      ];
      const settings = { ...tinyTraining, padTokenId, maxSteps: 5, adamw: { weightDecay: 0.1 } };
      const job = { adapted, runtime, train: data, validation: null, options: settings };
      for await (const { type } of train(job)) expect(type).not.toBe("evaluation");
    });

    test("starts exactly at the base model's function", () => {
      expect(atStart[1]).toEqual(atStart[0]);
      expect(atStart[2]).toEqual(atStart[0]);
    });

    test("trains the head whole", () => {
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
      adapterOf(adapted).forEach(({ name, values }, i) => expect(values.data, name).not.toEqual(old[i]!.values.data));
    });

    test("counts what it says, under names of their own", () => {
      const numbers = Object.values(claimed(adapted)).flat().filter(Boolean).length;
      expect(adapted.trained.reduce((sum, { count }) => sum + count, 0)).toBe(numbers);
      expect(new Set(adapted.trained.map(({ name }) => name)).size).toBe(adapted.trained.length);
      for (const { shape, view } of adapted.trained) expect(view.shape).toEqual(shape);
    });

    test("merges to the same function: in place is what its mathematics says, bit for bit", async () => {
      const inPlace = await run(runtime, forwardPass(adapted), adapted.weights);
      expect(inPlace).not.toEqual(atStart[0]);
      expect(await reparameterized(runtime, adapted, base, adapterOf(adapted))).toEqual(inPlace);
    });

    test("survives a file: fresh base weights become the trained ones, bit for bit, and go back", () => {
      const { tensors, layout } = packAdapter(adapterOf(adapted));
      const bytes = concat(encodeSafetensors(tensors));
      const read = adapterLayout.parse(JSON.parse(JSON.stringify(layout)));
      const adapter = unpackAdapter(decodeSafetensors(bytes, "adapter"), read, "adapter");
      const fresh = copied(base);
      applyAdapter(adapter, fresh, "adapter");
      expect(fresh).toEqual(adapted.weights);
      applyAdapter(old, fresh, "adapter");
      expect(fresh).toEqual(base);
    });
  });
}
