/** Language models through the command line: trained, scored, merged and trained again, from their weights and from random ones. */
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import type { Plan } from "../../src/run/plan.ts";
import type { Scores } from "../../src/train/events.ts";
import { json, output, start, scoresOf } from "../cli.ts";
import { makeTinyModel, quick, reviews, scratchFolder, table, write } from "../tiny-model.ts";
import { refused } from "./refused.ts";

const cwd = scratchFolder();
const path = (...parts: readonly string[]) => join(cwd, ...parts);

/** Paragraphs of one to three reviews, a line each. */
function paragraphs(count: number, seed: number): string {
  const lines = reviews(2 * count, seed).map(({ text }) => text);
  return Array.from({ length: count }, (_, i) => lines.slice(2 * i, 2 * i + 1 + (i % 3)).join("\n")).join("\n\n");
}

beforeAll(() => {
  makeTinyModel(path("roberta"), "roberta-mlm");
  makeTinyModel(path("bert"), "bert-mlm");
  write(path("texts", "train.txt"), paragraphs(40, 1));
  write(path("texts", "validation.txt"), paragraphs(20, 2));
  const rows = reviews(40, 3).map(({ text, good }) => [`"${text}"`, Number(good)]);
  write(path("reviews.csv"), table(["review", "label"], rows, ","));
});

const task = ["--task", "masked-language-model"];
const train = (model: string, data: string, ...more: readonly string[]) => [
  ...["train", "--model", model, ...task, "--data", data, ...quick, ...more],
];
const fromScratch = ["--method", "full", "--init", "random", "--learning_rate", "1e-2", "--causal_lm_steps", "3"];

interface Trained {
  readonly reason: string;
  readonly step: number;
  readonly scores: Scores;
  readonly trained_parameters: number;
  readonly total_parameters: number;
}

const cases: Readonly<Record<string, { readonly model: string; readonly data: string; readonly flags: string[] }>> = {
  rows: { model: "roberta", data: "texts", flags: ["--rank", "2", "--learning_rate", "1e-2"] },
  "everything, from random weights, causal to begin with": { model: "roberta", data: "texts", flags: fromScratch },
  "a column of a table": {
    model: "bert",
    data: "reviews.csv",
    flags: ["--mlm_probability", "0.4", "--whole_word_mask"],
  },
};

test.concurrent.each(Object.entries(cases))("%s", async (name, { model, data, flags }) => {
  const [run, merged] = [`runs/${name}`, `merged/${name}`];
  const trained = await json<Trained>([...train(model, data, ...flags), "--output_dir", run], { cwd });
  expect(trained.reason).toBe("finished");
  const { loss } = trained.scores;
  expect(trained.scores).toEqual({ loss, perplexity: Math.exp(loss!) });
  expect(trained.trained_parameters === trained.total_parameters).toBe(flags.includes("full"));

  const on = ["--data", data, "--threads", "1"];
  const scores = await scoresOf<Scores>([run, ...on], { cwd });
  // A table is split, and so its validation examples are not a file.
  if (data === "texts") expect(scores).toEqual(trained.scores);

  await refused(
    cwd,
    ["predict", run, "--text", "a film", "--threads", "1"],
    "masked-language-model: labels nothing, expected a model that was trained to label",
  );

  await output(["merge", run, "--output_dir", merged], { cwd });
  expect(JSON.parse(readFileSync(path(merged, "config.json"), "utf8"))).toMatchObject({
    architectures: [model === "bert" ? "BertForMaskedLM" : "RobertaForMaskedLM"],
  });
  const asModel = ["--model", merged, ...task, "--max_seq_length", "10", ...on];
  expect(await scoresOf<Scores>(asModel, { cwd })).toEqual(scores);

  const again = await json<Trained>(
    [...train(merged, data, "--learning_rate", "1e-9"), "--output_dir", `again/${name}`],
    { cwd },
  );
  // It goes on from where it was left.
  expect(again.scores["loss"]).toBeCloseTo(trained.scores["loss"]!, 4);
});

