import { afterAll, describe, expect, test } from "vitest";
import { worstDifference } from "../../../test/draw.ts";
import { fixtureModel, readTensors } from "../../../test/fixtures.ts";
import { tinyModel, tinyTraining } from "../../../test/tiny-training.ts";
import type { EncodedDataset } from "../../data/encode.ts";
import { IGNORED_LABEL } from "../../nn/loss.ts";
import { nativeRuntime } from "../../runtime/native.ts";
import { random } from "../../tensor/random.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { evaluationPass, gradientName, trainingStep } from "../step.ts";
import { train } from "../trainer.ts";
import { sequenceToSequence } from "./sequence-to-sequence.ts";

type Pair = readonly [source: readonly number[], target: readonly number[]];

const pairsAs = (pairs: readonly Pair[]): EncodedDataset => ({
  where: "pairs.jsonl",
  encodings: pairs.map(([source, target]) => ({
    ids: Int32Array.from(source),
    typeIds: new Uint8Array(source.length),
    removed: 0,
    target: Int32Array.from(target),
  })),
  labels: new Float64Array(pairs.length).fill(NaN),
  lines: Int32Array.from(pairs, (_, i) => i + 1),
  lengths: Int32Array.from(pairs, ([source]) => source.length),
  truncated: 0,
});

const runtime = await nativeRuntime({ threads: 1 });
const stream = random(0);
const numbers = ({ data }: Tensor) => Array.from(data, Number);
const floats = (x: Tensor) => x.data as Float32Array;

describe.each(["bart-generation", "bart-scaled", "t5-generation", "t5-gated"])("%s", (name) => {
  /** The fixture's texts and targets without their padding. */
  function pairsOf(fixture: ReadonlyMap<string, Tensor>): Pair[] {
    const rows = (key: string): number[][] => {
      const { shape, data } = fixture.get(key)!;
      const width = shape[1]!;
      return Array.from({ length: shape[0]! }, (_, r) => Array.from(data.slice(r * width, (r + 1) * width), Number));
    };
    const [ids, masks, labels] = ["input_ids", "attention_mask", "labels"].map(rows) as [
      number[][],
      number[][],
      number[][],
    ];
    return ids.map((row, r) => [
      row.filter((_, i) => masks[r]![i] === 1),
      labels[r]!.filter((label) => label !== IGNORED_LABEL),
    ]);
  }

  test("gives transformers' loss and gradients", async () => {
    const fixture = readTensors("models", name, "expected.safetensors");
    const { model, config } = fixtureModel(name);
    const adapted = await tinyModel(name, { method: "full", head: "sequence-to-sequence" });
    const objective = sequenceToSequence(model.decoderStartTokenId!);
    const data = pairsAs(pairsOf(fixture));
    const padTokenId = Number(config["pad_token_id"]);
    const { feeds } = objective.batch(data, Int32Array.of(0, 1, 2), { padTokenId, stream });
    const training = await runtime.compile(trainingStep(adapted, objective));
    const evaluation = await runtime.compile(evaluationPass(adapted, objective.evaluation));
    const results = await training.run({ ...adapted.weights, ...feeds });
    const { loss } = await evaluation.run({ ...adapted.weights, ...feeds });
    for (const given of [loss!, results["loss"]!])
      expect(worstDifference(given.data, floats(fixture.get("loss")!))).toBeLessThan(2e-5);
    for (const { name: parameter } of adapted.specs) {
      const expected = floats(fixture.get(`grad.${parameter}`)!);
      expect(worstDifference(results[gradientName(parameter)]!.data, expected), parameter).toBeLessThan(2e-5);
    }
    for (const program of [training, evaluation]) await program.dispose();
  });
});

describe("a batch", () => {
  test("holds targets behind the start token, and asks for each of their tokens", () => {
    const data = pairsAs([
      [
        [5, 6, 7],
        [8, 9],
      ],
      [[4], [10, 11, 12]],
      [[3, 3], [13]],
    ]);
    const { feeds, terms } = sequenceToSequence(2).batch(data, Int32Array.of(1, 0), { padTokenId: 1, stream });
    const shown = Object.entries(feeds).map(([name, x]) => [name, `[${x.shape.join(", ")}] ${numbers(x).join(" ")}`]);
    expect(Object.fromEntries(shown)).toEqual({
      input_ids: "[2, 3] 4 1 1 5 6 7",
      attention_mask: "[2, 3] 1 0 0 1 1 1",
      token_type_ids: "[2, 3] 0 0 0 0 0 0",
      decoder_input_ids: "[2, 3] 2 10 11 2 8 1",
      decoder_attention_mask: "[2, 3] 1 1 1 1 1 0",
      positions: "[5] 0 1 2 3 4",
      labels: "[5] 10 11 12 8 9",
    });
    expect(terms).toBe(5);
  });

  test("without a target is an error", () => {
    const data = pairsAs([[[4], [5]]]);
    const { target: _, ...bare } = data.encodings[0]!;
    expect(() =>
      sequenceToSequence(2).batch({ ...data, encodings: [bare] }, Int32Array.of(0), { padTokenId: 1, stream }),
    ).toThrow(new Error("pairs.jsonl:1: no target, expected a source and a target"));
  });
});

describe("a model", async () => {
  const objective = sequenceToSequence(2);
  const draw = random(3, "pairs");
  const words = (length: number) => Array.from({ length }, () => 3 + draw.integer(30));
  const data = pairsAs(Array.from({ length: 9 }, (_, i): Pair => [words(2 + (i % 5)), words(1 + ((i * 3) % 7))]));
  const adapted = await tinyModel("bart-generation", { method: "full", head: "sequence-to-sequence" });
  const program = await runtime.compile(evaluationPass(adapted, objective.evaluation));
  afterAll(() => program.dispose());

  test("is scored by the mean over all tokens of targets, however they are divided into batches", async () => {
    const losses: number[] = [];
    let total = 0;
    let terms = 0;
    for (const example of data.encodings.keys()) {
      const batch = objective.batch(data, Int32Array.of(example), { padTokenId: 1, stream });
      const { loss } = await program.run({ ...adapted.feeds, ...batch.feeds });
      total += Number(loss!.data[0]) * batch.terms;
      terms += batch.terms;
    }
    expect(objective.tokens!(data, 4)).toBe(terms);
    for (const batchSize of [1, 2, 4, 9]) {
      const scores = await objective.score(program, adapted.feeds, data, { batchSize, padTokenId: 1, metrics: [] });
      expect(scores["perplexity"]).toBe(Math.exp(scores["loss"]!));
      losses.push(scores["loss"]!);
    }
    for (const loss of losses) expect(Math.abs(loss - total / terms)).toBeLessThan(1e-5);
  });

  test("learns, with what its configuration drops dropped", async () => {
    const config = { dropout: 0.1, attention_dropout: 0.1, activation_dropout: 0.1 };
    const tiny = await tinyModel("bart-generation", { method: "full", head: "sequence-to-sequence", config });
    const options = { ...tinyTraining, objective, metrics: [], metricForBest: "loss", padTokenId: 1, maxSteps: 40 };
    const losses: number[] = [];
    const job = { adapted: tiny, runtime, train: data, validation: null, options: { ...options, baseDropout: true } };
    for await (const event of train(job)) if (event.type === "step") losses.push(event.loss);
    expect(losses.at(-1)!).toBeLessThan(0.8 * losses[0]!);
  });
});
