import { afterAll, describe, expect, test } from "vitest";
import { worstDifference } from "../../../test/draw.ts";
import { fixtureModel, readTensors } from "../../../test/fixtures.ts";
import { tinyModel, tinyTraining } from "../../../test/tiny-training.ts";
import type { EncodedDataset } from "../../data/encode.ts";
import type { Example } from "../../data/examples.ts";
import type { Answering } from "../../data/span-answers.ts";
import { nativeRuntime } from "../../runtime/native.ts";
import { random } from "../../tensor/random.ts";
import type { Tensor } from "../../tensor/tensor.ts";
import { evaluationPass, gradientName, trainingStep } from "../step.ts";
import { train } from "../trainer.ts";
import { answerQuestions, questionAnswering } from "./question-answering.ts";

const answering: Answering = {
  metric: "squad_v2",
  doc_stride: null,
  n_best_size: 20,
  max_answer_length: 30,
  null_score_diff_threshold: 0,
};
const runtime = await nativeRuntime({ threads: 1 });
const stream = random(0);
const numbers = ({ data }: Tensor) => Array.from(data, Number);

interface Sequence {
  readonly ids: readonly number[];
  readonly answer: readonly [number, number];
  readonly typeIds?: readonly number[];
  readonly question?: number;
}

/** Sequences of which all but the first three tokens are of a context whose tokens are letters. */
function windowsAs(sequences: readonly Sequence[], questions: readonly Example[] = []): EncodedDataset {
  return {
    where: "d.jsonl",
    encodings: sequences.map(({ ids, answer, typeIds, question = 0 }) => ({
      ids: Int32Array.from(ids),
      typeIds: Uint8Array.from(typeIds ?? ids.map(() => 0)),
      removed: 0,
      window: { question, begin: 3, offsets: ids.slice(3).map((_, i) => ({ begin: i, end: i + 1 })), answer },
    })),
    labels: new Float64Array(sequences.length).fill(NaN),
    lines: Int32Array.from(sequences, (_, i) => i + 1),
    lengths: Int32Array.from(sequences, ({ ids }) => ids.length),
    truncated: 0,
    questions,
  };
}

describe.each(["bert-qa", "roberta-qa", "distilbert-qa", "deberta-v2-qa"])("%s", (name) => {
  test("gives transformers' loss and gradients", async () => {
    const fixture = readTensors("models", name, "expected.safetensors");
    const rows = (key: string): number[][] => {
      const { shape, data } = fixture.get(key)!;
      const width = shape[1]!;
      return Array.from({ length: shape[0]! }, (_, r) => Array.from(data.slice(r * width, (r + 1) * width), Number));
    };
    const masks = rows("attention_mask");
    const types = fixture.has("token_type_ids") ? rows("token_type_ids") : masks.map((row) => row.map(() => 0));
    const [starts, ends] = ["start_positions", "end_positions"].map((key) => numbers(fixture.get(key)!));
    const data = windowsAs(
      rows("input_ids").map((row, r) => ({
        ids: row.filter((_, i) => masks[r]![i] === 1),
        typeIds: types[r]!.filter((_, i) => masks[r]![i] === 1),
        answer: [starts![r]!, ends![r]!],
      })),
    );
    const adapted = await tinyModel(name, { method: "full", head: "question-answering" });
    const objective = questionAnswering(answering);
    const padTokenId = Number(fixtureModel(name).config["pad_token_id"]);
    const { feeds, terms } = objective.batch(data, Int32Array.of(0, 1, 2), { padTokenId, stream });
    expect(terms).toBe(3);
    const training = await runtime.compile(trainingStep(adapted, objective));
    const results = await training.run({ ...adapted.weights, ...feeds });
    const floats = (x: Tensor) => x.data as Float32Array;
    expect(worstDifference(results["loss"]!.data, floats(fixture.get("loss")!))).toBeLessThan(2e-5);
    for (const { name: parameter } of adapted.specs) {
      const expected = floats(fixture.get(`grad.${parameter}`)!);
      if (expected.every((gradient) => Math.abs(gradient) < 1e-7)) continue;
      expect(worstDifference(results[gradientName(parameter)]!.data, expected), parameter).toBeLessThan(2e-5);
    }
    await training.dispose();
  });
});

