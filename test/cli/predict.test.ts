/** The ways of giving texts to `predict` and data to `evaluate`, and what is printed. */
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import type { Prediction } from "../../src/run/prediction.ts";
import { json, output, rocoft, start, scoresOf } from "../cli.ts";
import { quick, table, workshop, write } from "../tiny-model.ts";

const cwd = workshop();
const texts = ["the film was great", "a dull plot ."];
let predictions: Prediction[];

beforeAll(async () => {
  const train = (...flags: string[]) => output(["train", ...flags, ...quick], { cwd });
  await train("--model", "roberta", "--task", "sst2", "--data", "sst2", "--output_dir", "run");
  await train("--model", "bert", "--task", "rte", "--data", "rte", "--output_dir", "pairs");
  await train("--model", "bert", "--data", "scores.jsonl", "--output_dir", "numbers");
  predictions = await json<Prediction[]>(["predict", "run", "--text", ...texts], { cwd });
});

test("each prediction has its text, its label, the probability of each label and the logits", () => {
  expect(predictions.map(({ text }) => text)).toEqual(texts);
  for (const prediction of predictions) {
    expect(Object.keys(prediction)).toEqual(["text", "label", "probabilities", "logits"]);
    const { negative, positive } = prediction.probabilities!;
    expect(negative! + positive!).toBeCloseTo(1, 12);
    expect(prediction.label).toBe(negative! > positive! ? "negative" : "positive");
    expect(prediction.logits).toHaveLength(2);
  }
});

test("without --json a prediction is a line: label, probability and text, with tabs between", async () => {
  const lines = predictions.map(
    ({ label, probabilities, text }) => `${label}\t${probabilities![label]!.toFixed(4)}\t${text}\n`,
  );
  expect(await output(["predict", "run", "--text", ...texts], { cwd })).toBe(lines.join(""));
});

test.each(["tsv", "csv", "jsonl"])("texts of a %s file, whose labels are not read", async (ending) => {
  const rows = texts.map((text) => [text, "whatever"]);
  const content = {
    tsv: table(["sentence", "label"], rows),
    csv: table(["sentence", "label"], rows, ","),
    jsonl: texts.map((sentence) => JSON.stringify({ sentence, label: ["whatever"] })).join("\n"),
  };
  write(join(cwd, `texts.${ending}`), content[ending as keyof typeof content]);
  expect(await json(["predict", "run", "--data", `texts.${ending}`], { cwd })).toEqual(predictions);
});

test.each(["\n", "\r\n"])("lines of standard input that end in %j", async (end) => {
  const input = texts.join(end) + end;
  expect(await json(["predict", "run"], { cwd, input })).toEqual(predictions);
});

test("a pair is one prediction, given by --pair, a file, or a line with a tab", async () => {
  const [first, second] = texts as [string, string];
  const pair = await json<Prediction[]>(["predict", "pairs", "--pair", "--text", first, second], { cwd });
  expect(pair.map(({ text }) => text)).toEqual([texts]);
  expect(await json(["predict", "pairs"], { cwd, input: `${first}\t${second}\n` })).toEqual(pair);
  write(join(cwd, "pair.tsv"), table(["sentence1", "sentence2"], [[first, second]]));
  expect(await json(["predict", "pairs", "--data", "pair.tsv"], { cwd })).toEqual(pair);
  const swapped = await json<Prediction[]>(["predict", "pairs", "--pair", "--text", second, first], { cwd });
  expect(swapped[0]!.logits).not.toEqual(pair[0]!.logits);
});

test("a regression predicts a number, rounded where a person reads it", async () => {
  const [number] = await json<Prediction[]>(["predict", "numbers", "--text", texts[0]!], { cwd });
  expect(number).toEqual({
    text: texts[0],
    label: String(number!.logits[0]),
    probabilities: null,
    logits: [expect.any(Number)],
  });
  const line = `${number!.logits[0]!.toFixed(4)}\t${texts[0]}\n`;
  expect(await output(["predict", "numbers", "--text", texts[0]!], { cwd })).toBe(line);
});

