/** One base model opened once, and runs, copied adapter folders and peft's folders in turn on it. */
import { join } from "node:path";
import { beforeAll, expect, test } from "vitest";
import {
  type BaseModel,
  exportModel,
  fineTune,
  openBase,
  openRun,
  type Prediction,
  type TrainInput,
} from "../../src/node.ts";
import { reviews, workshop } from "../tiny-model.ts";

const cwd = workshop();
const path = (...parts: readonly string[]) => join(cwd, ...parts);
const texts = reviews(6, 9).map(({ text }) => text);
const runs = {
  rows: { method: "rocoft", rank: 2 },
  lora: { method: "lora", rank: 2 },
  bias: { method: "bitfit" },
  prompt: { method: "prompt_tuning", num_virtual_tokens: 2 },
} as const;
const alone: Record<string, Prediction[]> = {};
let base: BaseModel;

beforeAll(async () => {
  for (const [name, method] of Object.entries(runs)) {
    const input = { model: path("bert"), task: "sst2", data: path("sst2"), output_dir: path("runs", name) };
    const quick = { max_seq_length: 8, max_steps: 6, learning_rate: 0.02, warmup_steps: 0, threads: 1 };
    const training = fineTune({ ...input, ...quick, ...method } as TrainInput);
    while (!(await training.next()).done);
    const classifier = await openRun(path("runs", name), { threads: 1 });
    alone[name] = await classifier.predict(texts);
    await classifier.dispose();
  }
  await exportModel({ run: path("runs", "lora") }, path("peft"), { format: "peft" });
  base = await openBase(path("bert"), { threads: 1 });
});

test("gives with each adapter what its run gives alone, in any order", async () => {
  for (const name of Object.keys(runs)) {
    await base.load(name, path("runs", name));
    await base.use(name);
  }
  for (const name of ["prompt", "rows", "lora", "bias", "rows", "prompt"]) {
    await base.use(name);
    expect(await base.predict(texts), name).toEqual(alone[name]);
  }
  await base.use(null);
  await expect(base.predict(texts)).rejects.toThrow(new Error("predict: no adapter is in use"));
});

test("reads peft's folder while another adapter is in use", async () => {
  await base.use("rows");
  await base.load("from peft", path("peft"), { task: "sst2" });
  expect(await base.predict(texts)).toEqual(alone["rows"]);
  await base.use("from peft");
  const answers = await base.predict(texts);
  expect(answers.map(({ label }) => label)).toEqual(alone["lora"]!.map(({ label }) => label));
});

test("answers what was asked before a switch by the adapter of then, and what was asked after it by the new one", async () => {
  await base.use("rows");
  const [first, , second, , failed, third] = await Promise.all([
    base.predict(texts),
    base.use("lora"),
    base.predict(texts),
    base.load("again", path("runs", "bias")),
    base.use("nothing").catch((error: Error) => error.message),
    base.predict(texts),
  ]);
  expect([first, second, third]).toEqual([alone["rows"], alone["lora"], alone["lora"]]);
  expect(failed).toContain("no adapter named nothing");
});

test("merges and unmerges; what cannot be merged says why", async () => {
  await base.use("lora");
  await base.merge();
  const merged = await base.predict(texts);
  expect(merged.map(({ label }) => label)).toEqual(alone["lora"]!.map(({ label }) => label));
  await base.unmerge();
  expect(await base.predict(texts)).toEqual(alone["lora"]);
  await base.use("prompt");
  await expect(base.merge()).rejects.toThrow("live model: prompt cannot be merged: its virtual tokens");
});

test("refuses what is no adapter of this model", async () => {
  await expect(base.load("nothing", path("bert"))).rejects.toThrow("no adapter_config.json");
  await expect(base.load("rows", path("runs", "rows"))).rejects.toThrow("there is an adapter named rows already");
  await base.unload("rows");
  await expect(base.use("rows")).rejects.toThrow("no adapter named rows");
});
