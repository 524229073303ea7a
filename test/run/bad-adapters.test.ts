/** Adapters that `predict`, `merge` and `export` refuse in one line. */
import { cpSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import { output } from "../cli.ts";
import { makeTinyModel, quick, workshop, write } from "../tiny-model.ts";
import { listing, refused } from "./refused.ts";

const cwd = workshop();
const path = (...parts: readonly string[]) => join(cwd, ...parts);
const run = "runs/rows";

beforeAll(async () => {
  const train = (...flags: readonly string[]) =>
    output(["train", "--model", "roberta", "--task", "sst2", "--data", "sst2", ...flags, ...quick], { cwd });
  await train("--output_dir", run);
  await train("--method", "lora", "--output_dir", "runs/lora");
  await output(["export", "runs/lora", "lora", "--format", "peft"], { cwd });
});

const read = (...parts: readonly string[]) =>
  JSON.parse(readFileSync(path(...parts), "utf8")) as Record<string, unknown>;

/** Makes the folder changed/: the exported LoRA with another configuration. */
const changedTo = (change: (config: Record<string, unknown>) => object) => () => {
  cpSync(path("lora"), path("changed"), { recursive: true });
  write(path("changed", "adapter_config.json"), JSON.stringify(change(read("lora", "adapter_config.json"))));
};
const changed = ["predict", "--model", "roberta", "--adapter", "changed", "--text", "a"];

test.each<readonly [what: string, before: () => unknown, args: readonly string[], message: string | RegExp]>([
  [
    "a method that peft has no type for",
    () => {},
    ["export", run, "none", "--format", "peft"],
    "rocoft: peft has no type for it; --format lora writes it as LoRA",
  ],
  [
    "an adapter of a smaller model",
    () => makeTinyModel(path("wider"), "roberta-relu"),
    ["predict", "--model", "wider", "--adapter", "lora", "--text", "a"],
    "lora: tensor classifier.dense.bias is [16], the model's is [24]",
  ],
  [
    "an adapter of another family",
    () => {},
    ["predict", "--model", "bert", "--adapter", "lora", "--text", "a"],
    "lora: tensor classifier.dense.bias belongs to no part of the model or of the method that is known",
  ],
  [
    "the adapter of a run on another model",
    () => {},
    ["predict", "--model", "bert", "--adapter", run, "--text", "a"],
    `bert: not the base model that ${run} was trained on (it has another SHA-256)`,
  ],
  [
    "a copy of that adapter, without its run",
    () => cpSync(path(run, "adapter"), path("copy"), { recursive: true }),
    ["predict", "--model", "bert", "--adapter", "copy", "--text", "a"],
    "bert: not the base model that copy was trained on (it has another SHA-256)",
  ],
  [
    "a folder that is no adapter",
    () => {},
    ["predict", "--model", "bert", "--adapter", "sst2", "--text", "a"],
    "sst2: no adapter_config.json, expected a run folder, the adapter folder of one, or a folder that peft or adapters wrote",
  ],
  [
    "a pickle",
    () => {
      cpSync(path("lora"), path("pickled"), { recursive: true });
      renameSync(path("pickled", "adapter_model.safetensors"), path("pickled", "adapter_model.bin"));
    },
    ["predict", "--model", "roberta", "--adapter", "pickled", "--text", "a"],
    /^pickled: no adapter_model\.safetensors, only adapter_model\.bin, a pickle, which can run code/,
  ],
  [
    "--adapter without --model",
    () => {},
    ["predict", run, "--adapter", "copied", "--text", "a"],
    "--adapter: a run knows its own, expected only with --model",
  ],
  [
    "a checkpoint without an adapter",
    () => {},
    ["merge", "--model", "roberta", "--output_dir", "none"],
    "roberta: a checkpoint without an adapter, expected --adapter with it",
  ],
  [
    "a field that changes what is computed",
    changedTo((config) => ({ ...config, layer_replication: [[0, 2]] })),
    changed,
    "changed: layer_replication: [[0,2]], which is not supported (expected null)",
  ],
  [
    "a field that is not known",
    changedTo((config) => ({ ...config, use_magic: true })),
    changed,
    "changed: use_magic: true, which is not supported (expected null)",
  ],
  [
    "a type that is not known",
    changedTo((config) => ({ ...config, peft_type: "LOHA" })),
    changed,
    /^changed\/adapter_config\.json: peft_type: unknown type "LOHA", nearest of \d+: LORA, /,
  ],
  [
    "a task that is not known",
    changedTo((config) => ({ ...config, task_type: "TOKEN_CLS" })),
    changed,
    "changed/adapter_config.json: task_type: TOKEN_CLS, expected one of SEQ_CLS, CAUSAL_LM, SEQ_2_SEQ_LM, QUESTION_ANS, null",
  ],
  [
    "base weights that were changed",
    changedTo((config) => ({ ...config, init_lora_weights: "olora" })),
    changed,
    /^changed: init_lora_weights: "olora", whose base weights are other than the model's own, is not supported/,
  ],
])("%s is refused", async (_, before, args, message) => {
  before();
  const files = listing(cwd);
  await refused(cwd, args, message);
  expect(listing(cwd)).toEqual(files);
});
