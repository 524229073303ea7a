/** Questions about a text from a terminal: train, evaluate, predict, merge. */
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { Plan } from "../../src/run/plan.ts";
import type { Prediction } from "../../src/run/prediction.ts";
import { random } from "../../src/tensor/random.ts";
import { json, output, rocoft, scoresOf } from "../cli.ts";
import { makeTinyModel, quick, scratchFolder, write } from "../tiny-model.ts";

const cwd = scratchFolder();
makeTinyModel(join(cwd, "model"), "bert-headless");

interface Asked {
  readonly id: string;
  readonly question: string;
  readonly context: string;
  readonly answers: readonly { readonly text: string; readonly answer_start: number }[];
}

/** Texts of neutral words around one that tells, if any: the question is what it is. */
function questions(count: number, seed: number): Asked[] {
  const draw = random(seed, "questions");
  const one = (list: string) => list.split(" ")[draw.integer(list.split(" ").length)]!;
  const some = (most: number) =>
    Array.from({ length: draw.integer(most) }, () => one("a the is was and very it so this"));
  return Array.from({ length: count }, (_, i) => {
    const telling = draw.uniform() < 0.75 ? [one("good great fine warm")] : [];
    const words = [...some(6), ...telling, ...some(6), "."];
    const context = words.join(" ");
    const answers = telling.map((text) => ({ text, answer_start: context.indexOf(text) }));
    return { id: `q${seed}-${i}`, question: "  Plot ,", context, answers };
  });
}

const lines = (rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");
const hub = ({ answers, ...row }: Asked) => ({
  ...row,
  answers: { text: answers.map(({ text }) => text), answer_start: answers.map(({ answer_start }) => answer_start) },
});
const [train, validation] = [questions(120, 1), questions(24, 2)];
write(join(cwd, "data", "train.jsonl"), lines(train));
write(join(cwd, "data", "validation.jsonl"), lines(validation.map(hub)));
write(join(cwd, "asked.jsonl"), lines(validation.map(({ answers: _, ...row }) => row)));

const setting = ["--max_seq_length", "11", "--doc_stride", "2"];
const flags = [
  "--model",
  "model",
  "--data",
  "data",
  ...quick,
  ...setting,
  "--method",
  "full",
  "--learning_rate",
  "1e-2",
];
const asV2 = ["--task", "squad_v2"];

type AnswerScores = Readonly<Record<string, number>>;

describe("a run", () => {
  test("learns to find answers, and that there are none", async () => {
    const more = ["--num_train_epochs", "12", "--output_dir", "run"];
    const { scores } = await json<{ scores: AnswerScores }>(["train", ...flags, ...asV2, ...more], { cwd });
    expect(scores["total"]).toBe(24);
    expect(scores["HasAns_total"]).toBe(validation.filter(({ answers }) => answers.length > 0).length);
    expect(scores["exact"]).toBeGreaterThan(90);
    expect(scores["HasAns_f1"]).toBeGreaterThan(90);
    expect(scores["best_exact"]!).toBeGreaterThanOrEqual(scores["exact"]!);
    expect(await scoresOf<AnswerScores>(["run", "--data", "data"], { cwd })).toEqual(scores);
  });

  test("answers the questions of a file, and says where", async () => {
    const predictions = await json<Prediction[]>(["predict", "run", "--data", "asked.jsonl"], { cwd });
    expect(predictions.map(({ id }) => id)).toEqual(validation.map(({ id }) => id));
    const right = predictions.filter(({ label }, i) => label === (validation[i]!.answers[0]?.text ?? ""));
    expect(right.length).toBeGreaterThan(21);
    for (const [i, { answers }] of predictions.entries())
      for (const { text, begin, end } of answers!) expect(validation[i]!.context.slice(begin, end)).toBe(text);
  });

  test("answers a question that is typed", async () => {
    const text = ["--text", "plot ,", "the plot was very warm and so", "--pair"];
    expect(await output(["predict", "run", ...text], { cwd })).toMatch(
      /^warm\t0\.\d{4}\tplot ,\tthe plot was very warm and so\n$/,
    );
  });

  test("SQuAD's own file is scored as its questions in rows are", async () => {
    const paragraphs = validation.map(({ context, ...qa }) => ({ context, qas: [qa] }));
    write(
      join(cwd, "dev-v2.0.json"),
      JSON.stringify({ version: "v2.0", data: [{ title: "Plots", paragraphs }] }, null, 1),
    );
    const scores = await scoresOf<AnswerScores>(["run", "--data", "data"], { cwd });
    expect(await scoresOf<AnswerScores>(["run", "--data", "dev-v2.0.json"], { cwd })).toEqual(scores);
  });

  test("merged is a checkpoint that answers alike", async () => {
    await output(["merge", "run", "--output_dir", "merged"], { cwd });
    const scored = ["--model", "merged", "--data", "data", "--max_seq_length", "11"];
    const { loss, ...scores } = await scoresOf<AnswerScores>([...scored, ...asV2], { cwd });
    expect(scores["exact"]).toBeGreaterThan(80);
    expect(await scoresOf<AnswerScores>(scored, { cwd })).toEqual({ loss, ...scores });
  });
});

test("squad asks questions that have answers, and is scored by its own program", async () => {
  const answered = train.filter(({ answers }) => answers.length > 0);
  write(
    join(cwd, "v1.jsonl"),
    lines(answered.map((row) => ({ ...row, answers: row.answers.map(({ text }) => text) }))),
  );
  const v1 = [
    "train",
    ...flags,
    "--task",
    "squad",
    "--data",
    "v1.jsonl",
    "--num_train_epochs",
    "2",
    "--output_dir",
    "v1",
  ];
  const { scores } = await json<{ scores: AnswerScores }>(v1, { cwd });
  expect(Object.keys(scores)).toEqual(["loss", "exact_match", "f1"]);
});

test("a plan shows windows and their answers", async () => {
  const { examples, data } = await json<Plan>(["plan", ...flags, ...asV2, "--max_seq_length", "10"], { cwd });
  expect(data.train).toBeGreaterThan(train.length);
  const labels = examples.map(({ label }) => label);
  for (const label of labels) expect(label).toMatch(/^(good|great|fine|warm|\(no answer in this part\))$/);
  expect(examples[0]!.tokens[0]).toBe("[CLS]");
});

const refusedRows = [
  ["a validation file without answers", ["--validation_file", "asked.jsonl"], "asked.jsonl: no label column answers"],
  [
    "windows without room",
    ["--max_seq_length", "7"],
    "data/validation.jsonl:1: a question of 2 tokens leaves room for 2 ",
  ],
  [
    "a score that is none",
    ["--metric_for_best_model", "accuracy"],
    'metric_for_best_model: "accuracy" is no score of squad_v2',
  ],
  ["a prompt", ["--prompt"], "prompt: squad_v2 is question-answering, expected a classification"],
] as const;

test.each(refusedRows)("%s: refused", async (_, more, message) => {
  const { code, stderr } = await rocoft(["train", ...flags, ...asV2, ...more, "--output_dir", "refused"], { cwd });
  expect(code).toBe(1);
  expect(stderr.startsWith(`rocoft: ${message}`), stderr).toBe(true);
  expect(stderr.trimEnd().split("\n")).toHaveLength(1);
});
