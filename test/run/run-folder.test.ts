/** What a training leaves: complete, readable, enough to do it again, and the same twice. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { decodeSafetensors } from "../../src/formats/safetensors.ts";
import { json, output, rocoft, scoresOf } from "../cli.ts";
import { quick, workshop } from "../tiny-model.ts";

const cwd = workshop();
const path = (...parts: readonly string[]) => join(cwd, ...parts);
const text = (...parts: readonly string[]) => readFileSync(path(...parts), "utf8");
const read = (...parts: readonly string[]) => JSON.parse(text(...parts)) as Record<string, unknown>;
const sha256 = (...parts: readonly string[]) =>
  createHash("sha256")
    .update(readFileSync(path(...parts)))
    .digest("hex");
const adapter = (run: string) => readFileSync(path(run, "adapter", "adapter_model.safetensors"));

interface Event {
  readonly type: string;
  readonly [field: string]: unknown;
}
const events = (run: string) =>
  text(run, "events.jsonl")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Event);
const losses = (run: string) => events(run).flatMap(({ type, loss }) => (type === "step" ? [loss] : []));

const flags = ["--model", "roberta", "--task", "sst2", "--data", "sst2", ...quick, "--select", "random", "--rank", "2"];
const train = (run: string, ...more: readonly string[]) =>
  json<Record<string, unknown>>(["train", ...flags, ...more, "--output_dir", run], { cwd });
let result: Record<string, unknown>;

beforeAll(async () => {
  result = await train("first");
});

describe("a run folder", () => {
  test("has these files and no others", () => {
    const files = readdirSync(path("first"), { recursive: true, withFileTypes: true }).filter((file) => file.isFile());
    expect(files.map(({ name }) => name).toSorted()).toEqual([
      "adapter_config.json",
      "adapter_model.safetensors",
      "config.json",
      "environment.json",
      "events.jsonl",
      "metrics.json",
      "task.json",
    ]);
  });

  test("has the whole configuration, defaults too, with whole paths", () => {
    expect(read("first", "config.json")).toMatchObject({
      model: path("roberta"),
      task: "sst2",
      data: path("sst2"),
      method: "rocoft",
      update: "row",
      rank: 2,
      select: "random",
      seed: 42,
      lr_scheduler_type: "cosine",
      weight_decay: 0,
      max_seq_length: 10,
    });
  });

  test("has versions, the seed, and the hashes of model and data", () => {
    const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
    const environment = read("first", "environment.json");
    expect(environment).toMatchObject({ rocoft: version, node: process.version, seed: 42 });
    expect(environment["runtime"]).toMatch(/^onnxruntime-node \d+\.\d+/);
    expect(environment["model"]).toEqual({
      name: "roberta",
      revision: null,
      sha256: sha256("roberta", "model.safetensors"),
    });
    expect(environment["data"]).toEqual({
      [path("sst2", "train.tsv")]: sha256("sst2", "train.tsv"),
      [path("sst2", "dev.tsv")]: sha256("sst2", "dev.tsv"),
    });
  });

  test("has every event, in order", () => {
    const types = events("first").map(({ type }) => type);
    expect(types).toEqual(["ready", ...Array.from({ length: 6 }, () => "step"), "evaluation", "end"]);
    expect(losses("first").every((loss) => Number.isFinite(loss))).toBe(true);
  });

  test("has the task as the data made it, and the scores that are printed", () => {
    expect(read("first", "task.json")).toMatchObject({ name: "sst2", labels: ["negative", "positive"] });
    const { scores, reason, step, protocols } = result;
    expect(read("first", "metrics.json")).toEqual({ reason, step, ...(scores as object), protocols });
    expect(result["run"]).toBe(path("first"));
  });

  test("has an adapter of the trained numbers and their indices, not of the model", () => {
    const tensors = decodeSafetensors(adapter("first"), "adapter");
    const count = [...tensors].reduce(
      (sum, [name, { data }]) => sum + (name.endsWith(".indices") ? 0 : data.length),
      0,
    );
    expect(count).toBe(result["trained_parameters"]);
    const rows = tensors.get("roberta.encoder.layer.0.attention.self.query.weight.rows")!;
    const indices = tensors.get("roberta.encoder.layer.0.attention.self.query.weight.rows.indices")!;
    expect([rows.dtype, rows.shape, indices.dtype, indices.shape]).toEqual(["float32", [2, 16], "int64", [2]]);
    expect(tensors.has("classifier.out_proj.weight")).toBe(true);
    expect(statSync(path("first", "adapter", "adapter_config.json")).size).toBeLessThan(5_000);
    expect(read("first", "adapter", "adapter_config.json")).toMatchObject({
      method: "rocoft",
      base_model_name_or_path: path("roberta"),
      base_model_sha256: sha256("roberta", "model.safetensors"),
      trained_parameters: count,
    });
  });
});

test("progress is plain lines on standard error, the result one line on standard output", async () => {
  const { code, stdout, stderr } = await rocoft(["train", ...flags, "--output_dir", "told"], { cwd });
  const numbers = /\d+(\.\d+)?(e[+-]\d+)?/g;
  const lines = stderr.split("\n").map((line) => line.replaceAll(numbers, "N"));
  expect(lines).toEqual([
    "rocoft on roberta, sstN: N training and N validation examples",
    "training N of N,N parameters (N %)",
    "step N/N  loss N  lr N  N ex/s  N tok/s  Ns left  N MB",
    "step N/N  loss N  lr N  N ex/s  N tok/s  Ns left  N MB",
    "step N  epoch N  loss N  accuracy N  best",
    "finished after N steps, Ns",
    "",
  ]);
  const { loss, accuracy } = read("told", "metrics.json") as Record<string, number>;
  const scores = `loss ${loss!.toFixed(4)}  accuracy ${accuracy!.toFixed(4)}`;
  expect({ code, stdout }).toEqual({ code: 0, stdout: `told  step 6  ${scores}\n` });
});

test("a run is read from any folder", async () => {
  const elsewhere = { cwd: path("bert") };
  const scores = await scoresOf([path("first"), "--data", path("sst2")], elsewhere);
  expect(scores).toEqual(result["scores"]);
  await output(["train", "-c", path("first", "config.json"), "--output_dir", path("elsewhere")], elsewhere);
  expect(adapter("elsewhere").equals(adapter("first"))).toBe(true);
});

test("the same seed gives the same adapter and losses, bit for bit; another seed does not", async () => {
  await train("again");
  expect(adapter("again").equals(adapter("first"))).toBe(true);
  expect(losses("again")).toEqual(losses("first"));
  await train("other", "--seed", "7");
  expect(adapter("other").equals(adapter("first"))).toBe(false);
  expect(losses("other")).not.toEqual(losses("first"));
});

test("the configuration of a run, read with -c, gives the run again", async () => {
  await output(["train", "-c", "first/config.json", "--output_dir", "from-config"], { cwd });
  expect(adapter("from-config").equals(adapter("first"))).toBe(true);
  expect({ ...read("from-config", "config.json"), output_dir: "first" }).toEqual(read("first", "config.json"));
});

test("nothing of an earlier run is left where one is written over", async () => {
  const first = adapter("first");
  await train("over", "--seed", "8");
  await train("over", "--overwrite_output_dir");
  expect(adapter("over").equals(first)).toBe(true);
  expect(events("over").filter(({ type }) => type === "ready")).toHaveLength(1);
});

test("the best step is kept: its scores are those of the evaluations' best, and evaluate finds them again", async () => {
  const { scores, step } = await train(
    "best",
    "--num_train_epochs",
    "8",
    "--learning_rate",
    "0.02",
    "--eval_steps",
    "3",
  );
  const evaluations = events("best").filter(({ type }) => type === "evaluation");
  const accuracies = evaluations.map((event) => (event["scores"] as { accuracy: number }).accuracy);
  const best = evaluations[accuracies.indexOf(Math.max(...accuracies))]!;
  expect(evaluations.length).toBe(16);
  expect(step).not.toBe(evaluations.at(-1)!["step"]);
  expect({ scores, step }).toEqual({ scores: best["scores"], step: best["step"] });
  expect(await scoresOf(["best", "--data", "sst2"], { cwd })).toEqual(scores);
});

test("early stopping ends a training that gets no better", async () => {
  const stop = ["--num_train_epochs", "50", "--learning_rate", "1e-9", "--early_stopping_patience", "2"];
  expect(await train("early", ...stop)).toMatchObject({ reason: "early stopping", step: 6 });
  expect(events("early").filter(({ type }) => type === "evaluation")).toHaveLength(3);
});
