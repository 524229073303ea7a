/** Masked language modelling from a terminal: a run, its merged checkpoint and the model it began with are scored alike. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { json, output, rocoft, scoresOf } from "../cli.ts";
import { makeTinyModel, quick, reviews, scratchFolder, write } from "../tiny-model.ts";

const cwd = scratchFolder();
makeTinyModel(join(cwd, "model"), "roberta-mlm");
makeTinyModel(join(cwd, "body"), "bert-headless");
for (const [name, seed] of Object.entries({ train: 1, validation: 2 })) {
  const texts = reviews(100, seed).map(({ text }) => text);
  write(join(cwd, "texts", `${name}.txt`), texts.join("\n\n"));
}

type LanguageScores = Readonly<Record<"loss" | "perplexity", number>>;
const asLanguageModel = ["--task", "masked-language-model", "--max_seq_length", "10", "--data", "texts"];

test("adapting a model to a text lowers its loss on text of the kind", async () => {
  const flags = "--method full --learning_rate 1e-2 --num_train_epochs 20 --output_dir run".split(" ");
  const train = ["train", "--model", "model", "--task", "masked-language-model", "--data", "texts", ...quick, ...flags];
  const { scores } = await json<{ scores: LanguageScores }>(train, { cwd });
  const before = await scoresOf<LanguageScores>(["--model", "model", ...asLanguageModel], { cwd });
  expect(Object.keys(before)).toEqual(["loss", "perplexity"]);
  expect(before.perplexity).toBeCloseTo(Math.exp(before.loss), 9);
  expect(scores.loss).toBeLessThan(before.loss - 0.5);

  expect(await scoresOf<LanguageScores>(["run", "--data", "texts"], { cwd })).toEqual(scores);
  await output(["merge", "run", "--output_dir", "merged"], { cwd });
  expect(await scoresOf<LanguageScores>(["--model", "merged", ...asLanguageModel], { cwd })).toEqual(scores);
});

test("it labels nothing", async () => {
  const { code, stderr } = await rocoft(["predict", "run", "--text", "so good"], { cwd });
  expect(code).toBe(1);
  expect(stderr).toBe("rocoft: masked-language-model: labels nothing, expected a model that was trained to label\n");
});

test("a checkpoint without its head is refused", async () => {
  const { code, stderr } = await rocoft(["evaluate", "--model", "body", ...asLanguageModel], { cwd });
  expect(code).toBe(1);
  expect(stderr).toMatch(
    /^rocoft: body: no tensor named cls\.predictions\.transform\.dense\.weight, .*cls\.predictions\.bias \(found 39 others\)\n$/,
  );
});
