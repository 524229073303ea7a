/** Choices by their likelihoods, as lm-evaluation-harness counts them. */
import { expect, test } from "vitest";
import { byteTokenizer, byteTokenizerConfig } from "../../../test/tiny-decoder.ts";
import { createTokenizer } from "../../data/tokenizer.ts";
import type { Example } from "../../data/examples.ts";
import type { Continued, LikelihoodModel } from "../../generation/likelihood.ts";
import { choicesOf, likelihoodScores } from "./likelihood.ts";

const tokenizer = createTokenizer({ ...byteTokenizer }, { ...byteTokenizerConfig }, "tokenizer.json");
const scoring = { metrics: ["acc", "acc_norm"], reported: "acc_norm" } as const;
const example = (choices: readonly string[], gold: number, asked = "Where?"): Example => ({
  line: 7,
  texts: ["", ""],
  label: null,
  question: { context: "", asked, choices, gold },
});

/** A model that finds continuations as likely as it is told, one number each. */
function modelOf(sums: readonly number[], positions = 1000): LikelihoodModel & { readonly read: Continued[] } {
  const read: Continued[] = [];
  const left = [...sums];
  return {
    positions,
    read,
    logLikelihoods: async (texts) => {
      read.push(...texts);
      return texts.map(({ continuations }) => continuations.map(() => left.shift()!));
    },
    dispose: async () => {},
  };
}
const scoresOf = (task: string, examples: readonly Example[], model: LikelihoodModel) =>
  likelihoodScores(task, scoring, { where: "x.jsonl", examples }, tokenizer, model);

test("the greatest sum, and the greatest sum per character", async () => {
  const choices = ["no", "perhaps", "certainly not"];
  const examples = [example(choices, 1), example(choices, 2)];
  const { scores, protocols } = await scoresOf("arc_easy", examples, modelOf([-10, -9, -12, -10, -9, -12]));
  expect(scores).toEqual({ acc: 0.5, acc_norm: 0.5 });
  expect(protocols).toMatchObject([{ items: 2, data: "x.jsonl", prompt: "Question: Where?\nAnswer:⟦ no⟧" }]);
});

test("of equal choices the first is taken", async () => {
  expect((await scoresOf("arc_easy", [example(["aa", "bb"], 0)], modelOf([-3, -3]))).scores).toEqual({
    acc: 1,
    acc_norm: 1,
  });
  expect((await scoresOf("arc_easy", [example(["aa", "bb"], 1)], modelOf([-3, -3]))).scores).toEqual({
    acc: 0,
    acc_norm: 0,
  });
});

test("a context is read once for all of its choices, and a gap has a context a choice", async () => {
  const model = modelOf([-1, -2]);
  await scoresOf("arc_easy", [example(["one", "two"], 0)], model);
  expect(
    model.read.map(({ text, continuations }) => [
      tokenizer.decode(text),
      continuations.map((c) => tokenizer.decode(c)),
    ]),
  ).toEqual([["Question: Where?\nAnswer:", [" one", " two"]]]);
  const gap = modelOf([-1, -2]);
  const sentence = "The _ was late.";
  await likelihoodScores(
    "winogrande",
    { metrics: ["acc"], reported: "acc" },
    { where: "x", examples: [example(["bus", "train"], 0, sentence)] },
    tokenizer,
    gap,
  );
  expect(
    gap.read.map(({ text, continuations }) => [tokenizer.decode(text), tokenizer.decode(continuations[0]!)]),
  ).toEqual([
    ["The bus", " was late."],
    ["The train", " was late."],
  ]);
});

test("what does not fit the model is refused before anything is read", async () => {
  const model = modelOf([], 20);
  await expect(scoresOf("arc_easy", [example(["one", "two"], 0)], model)).rejects.toThrow(
    new Error("x.jsonl:7: 28 tokens, expected no more than the 20 positions of the model"),
  );
  expect(model.read).toEqual([]);
});

test("progress is told in questions, of which some have several texts", async () => {
  const examples = Array.from({ length: 4 }, () => example(["bus", "train"], 0, "The _ was late."));
  const model: LikelihoodModel = {
    ...modelOf([]),
    async logLikelihoods(texts, { onProgress } = {}) {
      for (let done = 2; done <= texts.length; done += 2) onProgress?.(done);
      return texts.map(() => [-1]);
    },
  };
  const told: number[] = [];
  const onProgress = (done: number) => told.push(done);
  const asked = { metrics: ["acc"], reported: "acc" } as const;
  await likelihoodScores("winogrande", asked, { where: "x", examples }, tokenizer, model, { onProgress });
  expect(told).toEqual([1, 2, 3, 4]);
});

test("an empty context is the token that texts begin with", () => {
  const [read] = choicesOf("openbookqa", example(["one", "two"], 0, ""), tokenizer);
  expect(read!.text).toEqual([tokenizer.specialTokens.bos]);
  expect(read!.continuations.map((tokens) => tokenizer.decode(tokens))).toEqual([" one", " two"]);
});
