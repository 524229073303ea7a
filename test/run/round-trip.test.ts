/** Train, evaluate, predict and merge, for every kind of task and method: the run and the merged checkpoint say the same. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import type { Prediction } from "../../src/run/prediction.ts";
import type { Scores } from "../../src/train/events.ts";
import { json, output, scoresOf } from "../cli.ts";
import { quick, workshop } from "../tiny-model.ts";

interface Case {
  readonly train: string;
  /** A labelled file or folder to evaluate on, and the task by which a merged checkpoint reads it. */
  readonly data: string;
  readonly task?: string;
  readonly metrics: readonly string[];
  readonly labels: readonly string[] | null;
}

const sst2 = { data: "sst2/dev.tsv", task: "sst2", metrics: ["accuracy"], labels: ["negative", "positive"] };
const reviews = { data: "reviews.csv", metrics: ["accuracy", "f1_macro"], labels: ["bad", "good"] };

const cases: Readonly<Record<string, Case>> = {
  rows: { ...sst2, train: "--model roberta --task sst2 --data sst2 --rank 3" },
  columns: { ...sst2, train: "--model bert --task sst2 --data sst2 --update column --rank 2 --select uniform" },
  both: { ...sst2, train: "--model bert --task sst2 --data sst2 --update both --rank 2 --select last --train_bias" },
  full: { ...sst2, train: "--model roberta --task sst2 --data sst2 --method full --learning_rate 1e-3" },
  head: { ...sst2, train: "--model bert --task sst2 --data sst2 --method head" },
  "labels of a file, and a head begun anew": {
    ...reviews,
    train: "--model three --data reviews.csv --ignore_mismatched_sizes",
  },
  regression: {
    train: "--model bert --data scores.jsonl",
    data: "scores.jsonl",
    metrics: ["pearson", "spearmanr"],
    labels: null,
  },
  pairs: {
    train: "--model bert --task rte --data rte",
    data: "rte/dev.tsv",
    task: "rte",
    metrics: ["accuracy"],
    labels: ["entailment", "not_entailment"],
  },
};

const cwd = workshop();

test.concurrent.each(Object.entries(cases))("%s", async (name, { train, data, task, metrics, labels }) => {
  const [run, merged] = [`runs/${name}`, `merged/${name}`];
  const trained = await json<{ scores: Scores; reason: string }>(
    ["train", ...train.split(" "), ...quick, "--output_dir", run],
    { cwd },
  );
  expect(trained.reason).toBe("finished");
  expect(Object.keys(trained.scores)).toEqual(["loss", ...metrics]);

  const scores = await scoresOf<Scores>([run, "--data", data], { cwd });
  expect(Object.keys(scores)).toEqual(["loss", ...metrics]);
  if (task) expect(scores).toEqual(trained.scores);

  const predictions = await json<Prediction[]>(["predict", run, "--data", data], { cwd });
  for (const { label, probabilities, logits } of predictions) {
    if (labels === null) expect([label, probabilities]).toEqual([String(logits[0]), null]);
    else expect([label, probabilities]).toEqual([labels[logits.indexOf(Math.max(...logits))], softmax(labels, logits)]);
  }

  await output(["merge", run, "--output_dir", merged], { cwd });
  expect(existsSync(join(cwd, merged, "tokenizer.json"))).toBe(true);
  const asTask = task ? ["--task", task] : [];
  const again = ["--model", merged, ...asTask, "--max_seq_length", "10", "--data", data];
  expect(await json<Prediction[]>(["predict", ...again], { cwd })).toEqual(predictions);
  expect(await scoresOf<Scores>(again, { cwd })).toEqual(scores);
});

/** exp(x) / Σ exp(x), to 12 digits. */
function softmax(labels: readonly string[], logits: readonly number[]): object {
  const exponentials = logits.map(Math.exp);
  const total = exponentials.reduce((a, b) => a + b, 0);
  return Object.fromEntries(labels.map((label, i) => [label, expect.closeTo(exponentials[i]! / total, 12)]));
}

test("training learns, and what it learned is in the run", async () => {
  const flags = "--model roberta --task sst2 --data sst2 --rank 3 --learning_rate 1e-2 --num_train_epochs 40";
  const options = "--max_seq_length 10 --per_device_train_batch_size 8 --warmup_steps 10 --output_dir runs/learned";
  await output(["train", ...flags.split(" "), ...options.split(" ")], { cwd });
  const data = ["--data", "sst2/train.tsv"];
  const before = await scoresOf<Scores>(["--model", "roberta", "--task", "sst2", ...data], { cwd });
  const after = await scoresOf<Scores>(["runs/learned", ...data], { cwd });
  expect(before["accuracy"]).toBeLessThan(0.6);
  expect(after["accuracy"]).toBeGreaterThan(0.8);
});
