/** Questions and summaries in a run: what a model reads of them, what it learns, and what the run keeps. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { type Plan, plan } from "../../src/run/plan.ts";
import { readRunData } from "../../src/run/data.ts";
import { parseConfig, type TrainInput } from "../../src/run/config.ts";
import type { TaskName } from "../../src/tasks/registry.ts";
import { makeTinyDecoder } from "../tiny-decoder.ts";
import { scratchFolder, write } from "../tiny-model.ts";

const cwd = scratchFolder();
const path = (...parts: readonly string[]) => join(cwd, ...parts);
const jsonl = (...rows: readonly object[]) => rows.map((row) => `${JSON.stringify(row)}\n`).join("");

beforeAll(() => {
  makeTinyDecoder(path("decoder"));
  mkdirSync(path("piqa"));
  const row = (i: number) => ({ goal: `goal ${i}`, sol1: "one", sol2: "two" });
  write(path("piqa", "train.jsonl"), jsonl(row(1), row(2), row(3)));
  write(path("piqa", "train-labels.lst"), "0\n1\n1\n");
  write(path("piqa", "dev.jsonl"), jsonl({ ...row(4), label: 0 }));
  write(path("short", "train.jsonl"), jsonl(row(1), row(2)));
  write(path("short", "train-labels.lst"), "0\n");
  const summary = { source: ["A long story.", "It ends."], target: ["Brief."] };
  write(path("scitldr", "train.jsonl"), jsonl(summary, { source: ["Nothing to say."], target: [] }, summary));
});

const settings = (task: TaskName, data: string, length = 250): TrainInput => ({
  model: path("decoder"),
  init: "random",
  task,
  data: path(data),
  max_seq_length: length,
  warmup_steps: 0,
  per_device_train_batch_size: 1,
  output_dir: path("run"),
});
const textOf = ({ examples }: Plan) =>
  examples[0]!.parts!.map(({ text, carriesLoss }) => (carriesLoss ? `[${text}]` : text)).join("");

test("a question is an instruction, and its answer is learned", async () => {
  const planned = await plan(settings("piqa", "piqa"));
  expect(textOf(planned)).toMatch(/### Instruction:\nPlease choose .*: goal 1\n\nSolution1: one\n\n/);
  expect(textOf(planned)).toMatch(/\n\n### Response:\n\[the correct answer is solution1<\|im_end\|>\]$/);
});

test("labels stand in a file beside the texts", async () => {
  const { train, validation } = await readRunData(parseConfig(settings("piqa", "piqa")).settings);
  const answers = [...train.examples, ...validation.examples].map(({ references }) => references![0]);
  expect(answers).toEqual(["solution1", "solution2", "solution2", "solution1"]);
  await expect(plan(settings("piqa", "short"))).rejects.toThrow(
    new Error(
      `${path("short", "train-labels.lst")}: 1 labels, expected one for each of the 2 rows of ${path("short", "train.jsonl")}`,
    ),
  );
});

test("a decoder goes on behind a document with its summary; a long one loses its end", async () => {
  const whole = await plan(settings("scitldr", "scitldr"));
  expect(textOf(whole)).toBe("A long story. It ends.\n\nTL;DR:[ Brief.<|im_end|>]");
  expect(whole.leftOut).toBe(1);
  const cut = await plan(settings("scitldr", "scitldr", 24));
  expect(textOf(cut)).toBe("A long s\n\nTL;DR:[ Brief.<|im_end|>]");
});