test("training from random weights learns: first from what comes before, then to fill gaps", async () => {
  const run = "runs/learned";
  const flags = [...fromScratch, "--causal_lm_steps", "60", "--num_train_epochs", "30", "--eval_steps", "60"];
  const { scores } = await json<Trained>([...train("roberta", "texts", ...flags), "--output_dir", run], { cwd });
  const events = readFileSync(path(run, "events.jsonl"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { type: string; step: number; loss: number; initialized?: string[] });
  expect(events[0]!.initialized).toContain("roberta.embeddings.word_embeddings.weight");
  const losses = events.filter(({ type }) => type === "step").map(({ loss }) => loss);
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  // Random weights know nothing of the model's 53 tokens, and log 53 = 3.97.
  expect(mean(losses.slice(0, 3))).toBeGreaterThan(3.7);
  expect(mean(losses.slice(50, 60))).toBeLessThan(3);
  expect(scores["loss"]).toBeLessThan(3);
});

test("interrupted among the causal steps, it is resumed to the same end", async () => {
  const flags = [...train("roberta", "texts", ...fromScratch, "--causal_lm_steps", "20"), "--max_steps", "40"];
  const weights = (run: string) => readFileSync(path(run, "adapter", "adapter_model.safetensors"));
  const whole = await json<Trained>([...flags, "--output_dir", "runs/whole"], { cwd });
  const child = start([...flags, "--logging_steps", "1", "--output_dir", "runs/parts"], { cwd });
  await child.said("step 5/");
  child.process.kill("SIGINT");
  expect((await child.outcome).code).toBe(130);
  const { stderr } = await start(["train", "--resume", "runs/parts"], { cwd }).outcome;
  expect(Number(/^resumed after step (\d+)$/m.exec(stderr)![1])).toBeLessThan(20);
  expect(weights("runs/parts").equals(weights("runs/whole"))).toBe(true);
  expect(JSON.parse(readFileSync(path("runs/parts/metrics.json"), "utf8"))).toMatchObject({ ...whole.scores });
});

describe("a plan", () => {
  test("has blocks as examples, without labels, and an estimate of memory", async () => {
    const args = ["plan", "--model", "roberta", ...task, "--data", "texts", ...quick];
    const plan = await json<Plan>(args, { cwd });
    expect(plan.memory.total).toBeGreaterThan(plan.memory.activations);
    expect(plan.memory.activations).toBeGreaterThan(0);
    for (const { where, tokens, label } of plan.examples) {
      expect(where).toMatch(/^texts\/train\.txt:\d+$/);
      expect([tokens.at(0), tokens.at(-1), tokens.length, label]).toEqual(["<s>", "</s>", 10, null]);
    }
    const ready = await json<Trained>([...train("roberta", "texts"), "--output_dir", "runs/planned"], { cwd });
    expect(plan.totalSteps).toBe(ready.step);
    const [event] = readFileSync(path("runs/planned/events.jsonl"), "utf8").split("\n");
    expect(JSON.parse(event!)).toMatchObject({
      trainExamples: plan.data.train,
      validationExamples: plan.data.validation,
    });
    const text = await output(args, { cwd });
    expect(text).not.toMatch(/NaN|undefined|null/);
  });

  test("of fewer blocks than paragraphs", async () => {
    write(path("few.txt"), "so good\n\nso bad\n\nso kind\n");
    const args = ["plan", "--model", "roberta", ...task, "--data", "few.txt", ...quick, "--validation_file", "few.txt"];
    expect((await json<Plan>(args, { cwd })).examples.map(({ where }) => where)).toEqual(["few.txt:1"]);
  });

  test("of random weights needs none", async () => {
    makeTinyModel(path("bare"), "roberta-mlm");
    rmSync(path("bare", "model.safetensors"));
    const args = ["plan", "--model", "bare", ...task, "--data", "texts", ...quick, "--method", "full"];
    await refused(cwd, args, /^bare: no model\.safetensors/);
    expect(await json<Plan>([...args, "--init", "random"], { cwd })).toMatchObject({ trainedParameters: 5629 });
  });
});

test("a model without the head is refused", async () => {
  makeTinyModel(path("headless"), "bert-classification");
  await refused(
    cwd,
    [...train("headless", "texts"), "--output_dir", "runs/headless"],
    /^headless: no tensor named cls\.predictions\.\S+, .*cls\.predictions\.bias \(found \d+ others\)$/,
  );
  expect(existsSync(path("runs", "headless"))).toBe(false);
});

test("a tokenizer without a mask token is refused before anything is written", async () => {
  makeTinyModel(path("maskless"), "roberta-mlm");
  const tokenizer = readFileSync(path("maskless", "tokenizer.json"), "utf8");
  write(path("maskless", "tokenizer.json"), tokenizer.replaceAll("<mask>", "<blank>"));
  await refused(
    cwd,
    [...train("maskless", "texts"), "--output_dir", "runs/maskless"],
    /^maskless\/tokenizer\.json: has no mask token, which masked language modelling needs$/,
  );
  expect(existsSync(path("runs", "maskless"))).toBe(false);
});
