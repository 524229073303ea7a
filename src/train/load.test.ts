import { describe, expect, test } from "vitest";
import { fixtureModel } from "../../test/fixtures.ts";
import { tinyModel } from "../../test/tiny-training.ts";
import { optimizerParameters } from "./adapt.ts";
import { type Checkpoint, loadWeights, parametersOf } from "./load.ts";

const { model, checkpoint } = fixtureModel("bert-classification");
const head = model.heads["sequence-classification"];
const specsOf = (labels: number) => parametersOf(model, head, labels);

describe("loading", () => {
  test("reads every parameter into an array of its own", async () => {
    const { weights, initialized, unused } = await loadWeights(model, specsOf(3), checkpoint, { seed: 0 });
    expect([initialized, unused]).toEqual([[], []]);
    expect(Object.keys(weights)).toEqual(specsOf(3).map(({ name }) => name));
    for (const { name, shape } of specsOf(3)) {
      expect([weights[name]!.dtype, weights[name]!.shape]).toEqual(["float32", shape]);
      expect(weights[name]!.data.length * 4).toBe(weights[name]!.data.buffer.byteLength);
    }
  });

  test("draws a head of other labels from the seed", async () => {
    const load = async (seed: number) =>
      (await loadWeights(model, specsOf(5), checkpoint, { seed, ignoreMismatchedSizes: true })).weights;
    const [first, again, other] = [await load(1), await load(1), await load(2)];
    expect(again).toEqual(first);
    expect(other["classifier.weight"]).not.toEqual(first["classifier.weight"]);
    expect(first["classifier.weight"]!.data.some((x) => x !== 0)).toBe(true);
    expect(first["classifier.bias"]!.data).toEqual(new Float32Array(5));
    expect(other["bert.pooler.dense.weight"]).toEqual(first["bert.pooler.dense.weight"]);
  });

  test("reads nothing where something does not fit", async () => {
    const read: string[] = [];
    const watched: Checkpoint = { ...checkpoint, readInto: async (name) => void read.push(name) };
    await expect(loadWeights(model, specsOf(5), watched, { seed: 0 })).rejects.toThrow(
      /^bert-classification: tensor classifier\.\w+ has shape \[3.*\], config\.json makes it \[5/,
    );
    expect(read).toEqual([]);
  });
});

test("weight decay spares biases and norms", async () => {
  const parameters = optimizerParameters(await tinyModel("bert-classification", { method: "full" }));
  const spared = parameters.filter(({ decay }) => !decay).map(({ name }) => name);
  expect(spared.toSorted()).toEqual(
    specsOf(3)
      .map(({ name }) => name)
      .filter((name) => name.endsWith(".bias") || name.includes("LayerNorm"))
      .toSorted(),
  );
});
