/** Masked and causal language modelling: loss and every gradient equal to transformers' on PyTorch. */
import { describe, expect, test } from "vitest";
import type { EncodedDataset } from "../src/data/encode.ts";
import { IGNORED_LABEL } from "../src/nn/loss.ts";
import { nativeRuntime } from "../src/runtime/native.ts";
import { random } from "../src/tensor/random.ts";
import { type Tensor, tensor } from "../src/tensor/tensor.ts";
import type { Batch, Objective } from "../src/train/objective.ts";
import { causalLanguageModel, maskedLanguageModel } from "../src/train/objectives/language-model.ts";
import { evaluationPass, gradientName, trainingStep } from "../src/train/step.ts";
import { worstDifference } from "./draw.ts";
import { batchFeeds, fixtureModel, readTensors } from "./fixtures.ts";
import { tinyModel } from "./tiny-training.ts";

type Fixture = ReadonlyMap<string, Tensor>;
interface Case {
  readonly objective: Objective;
  /** The fixture's batch, as the objective's graph reads it. */
  batch(fixture: Fixture, padTokenId: number): Batch;
}

const runtime = await nativeRuntime({ threads: 1 });
const int64 = (values: readonly (number | bigint)[]) =>
  tensor("int64", [values.length], BigInt64Array.from(values, BigInt));
const floats = (x: Tensor) => x.data as Float32Array;

const cases: Readonly<Record<"masked" | "causal", Case>> = {
  masked: {
    objective: maskedLanguageModel({ size: 53, maskTokenId: 4, specialTokenIds: new Set() }, 0.15),
    batch(fixture) {
      const labels = [...(fixture.get("labels")!.data as BigInt64Array)];
      const positions = [...labels.keys()].filter((i) => labels[i] !== BigInt(IGNORED_LABEL));
      const { labels: _, ...inputs } = batchFeeds(fixture);
      const asked = { positions: int64(positions), labels: int64(positions.map((i) => labels[i]!)) };
      return { feeds: { ...inputs, ...asked }, terms: positions.length };
    },
  },
  causal: {
    objective: causalLanguageModel,
    batch: (fixture, padTokenId) =>
      causalLanguageModel.batch(sequencesOf(fixture), Int32Array.of(0, 1, 2), { padTokenId, stream: random(0) }),
  },
};

/** The sequences of a padded batch. */
function sequencesOf(fixture: Fixture): EncodedDataset {
  const { input_ids, attention_mask, token_type_ids } = batchFeeds(fixture);
  const [rows, width] = input_ids!.shape as [number, number];
  const row = ({ data }: Tensor, r: number) => Array.from(data.slice(r * width, (r + 1) * width), Number);
  const lengths = Int32Array.from({ length: rows }, (_, r) => row(attention_mask!, r).reduce((a, b) => a + b, 0));
  const encodings = Array.from(lengths, (length, r) => ({
    ids: Int32Array.from(row(input_ids!, r).slice(0, length)),
    typeIds: Uint8Array.from(row(token_type_ids!, r).slice(0, length)),
    removed: 0,
  }));
  return {
    where: "fixture",
    encodings,
    labels: new Float64Array(rows),
    lines: new Int32Array(rows),
    lengths,
    truncated: 0,
  };
}

describe.each(["bert-mlm", "roberta-mlm"])("%s", (name) => {
  test.each(Object.entries(cases))("%s: transformers' loss and gradients", async (kind, { objective, batch }) => {
    const fixture = readTensors("language-models", name, `${kind}.safetensors`);
    const adapted = await tinyModel(name, { method: "full", head: "masked-language-model" });
    const { feeds } = batch(fixture, Number(fixtureModel(name).config["pad_token_id"]));
    const training = await runtime.compile(trainingStep(adapted, objective));
    const evaluation = await runtime.compile(evaluationPass(adapted, objective.evaluation));
    const results = await training.run({ ...adapted.weights, ...feeds });
    const { loss } = await evaluation.run({ ...adapted.weights, ...feeds });
    for (const given of [loss!, results["loss"]!])
      expect(worstDifference(given.data, floats(fixture.get("loss")!))).toBeLessThan(2e-5);
    const gradients = [...fixture.keys()].filter((key) => key.startsWith("grad."));
    expect(gradients.toSorted()).toEqual(adapted.specs.map((spec) => `grad.${spec.name}`).toSorted());
    for (const key of gradients) {
      const given = results[gradientName(key.slice("grad.".length))]!;
      expect(worstDifference(given.data, floats(fixture.get(key)!)), key).toBeLessThan(2e-5);
    }
    for (const program of [training, evaluation]) await program.dispose();
  });
});
