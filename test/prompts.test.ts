/** Classification by the words of a prompt: logits, loss, every gradient and twenty steps equal to PyTorch's. */
import { describe, expect, test } from "vitest";
import { print } from "../src/graph/print.ts";
import { nativeRuntime } from "../src/runtime/native.ts";
import type { Tensor } from "../src/tensor/tensor.ts";
import { random } from "../src/tensor/random.ts";
import type { AdaptedModel } from "../src/train/adapt.ts";
import type { Forward } from "../src/train/forward.ts";
import { promptClassification } from "../src/train/objectives/prompt.ts";
import { createStage } from "../src/train/stages.ts";
import { evaluationPass, gradientName, trainingStep } from "../src/train/step.ts";
import { createUpdater } from "../src/train/update.ts";
import { worstDifference } from "./draw.ts";
import { fixtureModel, readJson, readTensors } from "./fixtures.ts";
import { type Curve, expectTrained, followCurve, optionsOf, referenceData } from "./reference-training.ts";
import { tinyModel } from "./tiny-training.ts";

const objective = promptClassification({ maskTokenId: 4, wordIds: [30, 7, 11] });
const runtime = await nativeRuntime({ threads: 1 });
const floats = (x: Tensor) => x.data as Float32Array;

const methods = {
  full: { method: "full" },
  rows: { method: "rocoft", options: { update: "row", rank: 3 } },
} as const;
const attach = (name: string, kind: keyof typeof methods): Promise<AdaptedModel> =>
  tinyModel(name, { ...methods[kind], head: "masked-language-model" });

describe.each(["bert-mlm", "roberta-mlm"])("%s", (name) => {
  const { data, batches } = referenceData(name, Infinity, "prompts");
  const padTokenId = Number(fixtureModel(name).config["pad_token_id"]);

  test("PyTorch's logits, loss and gradients", async () => {
    const expected = readTensors("prompts", name, "gradients.safetensors");
    const adapted = await attach(name, "full");
    const { feeds } = objective.batch(data, batches[0]!, { padTokenId, stream: random(0) });
    const training = await runtime.compile(trainingStep(adapted, objective));
    const evaluation = await runtime.compile(evaluationPass(adapted, objective.evaluation));
    const { loss, ...gradients } = await training.run({ ...adapted.weights, ...feeds });
    const { logits } = await evaluation.run({ ...adapted.weights, ...feeds });
    expect(logits!.shape).toEqual([4, 3]);
    expect(worstDifference(logits!.data, floats(expected.get("logits")!))).toBeLessThan(2e-5);
    expect(worstDifference(loss!.data, floats(expected.get("loss")!))).toBeLessThan(2e-5);
    expect(Object.keys(gradients).toSorted()).toEqual(adapted.specs.map((spec) => gradientName(spec.name)).toSorted());
    for (const spec of adapted.specs) {
      const gradient = floats(expected.get(`grad.${spec.name}`)!);
      expect(worstDifference(gradients[gradientName(spec.name)]!.data, gradient), spec.name).toBeLessThan(2e-5);
    }
    for (const program of [training, evaluation]) await program.dispose();
  });

  test.each(["full", "rows"] as const)("follows PyTorch for 20 steps, %s", async (kind) => {
    const curve = readJson<Curve>("prompts", name, `${kind}.json`);
    const adapted = await attach(name, kind);
    expect(adapted.trained.reduce((total, { count }) => total + count, 0)).toBe(curve.trained);
    const stage = await createStage(adapted, runtime, objective);
    const options = optionsOf(curve, name, { schedule: "cosine", objective });
    await followCurve(createUpdater(adapted, data, options, curve.steps), () => stage, batches, curve);
    expectTrained(adapted, readTensors("prompts", name, `${kind}.safetensors`), curve);
    await stage.dispose();
  });

  test("nothing of the vocabulary's size is computed where the table of words is frozen", async () => {
    const adapted = await attach(name, "rows");
    const graphs = [trainingStep(adapted, objective), evaluationPass(adapted, objective.evaluation)];
    const text = graphs.map((graph) => print(Object.values(graph))).join("\n");
    const computed = text.split("\n").map((line) => line.slice(line.lastIndexOf("[")));
    expect(computed.filter((shape) => new RegExp(`\\b${adapted.model.vocabularySize}\\b`).test(shape))).toEqual([]);
    expect(computed).toContain("[batch, 3]");
  });
});

test("behind a method's own tokens the mask is found where it stands", async () => {
  const { data } = referenceData("bert-mlm", 7, "prompts");
  const examples = Int32Array.from(data.encodings.keys()).filter((i) => data.encodings[i]!.ids.includes(4));
  const adapted = await tinyModel("bert-mlm", {
    method: "prompt_tuning",
    options: { num_virtual_tokens: 2 },
    head: "masked-language-model",
  });
  const both = (forward: Forward) => ({
    ...objective.evaluation(forward),
    scores: forward.head(forward.hidden()),
  });
  const program = await runtime.compile(evaluationPass(adapted, both));
  const { feeds } = objective.batch(data, examples, { padTokenId: 0, stream: random(0) });
  const { logits, scores } = await program.run({ ...adapted.feeds, ...feeds });
  const [, tokens, words] = scores!.shape as [number, number, number];
  expect([tokens, words]).toEqual([2 + 7, adapted.model.vocabularySize]);
  const expected = Array.from(examples, (example, row) => {
    const position = 2 + data.encodings[example]!.ids.indexOf(4);
    return [30, 7, 11].map((word) => floats(scores!)[(row * tokens + position) * words + word]!);
  });
  expect(worstDifference(logits!.data, Float32Array.from(expected.flat()))).toBeLessThan(1e-5);
  await program.dispose();
});