test("a text of several lines is printed on one", async () => {
  write(join(cwd, "lines.csv"), 'sentence\n"the film\nwas\tgreat"\n');
  expect(await output(["predict", "run", "--data", "lines.csv"], { cwd })).toMatch(
    /^\w+\t[\d.]+\tthe film was great\n$/,
  );
});

test("evaluate takes a file, a folder's validation file, and columns by flags", async () => {
  const scores = await scoresOf(["run", "--data", "sst2/dev.tsv"], { cwd });
  expect(await scoresOf(["run", "--data", "sst2"], { cwd })).toEqual(scores);
  write(join(cwd, "other.csv"), 'stars,words\n1,"the film was great"\n0,"a dull plot ."\n');
  const named = ["--data", "other.csv", "--text_column", "words", "--label_column", "stars"];
  const wrong = predictions.filter(({ label }, i) => label !== ["positive", "negative"][i]).length;
  expect(await scoresOf(["run", ...named], { cwd })).toMatchObject({ accuracy: 1 - wrong / 2 });
});

test("evaluate prints each score by its name", async () => {
  const { loss, accuracy } = await scoresOf<Record<string, number>>(["run", "--data", "sst2"], { cwd });
  const shared = "16 examples of sst2/dev.tsv; max_seq_length 10";
  expect((await output(["evaluate", "run", "--data", "sst2"], { cwd })).split("\n")).toEqual([
    `loss ${loss!.toFixed(4)}  accuracy ${accuracy!.toFixed(4)}`,
    `loss: the mean cross-entropy of the labels; ${shared}; as in transformers 5.24.0`,
    `accuracy: the class of the greatest logit; ${shared}; as in scikit-learn 1.9.1, accuracy_score`,
    "",
  ]);
});

test.each([
  ["evaluate", 'unknown label "no", expected one of negative, positive', { protocols: [{ items: 1 }, { items: 1 }] }],
  ["predict", 'nothing in column "sentence", expected a text', [{ text: "so good" }]],
])("bad rows end %s, or are skipped and counted", async (name, reason, expected) => {
  write(join(cwd, "odd.jsonl"), '{"sentence": "so good", "label": 1}\n{"sentence": 7, "label": 0}\n{"label": "no"}\n');
  const first = 'odd.jsonl:2: "7" in column "sentence", expected a text';
  const args = [name, "run", "--data", "odd.jsonl", "--json"];
  expect(await rocoft(args, { cwd })).toEqual({ code: 1, stdout: "", stderr: `rocoft: ${first}\n` });
  const { code, stdout, stderr } = await rocoft([...args, "--on_bad_row", "skip"], { cwd });
  expect(code).toBe(0);
  expect(stderr).toBe(`2 bad rows skipped:\n  ${first}\n  odd.jsonl:3: ${reason}\n`);
  expect(JSON.parse(stdout)).toMatchObject(expected);
});

test("a folder without a validation file is not evaluated", async () => {
  mkdirSync(join(cwd, "only"));
  copyFileSync(join(cwd, "sst2", "train.tsv"), join(cwd, "only", "train.tsv"));
  expect(await rocoft(["evaluate", "run", "--data", "only"], { cwd })).toEqual({
    code: 1,
    stdout: "",
    stderr: "rocoft: only: no validation file (validation.tsv, dev.csv, val.jsonl, …), found train.tsv\n",
  });
});

test("a reader that closes early is no error", async () => {
  const many = Array.from({ length: 20_000 }, () => [texts[0]]);
  write(join(cwd, "many.tsv"), table(["sentence"], many));
  const started = start(["predict", "run", "--data", "many.tsv"], { cwd });
  started.process.stdout!.once("data", () => started.process.stdout!.destroy());
  const { code, stderr } = await started.outcome;
  expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
});
