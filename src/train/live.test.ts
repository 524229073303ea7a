/** Adapters in turn on one base model: every bit comes back, and each gives what it gives alone. */
import { beforeAll, describe, expect, test } from "vitest";
import { fixtureModel } from "../../test/fixtures.ts";
import { tinyData, tinyModel, tinyTraining, type TinyOptions } from "../../test/tiny-training.ts";
import { collate } from "../data/collate.ts";
import type { Weights } from "../nn/parameters.ts";
import { methodOf } from "../peft/registry.ts";
import { nativeRuntime } from "../runtime/native.ts";
import type { Tensors } from "../runtime/runtime.ts";
import type { Tensor } from "../tensor/tensor.ts";
import { adapterTensors } from "./adapt.ts";
import { type LiveAdapter, type LiveModel, liveModel } from "./live.ts";
import { forwardPass } from "./step.ts";
import { train } from "./trainer.ts";

const name = "bert-classification";
const runtime = await nativeRuntime({ threads: 1 });
const data = tinyData(12);
const batch: Tensors = { ...collate(data.encodings, { padTokenId: 0 }) };
const { checkpoint } = fixtureModel(name);

const options: Readonly<Record<string, TinyOptions>> = {
  rows: { options: { rank: 2 } },
  "other rows": { options: { rank: 3, select: "random" } },
  "rows and columns": { options: { update: "both", rank: 3, select: "random", train_bias: true } },
  lora: { method: "lora" },
  "two labels": { method: "lora", options: { rank: 2, use_dora: true }, labels: 2 },
  bitfit: { method: "bitfit" },
};

interface Trained {
  readonly adapter: LiveAdapter;
  readonly logits: Tensor;
}

async function trained(where: string, tiny: TinyOptions): Promise<Trained> {
  const adapted = await tinyModel(name, tiny);
  const settings = { ...tinyTraining, maxSteps: 3 };
  const own = { ...data, labels: data.labels.map((label) => label % adapted.labels) };
  const events = train({ adapted, runtime, train: own, validation: null, options: settings });
  while (!(await events.next()).done);
  const program = await runtime.compile(forwardPass(adapted));
  const { logits } = await program.run({ ...adapted.feeds, ...batch });
  const tensors = adapterTensors(adapted).map((part) => ({
    ...part,
    values: { ...part.values, data: part.values.data.slice() },
  }));
  const { model, head, labels, specs, attachment } = adapted;
  const { unmergeable } = methodOf(tiny.method ?? "rocoft");
  return {
    adapter: { attached: { model, head, labels, specs, attachment }, tensors, where, unmergeable },
    logits: logits!,
  };
}

/** The body's weights as the checkpoint has them. */
async function bodyOf(): Promise<Weights> {
  const { specs } = (await tinyModel(name)) as {
    specs: readonly { name: string; head: boolean; shape: readonly number[] }[];
  };
  const body: Record<string, Tensor<"float32">> = {};
  for (const { name: parameter, head, shape } of specs) {
    if (head) continue;
    const weight = { dtype: "float32" as const, shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) };
    await checkpoint.readInto(parameter, weight.data);
    body[parameter] = weight;
  }
  return body;
}

const bits = (weights: Weights) => JSON.stringify(Object.values(weights).map(({ data: x }) => [...x]));

describe("a live model", () => {
  const adapters: Record<string, Trained> = {};
  let body: Weights;
  let before: string;
  let live: LiveModel;

  beforeAll(async () => {
    for (const [key, tiny] of Object.entries(options)) adapters[key] = await trained(key, tiny);
    body = await bodyOf();
    before = bits(body);
    live = liveModel(body, runtime);
    for (const [key, { adapter }] of Object.entries(adapters)) live.add(key, adapter);
  });

  test("gives with each adapter what the adapter gives alone, in any order", async () => {
    const keys = Object.keys(options);
    for (const key of [...keys, ...keys.toReversed()]) {
      live.use(key);
      expect(live.active).toBe(key);
      expect(await live.logits(batch), key).toEqual(adapters[key]!.logits);
    }
    live.use(null);
    expect(bits(body)).toBe(before);
    await expect(live.logits(batch)).rejects.toThrow(new Error("live model: no adapter is in use"));
  });

  test.each(Object.keys(options))("merges %s to the same function, and unmerges to the last bit", async (key) => {
    live.use(key);
    await live.merge();
    await live.merge();
    const { data: expected } = adapters[key]!.logits;
    const { data: actual } = await live.logits(batch);
    expect(Math.max(...Array.from(expected as Float32Array, (x, i) => Math.abs(x - Number(actual[i]))))).toBeLessThan(
      1e-5,
    );
    expect(() => live.use(null)).toThrow(new Error(`live model: ${key} is merged, unmerge it before switching`));
    live.unmerge();
    expect(await live.logits(batch)).toEqual(adapters[key]!.logits);
    live.use(null);
    expect(bits(body)).toBe(before);
  });

  test("keeps its weights as they are while a batch is under way", async () => {
    live.use("rows");
    const answer = live.logits(batch);
    const message = "live model: a batch is under way, await it before the weights change";
    expect(() => live.use("lora")).toThrow(new Error(message));
    expect(() => live.unmerge()).toThrow(new Error(message));
    expect(await answer).toEqual(adapters["rows"]!.logits);
    live.use(null);
    expect(bits(body)).toBe(before);
  });

  test("forgets an adapter, the one in use too", () => {
    const other = liveModel(body, runtime);
    other.add("rows", adapters["rows"]!.adapter);
    other.use("rows");
    expect(() => other.add("rows", adapters["rows"]!.adapter)).toThrow(
      "live model: there is an adapter named rows already",
    );
    other.remove("rows");
    expect(bits(body)).toBe(before);
    expect(() => other.use("rows")).toThrow(new Error("live model: no adapter named rows (has none)"));
  });

  test("refuses an adapter that does not fit, and stays as it was", () => {
    const other = liveModel(body, runtime);
    const { adapter } = adapters["rows"]!;
    const [first, ...rest] = adapter.tensors;
    const wrong = { ...first!, parameter: "bert.nothing" };
    expect(() => other.add("rows", { ...adapter, tensors: [wrong, ...rest] })).toThrow(
      `rows: ${first!.name} belongs to bert.nothing, which the model does not have`,
    );
    const headless = adapter.tensors.filter(({ name: tensor }) => tensor !== "classifier.weight");
    expect(() => other.add("rows", { ...adapter, tensors: headless })).toThrow(
      "rows: no tensor named classifier.weight",
    );
    expect(bits(body)).toBe(before);
  });
});
