/** `plan`: what a training would do, without doing it. */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { formatShare } from "../../src/cli/format.ts";
import type { Plan } from "../../src/run/plan.ts";
import { json, output } from "../cli.ts";
import { quick, table, workshop, write } from "../tiny-model.ts";
import { listing } from "./refused.ts";

const cwd = workshop();
const flags = ["--model", "roberta", "--task", "sst2", "--data", "sst2", ...quick];
let before: string[];
let text: string;
let plan: Plan;

beforeAll(async () => {
  before = listing(cwd);
  text = await output(["plan", ...flags, "--target_modules", "query", "dense"], { cwd });
  plan = await json<Plan>(["plan", ...flags, "--target_modules", "query", "dense"], { cwd });
});

test("nothing is written, not even where --output_dir says", async () => {
  await output(["plan", ...flags, "--output_dir", "run"], { cwd });
  expect(listing(cwd)).toEqual(before);
});

describe("the text", () => {
  test("has the modules that are matched, and those that are not", () => {
    const layer = "roberta.encoder.layer.*";
    const dense = ["attention.output.dense", "intermediate.dense", "output.dense"].map((name) => `${layer}.${name}`);
    expect(text).toContain(`  matched (8): ${[`${layer}.attention.self.query`, ...dense].join(", ")}\n`);
    expect(text).toContain(`  not matched (4): ${layer}.attention.self.key, ${layer}.attention.self.value\n`);
  });

  test("has a table of parameters: trained, frozen and the share", () => {
    const rows = text.split("\n").map((line) => line.trim().split(/ {2,}/));
    // Three of sixteen rows of sixteen, in two blocks.
    expect(rows).toContainEqual([
      "roberta.encoder.layer.*.attention.self.query.weight",
      "[16, 16]",
      "× 2",
      "96",
      "416",
      "18.8 %",
    ]);
    expect(rows).toContainEqual([
      "roberta.encoder.layer.*.attention.self.key.weight",
      "[16, 16]",
      "× 2",
      "0",
      "512",
      "0 %",
    ]);
    expect(rows).toContainEqual(["classifier.out_proj.weight", "[2, 16]", "× 1", "32", "0", "100 %"]);
    const total = rows.find(([name]) => name === "total")!;
    expect(total.slice(1, 3).map((count) => Number(count.replace(",", "")))).toEqual([
      plan.trainedParameters,
      plan.totalParameters - plan.trainedParameters,
    ]);
  });

  test("has the memory it would take and what the machine has", () => {
    const names = ["weights", "activations", "activations of an evaluation", "peak \\(estimate\\)", "this machine"];
    for (const name of names) expect(text).toMatch(new RegExp(`^ +${name} +[\\d.]+ [kMGT]?B$`, "m"));
  });

  test("has what it would take with every way of storing the base model", () => {
    const size = "[\\d.]+ [kMGT]?B";
    expect(text).toMatch(new RegExp(`^ {2}peak by --quantization: none ${size}, int8 ${size}, int4 ${size}$`, "m"));
  });

  test("has the first examples with their tokens and labels", () => {
    const [, first] = readFileSync(join(cwd, "sst2", "train.tsv"), "utf8").split("\n");
    const [sentence, label] = first!.split("\t");
    const tokens = `<s> ${sentence!} </s>`;
    const name = ["negative", "positive"][Number(label)];
    expect(text).toContain(`  sst2/train.tsv:2\n    tokens: ${tokens}\n    label: ${name}\n`);
    expect(text.match(/^ +tokens: /gm)).toHaveLength(3);
  });

  test("has the data, the steps, the epochs and the learning rate", () => {
    expect(text).toMatch(/ 48 training examples \(longest \d tokens\), 16 validation examples\n/);
    expect(text).toContain("  6 steps: 1 epochs of 6, batch 8 × 1\n");
    expect(text).toContain("  learning rate 0.001, cosine after 2 warm-up steps\n");
  });
});

test("padding is told of both settings, that of the training first", async () => {
  const small = ["plan", ...flags, "--per_device_train_batch_size", "2"];
  const { padding } = await json<Plan>(small, { cwd });
  expect(padding.grouped).toBeLessThan(padding.shuffled);
  const [grouped, shuffled] = [padding.grouped, padding.shuffled].map(formatShare);
  expect(await output(small, { cwd })).toContain(
    `  padding: ${grouped} of an epoch's tokens (${shuffled} with --no-group_by_length)\n`,
  );
  expect(await output([...small, "--no-group_by_length"], { cwd })).toContain(
    `  padding: ${shuffled} of an epoch's tokens (${grouped} with --group_by_length)\n`,
  );
});

test("a warm-up that training does not outlast is pointed out", async () => {
  const warning = "Training ends before the warm-up does";
  expect(text).not.toContain(warning);
  expect(await output(["plan", ...flags, "--warmup_steps", "5"], { cwd })).not.toContain(warning);
  expect(await output(["plan", ...flags, "--warmup_steps", "6"], { cwd })).toContain(warning);
});

describe("the JSON", () => {
  test("has the same", () => {
    expect(plan).toMatchObject({ model: "roberta", stepsPerEpoch: 6, totalSteps: 6, epochs: 1, learningRate: 1e-3 });
    expect(plan.data).toMatchObject({ train: 48, validation: 16, truncated: 0 });
    expect(plan.targets).toHaveLength(8);
    expect(plan.untouched).toHaveLength(4);
    expect(plan.config).toMatchObject({ task: "sst2", target_modules: ["query", "dense"], rank: 3 });
  });

  test("counts what training then trains", async () => {
    const run = ["train", ...flags, "--target_modules", "query", "dense", "--output_dir", "planned"];
    const trained = await json<{ trained_parameters: number; total_parameters: number; step: number }>(run, { cwd });
    expect(plan.trainedParameters).toBe(trained.trained_parameters);
    expect(plan.totalParameters).toBe(trained.total_parameters);
    expect(plan.parameters.reduce((sum, { total }) => sum + total, 0)).toBe(trained.total_parameters);
  });
});

test.each<[string, string[], Partial<Plan>]>([
  ["max_steps", ["--max_steps", "4"], { totalSteps: 4, epochs: 4 / 6 }],
  ["accumulated batches", ["--gradient_accumulation_steps", "4"], { totalSteps: 2, stepsPerEpoch: 2 }],
  ["a part of the data", ["--max_train_samples", "9"], { totalSteps: 2, stepsPerEpoch: 2 }],
  ["the learning rate of a method", ["--method", "full"], { learningRate: 2e-5, untouched: [] }],
  ["the head alone", ["--method", "head"], { targets: [], trainedParameters: 16 * 16 + 16 + 2 * 16 + 2 }],
])("steps and counts follow the settings: %s", async (_, more, expected) => {
  expect(await json(["plan", ...flags, ...more], { cwd })).toMatchObject(expected);
});

test("a large data set is no trouble", async () => {
  write(
    join(cwd, "many.tsv"),
    table(
      ["label", "sentence"],
      Array.from({ length: 200_000 }, (_, i) => [i % 2, "good"]),
    ),
  );
  const many = ["--data", "many.tsv", "--validation_file", "sst2/dev.tsv"];
  expect(await json(["plan", ...flags, ...many], { cwd })).toMatchObject({ data: { train: 200_000, longest: 3 } });
});
