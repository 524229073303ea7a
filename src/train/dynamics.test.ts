import { describe, expect, test } from "vitest";
import { worstDifference } from "../../test/draw.ts";
import { tinyData, tinyModel } from "../../test/tiny-training.ts";
import { entriesName } from "../peft/attachment.ts";
import { nativeRuntime } from "../runtime/native.ts";
import { random } from "../tensor/random.ts";
import { sizeOf } from "../tensor/shape.ts";
import { type AdaptedModel, moveEntries } from "./adapt.ts";
import { batchGradient } from "./batch-gradient.ts";
import { keepBest, setTrained, trainedNumbers } from "./best.ts";
import { wholeGradients } from "./dynamics.ts";
import { labelObjectives } from "./objectives/labels.ts";
import { createStage } from "./stages.ts";

const runtime = await nativeRuntime({ threads: 1 });
const { classification } = labelObjectives;
const data = tinyData(10);
const batches = [Int32Array.of(0, 1, 2, 3), Int32Array.of(4, 5, 6)].map((examples) =>
  classification.batch(data, examples, { padTokenId: 1, stream: random(0) }),
);

const moving = ({ trained }: AdaptedModel) => trained.filter((tensor) => tensor.moving);
/** Other entries than those that are trained, as many. */
const others = ({ parameter: { shape }, shape: [count] }: AdaptedModel["trained"][number], seed: number) =>
  random(seed, "others").permutation(sizeOf(shape)).slice(0, count);

async function sparse(): Promise<AdaptedModel> {
  return tinyModel("roberta-classification", { method: "sft", options: { density: 0.1 } });
}

describe("the gradients of whole parameters", async () => {
  const adapted = await sparse();
  const stage = await createStage(adapted, runtime, classification);
  const parameters = moving(adapted).map(({ parameter }) => parameter);
  const whole = await wholeGradients(adapted, stage, batches, parameters);

  test("are those of training everything", async () => {
    const full = await tinyModel("roberta-classification", { method: "full" });
    const { gradients } = await batchGradient(
      (await createStage(full, runtime, classification)).program,
      full,
      batches,
    );
    const byName = new Map(full.trained.map(({ name }, i) => [name, gradients[i]!]));
    parameters.forEach(({ name }, i) => expect(worstDifference(whole[i]!, byName.get(name)!), name).toBeLessThan(1e-6));
  });

  test("hold those of the trained entries, wherever these have moved", async () => {
    for (const seed of [0, 1]) {
      for (const tensor of moving(adapted)) moveEntries(adapted, tensor.name, others(tensor, seed));
      const { gradients } = await batchGradient(stage.program, adapted, batches);
      moving(adapted).forEach(({ moving: places }, i) => {
        const expected = Float32Array.from(places!.entries, (entry) => whole[i]![entry]!);
        expect(worstDifference(gradients[i]!, expected)).toBeLessThan(1e-6);
        expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(1e-5);
      });
    }
  });

  test("are compiled once", async () => {
    expect(await stage.whole(parameters)).toBe(await stage.whole([...parameters]));
    await stage.dispose();
  });
});

describe("entries that move", () => {
  test("take what every run is fed, and what is saved, along", async () => {
    const adapted = await sparse();
    const [tensor] = moving(adapted);
    const entries = others(tensor!, 0);
    moveEntries(adapted, tensor!.name, entries);
    expect([...adapted.feeds[entriesName(tensor!.name)]!.data].map(Number)).toEqual([...entries]);
    expect(tensor!.selection).toEqual({ entries });
    expect(trainedNumbers(adapted).entries[tensor!.name]).toEqual(entries);
  });

  test("are put back with the numbers of the best, the base numbers where they were since", async () => {
    const adapted = await sparse();
    const base = structuredClone(adapted.weights);
    const learn = (seed: number) => {
      const { normal } = random(seed, "learn");
      for (const tensor of moving(adapted)) moveEntries(adapted, tensor.name, others(tensor, seed));
      const { entries } = trainedNumbers(adapted);
      const trained = adapted.trained.map(({ view }) => view.data.map((x) => x + normal()));
      setTrained(adapted, { trained, entries });
    };
    const best = keepBest(adapted, "loss");
    learn(1);
    best.offer(1, { loss: 1 });
    const atBest = structuredClone(adapted.weights);
    learn(2);
    best.offer(2, { loss: 2 });
    best.restore();
    expect(adapted.weights).toEqual(atBest);

    const mine = new Map(moving(adapted).map(({ parameter, moving: places }) => [parameter.name, places!]));
    for (const [name, places] of mine) {
      const entries = new Set(places.entries);
      adapted.weights[name]!.data.forEach((x, i) => {
        if (!entries.has(i)) expect(x).toBe(base[name]!.data[i]);
      });
      expect(places.base).toEqual(Float32Array.from(places.entries, (entry) => base[name]!.data[entry]!));
    }
  });
});
