/** Classification by the words of a prompt, from training to prediction. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import {
  fineTune,
  mergeRun,
  openBase,
  openRun,
  plan,
  resumeRun,
  type RunEvent,
  type SavedEvent,
  type TrainInput,
} from "../../src/node.ts";
import { makeSst2, makeTinyModel, quick, reviews, scratchFolder, table, write } from "../tiny-model.ts";
import { refusedHere } from "./refused.ts";

const cwd = scratchFolder();
const path = (...parts: readonly string[]) => join(cwd, ...parts);
/** What makeSst2 writes into dev.tsv. */
const dev = reviews(16, 2);

beforeAll(() => {
  makeTinyModel(path("roberta"), "roberta-mlm");
  makeTinyModel(path("bert"), "bert-mlm");
  makeTinyModel(path("headless"), "bert-headless");
  makeSst2(path("sst2"));
  const rows = reviews(48, 3).map(({ text, good }) => [`"${text}"`, good ? "yes, it is" : "no"].map(quoted));
  write(path("reviews.csv"), table(["review", "label"], rows, ","));
});

const quoted = (text: string) => (text.startsWith('"') ? text : `"${text}"`);

const settings = {
  data: "sst2",
  task: "sst2",
  prompt: true,
  mapping: "0:bad,1:good",
  max_seq_length: 10,
  warmup_steps: 2,
  per_device_train_batch_size: 8,
  learning_rate: 0.02,
  threads: 1,
} as const;

const input = (name: string, more: Partial<TrainInput> = {}): TrainInput =>
  ({
    ...settings,
    model: path("roberta"),
    output_dir: path(name),
    ...more,
    data: path(more.data ?? settings.data),
  }) as TrainInput;

interface Trained extends SavedEvent {
  readonly losses: readonly number[];
}

async function all(events: AsyncGenerator<RunEvent, SavedEvent>): Promise<Trained> {
  const losses: number[] = [];
  for (;;) {
    const { done, value } = await events.next();
    if (done) return { ...value, losses };
    if (value.type === "step") losses.push(value.loss);
  }
}

const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;

test.each<[string, Partial<TrainInput>]>([
  ["rows", { method: "rocoft", rank: 2 }],
  ["everything", { method: "full", learning_rate: 0.002 }],
  ["two factors", { method: "lora", rank: 4, model: "bert" }],
])("a run of %s learns, is scored again and asked as it was scored", async (name, { model = "roberta", ...method }) => {
  const more = { ...method, model: path(model), num_train_epochs: 12 } as Partial<TrainInput>;
  const { losses, scores } = await all(fineTune(input(name, more)));
  expect(mean(losses.slice(-6))).toBeLessThan(mean(losses.slice(0, 6)) - 0.02);
  expect(JSON.parse(readFileSync(path(name, "task.json"), "utf8"))).toMatchObject({
    kind: "prompt-classification",
    labels: ["negative", "positive"],
    prompt: { template: "*cls**sent_0*_It_was*mask*.*sep+*", words: { negative: "bad", positive: "good" } },
  });
  const run = await openRun(path(name), { threads: 1 });
  expect((await run.evaluate(path("sst2"))).scores).toEqual(scores);
  const predictions = await run.predictFile(path("sst2", "dev.tsv"));
  const right = predictions.filter(({ label }, i) => label === (dev[i]!.good ? "positive" : "negative"));
  expect(right.length / dev.length).toBe(scores!["accuracy"]);
  for (const { label, probabilities, logits } of predictions) {
    expect(logits).toHaveLength(2);
    expect(probabilities![label]).toBeGreaterThanOrEqual(0.5);
  }
  await run.dispose();
});

test("only the method's numbers are trained, not the language model's head", async () => {
  const { parameters, trainedParameters } = await plan(input("unused", { method: "rocoft", rank: 1 }));
  const trained = parameters.filter((row) => row.trained > 0).map((row) => row.name);
  expect(trained.length).toBeGreaterThan(0);
  expect(trained.every((name) => name.startsWith("roberta.encoder.layer."))).toBe(true);
  const everything = await plan(input("unused", { method: "full" }));
  expect(everything.trainedParameters).toBe(everything.totalParameters);
  expect(trainedParameters).toBeLessThan(everything.totalParameters);
});

