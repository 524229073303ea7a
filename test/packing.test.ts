/** Examples that share a row: each sees itself alone, on every decoder. */
import { describe, expect, test } from "vitest";
import type { EncodedDataset } from "../src/data/encode.ts";
import { pack } from "../src/data/packing.ts";
import type { Encoding } from "../src/data/tokenizer.ts";
import { nativeRuntime } from "../src/runtime/native.ts";
import { random } from "../src/tensor/random.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import type { AdaptedModel } from "../src/train/adapt.ts";
import type { Objective } from "../src/train/objective.ts";
import { causalLanguageModel, packedCausalLanguageModel } from "../src/train/objectives/language-model.ts";
import { evaluationPass, gradientName, trainingStep } from "../src/train/step.ts";
import { worstDifference } from "./draw.ts";
import { fixtureModel, modelNames, readJson, readTensors } from "./fixtures.ts";
import { tinyModel } from "./tiny-training.ts";

const runtime = await nativeRuntime({ threads: 1 });
const decoders = modelNames.filter((name) => {
  const { class: architecture } = readJson<{ class: string }>("models", name, "expected.json");
  return fixtureModel(name).model.heads["causal-language-model"]?.architecture === architecture;
});

const stream = random(0, "packing");
const encoding = (length: number, vocabulary: number): Encoding => ({
  ids: Int32Array.from({ length }, () => stream.integer(vocabulary)),
  typeIds: new Uint8Array(length),
  removed: 0,
  asked: Uint8Array.from({ length }, (_, i) => Number(i > length / 3)),
});

function datasetOf(encodings: readonly Encoding[]): EncodedDataset {
  return {
    where: "texts",
    encodings,
    labels: new Float64Array(encodings.length).fill(NaN),
    lines: Int32Array.from(encodings.keys()),
    lengths: Int32Array.from(encodings, ({ ids }) => ids.length),
    truncated: 0,
  };
}

const LENGTHS = [7, 3, 5, 9, 2];
const ROW = 14;
const batchOf = (objective: Objective, data: EncodedDataset) =>
  objective.batch(data, Int32Array.from(data.encodings.keys()), { padTokenId: 0, stream: random(0) });
const numbers = (x: Tensor | undefined) => Array.from(x!.data, Number);

/** That a step's loss and gradients are the same of examples in rows of their own and of packed ones. */
async function expectSamePacked(adapted: AdaptedModel): Promise<void> {
  const apart = datasetOf(LENGTHS.map((length) => encoding(length, adapted.model.vocabularySize)));
  const packed = pack(apart, ROW);
  expect([...packed.lengths]).toEqual([12, 14]);
  const results = await Promise.all(
    (
      [
        [causalLanguageModel, apart],
        [packedCausalLanguageModel, packed],
      ] as const
    ).map(async ([objective, data]) => {
      const program = await runtime.compile(trainingStep(adapted, objective));
      const { feeds, terms } = batchOf(objective, data);
      const given = await program.run({ ...adapted.feeds, ...feeds });
      await program.dispose();
      return { given, terms };
    }),
  );
  const [one, other] = results as [(typeof results)[0], (typeof results)[0]];
  expect(other.terms).toBe(one.terms);
  for (const key of ["loss", ...adapted.attachment.trained.map((tensor) => gradientName(tensor.name))])
    expect(worstDifference(other.given[key]!.data, one.given[key]!.data as Float32Array), key).toBeLessThan(1e-5);
}

test("there are decoders", () => {
  for (const family of ["llama", "gpt2", "gptj", "bloom"])
    expect(
      decoders.some((name) => name.startsWith(family)),
      family,
    ).toBe(true);
});

test.each(["rocoft", "lora", "prefix_tuning", "houlsby"])("of %s too, packed rows give the same", async (method) => {
  await expectSamePacked(await tinyModel("llama-lm", { method, head: "causal-language-model" }));
});

describe.each(decoders)("%s", (name) => {
  test("the loss of what an example asks for, and no more, is transformers' loss of labels", async () => {
    const expected = readTensors("models", name, "expected.safetensors");
    const [rows, width] = expected.get("input_ids")!.shape as [number, number];
    const row = (key: string, r: number) => numbers(expected.get(key)).slice(r * width, (r + 1) * width);
    const encodings = Array.from({ length: rows }, (_, r): Encoding => {
      const real = row("attention_mask", r).flatMap((one, i) => (one === 1 ? [i] : []));
      const ids = Int32Array.from(real, (i) => row("input_ids", r)[i]!);
      const asked = Uint8Array.from(real, (i) => Number(row("labels", r)[i]! >= 0));
      return { ids, typeIds: new Uint8Array(ids.length), removed: 0, asked };
    });
    const adapted = await tinyModel(name, { method: "full", head: "causal-language-model" });
    const program = await runtime.compile(trainingStep(adapted, causalLanguageModel));
    const { feeds } = batchOf(causalLanguageModel, datasetOf(encodings));
    const results = await program.run({ ...adapted.feeds, ...feeds });
    expect(worstDifference(results["loss"]!.data, expected.get("loss")!.data as Float32Array)).toBeLessThan(2e-5);
    await program.dispose();
  });

  // Frequencies that slow down with the length of a row differ with padding too.
  test.skipIf(name === "llama-dynamic")("packed or apart, loss and gradients are the same", async () => {
    await expectSamePacked(await tinyModel(name, { method: "full", head: "causal-language-model" }));
  });

  test("what one example says changes nothing of another in its row, to the last bit", async () => {
    const adapted = await tinyModel(name, { method: "full", head: "causal-language-model" });
    const examples = [5, 4, 5].map((length) => encoding(length, adapted.model.vocabularySize));
    const given = ["position_ids", "segment_ids"] as const;
    const program = await runtime.compile(
      evaluationPass(adapted, ({ hidden, head }) => ({ logits: head(hidden({ causal: true, given })) })),
    );
    const logitsOf = async (encodings: readonly Encoding[]) => {
      const { feeds } = batchOf(packedCausalLanguageModel, pack(datasetOf(encodings), ROW));
      const { positions: _, labels: __, ...inputs } = feeds;
      const { logits } = await program.run({ ...adapted.feeds, ...inputs });
      const width = logits!.shape[2]!;
      return Array.from({ length: ROW }, (_, i) =>
        numbers(logits)
          .slice(i * width, (i + 1) * width)
          .join(),
      );
    };
    const before = await logitsOf(examples);
    const bounds = [0, 5, 9, 14];
    for (const changed of [0, 1, 2]) {
      const others = examples.map((example, i) =>
        i === changed ? { ...example, ids: example.ids.map((id) => (id + 1) % adapted.model.vocabularySize) } : example,
      );
      const after = await logitsOf(others);
      const isChanged = (i: number) => i >= bounds[changed]! && i < bounds[changed + 1]!;
      expect(after.map((row, i) => row !== before[i])).toEqual(after.map((_, i) => isChanged(i)));
    }
    await program.dispose();
  });
});
