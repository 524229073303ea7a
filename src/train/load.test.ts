import { describe, expect, test } from "vitest";
import { fixtureModel } from "../../test/fixtures.ts";
import { tinyModel } from "../../test/tiny-training.ts";
import { int8, int8Twice, int8WeightsOnly } from "../quantization/int8.ts";
import { decoded, type StoredMatrices } from "../quantization/over-stored.ts";
import { schemeOf } from "../quantization/registry.ts";
import { tensor } from "../tensor/tensor.ts";
import { optimizerParameters } from "./adapt.ts";
import { type Checkpoint, loadWeights, parametersOf, randomWeights } from "./load.ts";

const { model, checkpoint } = fixtureModel("bert-classification");
const head = model.heads["sequence-classification"]!;
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

describe("a matrix that checkpoints hold as [in, out]", () => {
  const gpt2 = fixtureModel("gpt2-classification");
  const specs = parametersOf(gpt2.model, gpt2.model.heads["sequence-classification"]!, 3);
  const name = "transformer.h.1.mlp.c_fc.weight";

  test("is read as [out, in], and no other", async () => {
    const { weights } = await loadWeights(gpt2.model, specs, gpt2.checkpoint, { seed: 0 });
    const stored = async (tensor: string) => {
      const target = new Float32Array(16 * 64);
      await gpt2.checkpoint.readInto(tensor, target);
      return target;
    };
    const inFile = await stored(name);
    expect([gpt2.checkpoint.tensors.get(name)!.shape, weights[name]!.shape]).toEqual([
      [16, 64],
      [64, 16],
    ]);
    const read = weights[name]!.data;
    expect(read).toEqual(inFile.map((_, k) => inFile[(k % 16) * 64 + Math.floor(k / 16)]!));
    const positions = new Float32Array(12 * 16);
    await gpt2.checkpoint.readInto("transformer.wpe.weight", positions);
    expect(weights["transformer.wpe.weight"]!.data).toEqual(positions);
  });

  test("is refused as [out, in], by the shape that it has to have", async () => {
    const tensors = new Map(gpt2.checkpoint.tensors).set(name, { shape: [64, 16] });
    await expect(loadWeights(gpt2.model, specs, { ...gpt2.checkpoint, tensors }, { seed: 0 })).rejects.toThrow(
      `tensor ${name} has shape [64, 16], config.json makes it [16, 64]`,
    );
  });
});

describe("a matrix in few bits", () => {
  const gpt2 = fixtureModel("gpt2-classification");
  const specs = parametersOf(gpt2.model, gpt2.model.heads["sequence-classification"]!, 3);
  const schemes = schemeOf("int8", gpt2.model, { trained: [] });
  const [turned, straight] = ["transformer.h.1.mlp.c_fc.weight", "transformer.wpe.weight"];
  const load = (checkpoint: Partial<Checkpoint>, kept?: StoredMatrices, schemeOf = schemes) =>
    loadWeights(
      gpt2.model,
      specs,
      { ...gpt2.checkpoint, ...checkpoint },
      { seed: 0, schemeOf, ...(kept && { kept: async () => kept }) },
    );

  test("is taken as the checkpoint has it, where it has it so, turned where the model has it turned", async () => {
    const asked = new Map<string, readonly [string, boolean]>();
    const parts = int8.encode(tensor("float32", [1, 2], Float32Array.of(1, 2)));
    const readEncoded: Checkpoint["readEncoded"] = async (name, form, isTurned) => {
      asked.set(name, [form, isTurned]);
      return name === turned ? parts : null;
    };
    const { stored } = await load({ readEncoded });
    expect([...asked.keys()]).toEqual([...stored!.keys()]);
    expect([asked.get(turned), asked.get(straight)]).toEqual([
      ["int8", true],
      ["int8", false],
    ]);
    expect(stored!.get(turned)!.parts["codes"]!.read()).toEqual(parts["codes"]);
    const { weights } = await loadWeights(gpt2.model, specs, gpt2.checkpoint, { seed: 0 });
    expect(decoded(stored!.get(straight)!)).toEqual(int8Twice.decode(int8Twice.encode(weights[straight]!)));
  });

  test("is made anew where the checkpoint's parts are none that its products may have", async () => {
    const parts = int8Twice.encode(tensor("float32", [1, 2], Float32Array.of(1, 1)));
    const readEncoded: Checkpoint["readEncoded"] = async (name) => (name === turned ? parts : null);
    const { stored } = await load({ readEncoded }, undefined, (spec) => schemes(spec) && int8);
    const { weights } = await loadWeights(gpt2.model, specs, gpt2.checkpoint, { seed: 0 });
    expect(decoded(stored!.get(turned)!)).toEqual(int8.decode(int8.encode(weights[turned]!)));
  });

  test("is not read where it is kept", async () => {
    const kept = (await load({})).stored!;
    const read: string[] = [];
    const readInto: Checkpoint["readInto"] = async (name, target) => {
      read.push(name);
      return gpt2.checkpoint.readInto(name, target);
    };
    const { weights, stored } = await load({ readInto }, kept);
    expect(read).toEqual(Object.keys(weights));
    expect(stored).toEqual(kept);
    const { stored: others } = await load({}, kept, (spec) => schemes(spec) && int8WeightsOnly);
    expect(new Set([...others!.values()].map(({ scheme }) => scheme))).toEqual(new Set([int8WeightsOnly]));
  });

  test("is asked for only once everything fits, and only if anything is stored", async () => {
    const kept = async (): Promise<never> => Promise.reject(new Error("asked"));
    const tensors = new Map(gpt2.checkpoint.tensors);
    tensors.delete(straight);
    const options = { seed: 0, schemeOf: schemes, kept };
    await expect(loadWeights(gpt2.model, specs, { ...gpt2.checkpoint, tensors }, options)).rejects.toThrow(
      /no tensor named transformer\.wpe\.weight/,
    );
    await expect(loadWeights(gpt2.model, specs, gpt2.checkpoint, options)).rejects.toThrow("asked");
    const floats = await loadWeights(gpt2.model, specs, gpt2.checkpoint, { ...options, schemeOf: () => null });
    expect(floats.stored!.size).toBe(0);
  });
});