test("a plan shows the examples as they are asked", async () => {
  const { examples } = await plan(input("unused"));
  const { tokens, label } = examples[0]!;
  expect(tokens[0]).toBe("<s>");
  expect(tokens.slice(-4).join(" ")).toMatch(/was <mask> \. <\/s>$/);
  expect(["negative", "positive"]).toContain(label);
});

test("a run that was interrupted goes on as it began", async () => {
  const whole = await all(fineTune(input("whole", { num_train_epochs: 2 })));
  const controller = new AbortController();
  const events = fineTune(input("parts", { num_train_epochs: 2, save_steps: 2 }), { signal: controller.signal });
  for await (const event of events) if (event.type === "step" && event.step === 4) controller.abort();
  const resumed = await all(resumeRun(path("parts")));
  expect(resumed.scores).toEqual(whole.scores);
  const adapter = (name: string) => readFileSync(path(name, "adapter", "adapter_model.safetensors"));
  expect(adapter("parts").equals(adapter("whole"))).toBe(true);
});

test("a data set of one's own, with a template and words of one's own", async () => {
  const own = {
    data: "reviews.csv",
    task: "text-classification",
    text_column: "review",
    template: "*cls**mask*,*+sent_0**sep*",
    mapping: '{"yes, it is": "great", "no": "dull"}',
  } as const;
  await all(fineTune(input("own", { ...own, num_train_epochs: 1 })));
  const run = await openRun(path("own"), { threads: 1 });
  expect(run.labels).toEqual(["no", "yes, it is"]);
  const predictions = await run.predictFile(path("reviews.csv"));
  expect(predictions).toHaveLength(48);
  await run.dispose();
});

test("merged it is the language model that it was", async () => {
  await all(fineTune(input("to merge", { max_steps: 2 })));
  await mergeRun(path("to merge"), path("merged"));
  const config = JSON.parse(readFileSync(path("merged", "config.json"), "utf8")) as Record<string, unknown>;
  expect(config["architectures"]).toEqual(["RobertaForMaskedLM"]);
});

test("adapters that take turns on a classifier's base have no place for one", async () => {
  await all(fineTune(input("no classifier", { max_steps: 1 })));
  const base = await openBase(path("roberta"), { threads: 1 });
  await expect(base.load("a", path("no classifier"))).rejects.toThrow("classifies by the words of a prompt");
  await base.dispose();
});

describe("refuses", () => {
  const flags = ["train", "--model", "roberta", "--task", "sst2", "--data", "sst2", ...quick, "--output_dir", "out"];
  test.each<[string, string[], string | RegExp]>([
    [
      "a template without --prompt",
      ["--template", "*sent_0**mask*"],
      "template: given without prompt, expected both or neither",
    ],
    [
      "words without --prompt",
      ["--mapping", "0:bad,1:good"],
      "mapping: given without prompt, expected both or neither",
    ],
    [
      "a word that the tokenizer does not know",
      ["--prompt"],
      'mapping: the tokenizer does not know the word "terrible", expected one of a single token',
    ],
    [
      "a word of several tokens",
      ["--prompt", "--mapping", "0:dulls,1:good"],
      'mapping: the word "dulls" is 2 tokens (dull ##s), expected one of a single token',
    ],
    ["a template without a mask", ["--prompt", "--template", "*cls**sent_0*"], /^template: no mask in /],
    [
      "no room",
      ["--prompt", "--mapping", "0:bad,1:good", "--max_seq_length", "5"],
      "max_seq_length: 5, expected at least the 6 tokens of the template",
    ],
    ["numbers to predict", ["--prompt", "--task", "stsb"], /^prompt: stsb is regression|no text/],
    [
      "a model without the head",
      ["--prompt", "--mapping", "0:bad,1:good", "--model", "headless"],
      /^headless: no tensor named cls\.predictions\./,
    ],
  ])("%s", async (_, more, message) => refusedHere(cwd, [...flags, ...more], message));
});