describe("a model", async () => {
  const objective = questionAnswering(answering);
  const draw = random(3, "windows");
  const letters = "abcdefg";
  const questions = Array.from({ length: 8 }, (_, i): Example => {
    const begin = draw.integer(4);
    const references = i % 4 === 0 ? [] : [letters.slice(begin, begin + 1)];
    return { line: i + 1, texts: ["?", letters], label: null, references };
  });
  /** Two windows of some questions, one of the others; where something is answered stands the token 20. */
  const sequences = questions.flatMap(({ references }, question) =>
    Array.from({ length: 1 + (question % 2) }, (_, window): Sequence => {
      const ids = Array.from({ length: 7 - window - (question % 3) }, () => 5 + draw.integer(10));
      const at = window === 0 && references![0] ? 3 + letters.indexOf(references![0]) : 0;
      if (at > 0 && at < ids.length) ids[at] = 20;
      return { ids, answer: at < ids.length ? [at, at] : [0, 0], question };
    }),
  );
  const data = windowsAs(sequences, questions);
  const adapted = await tinyModel("bert-qa", { method: "full", head: "question-answering" });
  const program = await runtime.compile(evaluationPass(adapted, objective.evaluation));
  const training = await runtime.compile(trainingStep(adapted, objective));
  afterAll(() => Promise.all([program.dispose(), training.dispose()]));

  test("is scored by the mean loss of windows, however they are divided into batches", async () => {
    let total = 0;
    for (const i of data.encodings.keys()) {
      const { feeds } = objective.batch(data, Int32Array.of(i), { padTokenId: 0, stream });
      const { loss } = await training.run({ ...adapted.feeds, ...feeds });
      total += Number(loss!.data[0]);
    }
    for (const batchSize of [1, 3, 32]) {
      const scores = await objective.score(program, adapted.feeds, data, { batchSize, padTokenId: 0, metrics: [] });
      expect(scores["loss"]).toBeCloseTo(total / data.encodings.length, 5);
      expect(scores["total"]).toBe(8);
      expect(scores["NoAns_total"]).toBe(2);
    }
  });

  test("answers every question, of all its windows", async () => {
    const options = { batchSize: 4, padTokenId: 0, answering };
    const answers = await answerQuestions(program, adapted.feeds, data, options);
    expect(answers).toHaveLength(8);
    for (const { nBest } of answers) {
      expect(nBest.reduce((sum, { probability }) => sum + probability, 0)).toBeCloseTo(1, 10);
      for (const { text, begin, end } of nBest) expect(letters.slice(begin, end)).toBe(text);
    }
    const exact = answers.filter(({ text }, i) => text === (questions[i]!.references![0] ?? "")).length;
    const scores = await objective.score(program, adapted.feeds, data, { ...options, metrics: [] });
    expect(scores["exact"]).toBeCloseTo((100 * exact) / 8, 10);
  });

  test.each([
    ["full", {}],
    ["prompt_tuning", { num_virtual_tokens: 2 }],
  ])("learns by %s", async (method, options) => {
    const tiny = await tinyModel("bert-qa", { method, options, head: "question-answering" });
    const settings = { ...tinyTraining, objective, metrics: [], metricForBest: "loss", padTokenId: 0, maxSteps: 40 };
    const losses: number[] = [];
    const job = { adapted: tiny, runtime, train: data, validation: null, options: { ...settings, learningRate: 0.02 } };
    for await (const event of train(job)) if (event.type === "step") losses.push(event.loss);
    expect(losses.at(-1)!).toBeLessThan(0.7 * losses[0]!);
  });

  test("has no scores for what a method puts before a text", async () => {
    const options = { num_virtual_tokens: 2 };
    const tiny = await tinyModel("bert-qa", { method: "prompt_tuning", options, head: "question-answering" });
    const pass = await runtime.compile(evaluationPass(tiny, objective.evaluation));
    const { feeds } = objective.batch(data, Int32Array.of(0), { padTokenId: 0, stream });
    const { logits } = await pass.run({ ...tiny.feeds, ...feeds });
    expect(logits!.shape).toEqual([1, data.lengths[0], 2]);
    await pass.dispose();
  });

  test("needs accepted answers to be scored by, and windows to read", async () => {
    const options = { batchSize: 4, padTokenId: 0, metrics: [] };
    const unanswered = questions.map(({ references: _, ...question }) => question);
    await expect(objective.score(program, adapted.feeds, { ...data, questions: unanswered }, options)).rejects.toThrow(
      "d.jsonl:1: no accepted answers, expected them to score by",
    );
    const { window: _, ...bare } = data.encodings[0]!;
    expect(() => objective.batch({ ...data, encodings: [bare] }, Int32Array.of(0), { padTokenId: 0, stream })).toThrow(
      "d.jsonl:1: no question about a text",
    );
  });
});