describe("a tensor that has to be zero", () => {
  const bart = fixtureModel("bart-generation");
  const specs = parametersOf(bart.model, bart.model.heads["sequence-to-sequence"]!, 0);
  const holding = (bias: number): Checkpoint => ({
    ...bart.checkpoint,
    readInto: async (name, target) =>
      name === "final_logits_bias" ? void target.fill(bias, 3, 5) : bart.checkpoint.readInto(name, target),
  });

  test("is of no use where it is", async () => {
    const { unused } = await loadWeights(bart.model, specs, holding(0), { seed: 0 });
    expect(unused).toEqual(["final_logits_bias"]);
  });

  test("is refused where it is not", () =>
    expect(loadWeights(bart.model, specs, holding(0.5), { seed: 0 })).rejects.toThrow(
      new Error("bart-generation: tensor final_logits_bias holds 0.5, expected zeros, for nothing reads it"),
    ));
});

describe("random weights", () => {
  const specs = specsOf(3);

  test("are drawn for every parameter, as its initializer says", () => {
    const { weights, initialized, unused } = randomWeights(specs, 0);
    expect(Object.keys(weights)).toEqual(specs.map(({ name }) => name));
    expect([initialized, unused]).toEqual([specs.map(({ name }) => name), []]);
    const normal: number[] = [];
    for (const { name, shape, initializer } of specs) {
      const { dtype, shape: drawn, data } = weights[name]!;
      expect([dtype, drawn]).toEqual(["float32", shape]);
      if (typeof initializer === "string") expect(new Set(data)).toEqual(new Set([{ zeros: 0, ones: 1 }[initializer]]));
      else if ("normal" in initializer) normal.push(...Array.from(data, (x) => x / initializer.normal));
    }
    // Mean and variance of so many normal numbers, within five standard deviations.
    const n = normal.length;
    expect(n).toBeGreaterThan(3000);
    const mean = normal.reduce((sum, x) => sum + x, 0) / n;
    const variance = normal.reduce((sum, x) => sum + (x - mean) ** 2, 0) / n;
    expect(Math.abs(mean)).toBeLessThan(5 / Math.sqrt(n));
    expect(Math.abs(variance - 1)).toBeLessThan(5 * Math.sqrt(2 / n));
  });

  test("are the same for the same seed, and no two parameters are alike", () => {
    const { weights } = randomWeights(specs, 1);
    expect(randomWeights(specs, 1).weights).toEqual(weights);
    const name = "bert.encoder.layer.0.attention.self.query.weight";
    expect(randomWeights(specs, 2).weights[name]).not.toEqual(weights[name]);
    expect(weights[name.replace("query", "key")]).not.toEqual(weights[name]);
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
