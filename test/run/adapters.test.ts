/** Adapters that leave this library and come back: peft's folders, and adapter folders by themselves. */
import { cpSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { decodeSafetensors } from "../../src/formats/safetensors.ts";
import {
  exportModel,
  fineTune,
  mergeModel,
  openAdapter,
  openCheckpoint,
  openRun,
  type Prediction,
  type TrainInput,
} from "../../src/node.ts";
import { json, output, scoresOf } from "../cli.ts";
import { makeTinyModel, quick, reviews, workshop, write } from "../tiny-model.ts";

const cwd = workshop();
const path = (...parts: readonly string[]) => join(cwd, ...parts);
const read = (...parts: readonly string[]) =>
  JSON.parse(readFileSync(path(...parts), "utf8")) as Record<string, unknown>;
const tensorsOf = (folder: string) =>
  decodeSafetensors(readFileSync(path(folder, "adapter_model.safetensors")), folder);

const texts = reviews(6, 9).map(({ text }) => text);
const settings = {
  task: "sst2",
  data: path("sst2"),
  max_seq_length: 8,
  max_steps: 6,
  learning_rate: 0.02,
  warmup_steps: 0,
  threads: 1,
} as const;

/** A model, a method and options of it. */
type Chosen<Input = TrainInput> = Input extends unknown
  ? Omit<Input, "data" | "output_dir"> & { readonly data?: string }
  : never;

async function train(name: string, input: Chosen): Promise<string> {
  const run = path("runs", name);
  const training = fineTune({ ...settings, ...input, output_dir: run } as TrainInput);
  while (!(await training.next()).done);
  return run;
}

type Opened = Awaited<ReturnType<typeof openRun>>;
async function predictions(opened: Promise<Opened>): Promise<Prediction[]> {
  const classifier = await opened;
  const answers = await classifier.predict(texts);
  await classifier.dispose();
  return answers;
}

function expectSame(actual: readonly Prediction[], expected: readonly Prediction[]): void {
  const logits = (list: readonly Prediction[]) => list.map((prediction) => prediction.logits);
  const close = logits(expected).map((row) => row.map((x) => expect.closeTo(x, 4)));
  expect(logits(actual)).toEqual(close);
}

/** Each method that a format has room for, with options that meet its ways. */
const exported: Readonly<Record<string, readonly [format: string, input: Chosen]>> = {
  lora: ["peft", { model: path("roberta"), method: "lora", rank: 2 }],
  dora: ["peft", { model: path("bert"), method: "lora", rank: 2, use_dora: true, layers_to_transform: [1] }],
  rslora: ["peft", { model: path("bert"), method: "lora", rank: 3, use_rslora: true, target_modules: ["all-linear"] }],
  pissa: ["peft", { model: path("roberta"), method: "lora", rank: 2, init_lora_weights: "pissa", use_rslora: true }],
  adalora: ["peft", { model: path("roberta"), method: "adalora", init_r: 3, target_r: 1, tfinal: 2 }],
  vera: ["peft", { model: path("bert"), method: "vera", rank: 4, target_modules: ["all-linear"] }],
  ia3: ["peft", { model: path("roberta"), method: "ia3" }],
  ln_tuning: ["peft", { model: path("bert"), method: "ln_tuning" }],
  shira: ["peft", { model: path("roberta"), method: "shira", rank: 2 }],
  prompt_tuning: ["peft", { model: path("roberta"), method: "prompt_tuning", num_virtual_tokens: 2 }],
  p_tuning: ["peft", { model: path("bert"), method: "p_tuning", num_virtual_tokens: 2 }],
  p_tuning_lstm: [
    "peft",
    {
      model: path("roberta"),
      method: "p_tuning",
      num_virtual_tokens: 2,
      encoder_reparameterization_type: "LSTM",
      encoder_num_layers: 1,
    },
  ],
  prefix_tuning: ["peft", { model: path("bert"), method: "prefix_tuning", num_virtual_tokens: 2 }],
  prefix_projection: [
    "peft",
    { model: path("roberta"), method: "prefix_tuning", num_virtual_tokens: 2, prefix_projection: true },
  ],
  rows: ["lora", { model: path("roberta"), method: "rocoft", rank: 2, select: "random" }],
  columns: ["lora", { model: path("bert"), method: "rocoft", update: "column", rank: 3, select: "uniform" }],
  both: ["lora", { model: path("roberta"), method: "rocoft", update: "both", rank: 2, select: "last" }],
  lora_xs: ["lora", { model: path("roberta"), method: "lora_xs", rank: 3 }],
  houlsby: ["adapters", { model: path("bert"), method: "houlsby", bottleneck_size: 5 }],
  pfeiffer: ["adapters", { model: path("roberta"), method: "pfeiffer", reduction_factor: 4 }],
  parallel: ["adapters", { model: path("bert"), method: "parallel_adapter", scaling: 2 }],
};

describe.each(Object.entries(exported))("%s", (name, [format, input]) => {
  test(`written for ${format === "adapters" ? "adapters" : "peft"}, it answers as the run does`, async () => {
    const run = await train(name, input);
    const expected = await predictions(openRun(run));
    const folder = path("peft", name);
    const { files } = await exportModel({ run }, folder, { format });
    expect(files).toEqual(readdirSync(folder).toSorted((a, b) => files.indexOf(a) - files.indexOf(b)));
    expect(files.at(-1)).toBe("adapter_config.json");
    const again = openAdapter(input.model, folder, { task: "sst2", maxLength: 8 });
    expectSame(await predictions(again), expected);
  });
});

test("a language model's adapter comes back as one, without a head", async () => {
  makeTinyModel(path("mlm"), "bert-mlm");
  write(
    path("notes.txt"),
    reviews(40, 6)
      .map(({ text }) => text)
      .join("\n\n"),
  );
  const task = "masked-language-model";
  const run = await train("mlm", { model: path("mlm"), task, data: path("notes.txt"), method: "lora" });
  await exportModel({ run }, path("peft", "mlm"), { format: "peft" });
  expect(read("peft", "mlm", "adapter_config.json")).toMatchObject({ task_type: null, modules_to_save: null });
  const scores = async (opening: Promise<Opened>) => {
    const opened = await opening;
    const { scores: found } = await opened.evaluate(path("notes.txt"));
    await opened.dispose();
    return found;
  };
  const again = await scores(openAdapter(path("mlm"), path("peft", "mlm"), { task, maxLength: 8 }));
  expect(again).toEqual(await scores(openRun(run)));
});

describe("RoCoFT as LoRA", () => {
  test("adds to the trained rows alone, and the sum is what was trained", async () => {
    const run = await train("exact", { model: path("roberta"), method: "rocoft", rank: 2, select: "last" });
    await exportModel({ run }, path("exact"), { format: "lora" });
    const weight = "roberta.encoder.layer.1.output.dense";
    const [rows, base] = [
      decodeSafetensors(readFileSync(path("runs/exact/adapter/adapter_model.safetensors")), run),
      decodeSafetensors(readFileSync(path("roberta/model.safetensors")), "roberta"),
    ];
    const [a, b] = ["lora_A", "lora_B"].map((matrix) =>
      tensorsOf("exact").get(`base_model.model.${weight}.${matrix}.weight`)!,
    );
    const trained = rows.get(`${weight}.weight.rows`)!.data as Float32Array;
    const before = base.get(`${weight}.weight`)!.data.slice(14 * 28) as Float32Array;
    expect([b!.shape, a!.shape]).toEqual([
      [16, 2],
      [2, 28],
    ]);
    expect([...b!.data]).toEqual([...Array<number>(28).fill(0), 1, 0, 0, 1]);
    const sums = (a!.data as Float32Array).map((change, i) => before[i]! + change);
    for (const [i, sum] of sums.entries()) expect(sum).toBeCloseTo(trained[i]!, 6);
    expect(read("exact", "adapter_config.json")).toMatchObject({ peft_type: "LORA", r: 2, lora_alpha: 2 });
  });
});

describe("an adapter folder by itself", () => {
  let run: string;
  beforeAll(async () => {
    run = await train("own", { model: path("roberta"), method: "rocoft", rank: 2, select: "random", seed: 7 });
    cpSync(join(run, "adapter"), path("copied"), { recursive: true });
  });

  test("answers as its run does: in place, copied, and as a run", async () => {
    const expected = await predictions(openRun(run));
    for (const folder of [run, join(run, "adapter")])
      expect(await predictions(openAdapter(path("roberta"), folder))).toEqual(expected);
    expect(await predictions(openAdapter(path("roberta"), path("copied"), { maxLength: 8 }))).toEqual(expected);
  });

  test("is merged as its run is", async () => {
    await mergeModel({ model: path("roberta"), adapter: path("copied") }, path("merged"));
    const merged = openCheckpoint(path("merged"), { task: "sst2", maxLength: 8 });
    expect(await predictions(merged)).toEqual(await predictions(openRun(run)));
  });
});

describe("the commands", () => {
  const run = "runs/command";
  beforeAll(async () => {
    const flags = "--model roberta --task sst2 --data sst2 --rank 3 --learning_rate 0.02";
    await output(["train", ...flags.split(" "), ...quick, "--output_dir", run], { cwd });
  });

  test("export, and evaluate, predict and merge what was exported", async () => {
    const exportedFiles = await json(["export", run, "out", "--format", "lora"], { cwd });
    expect(exportedFiles).toEqual({
      folder: "out",
      format: "lora",
      files: ["adapter_model.safetensors", "adapter_config.json"],
    });
    const source = ["--model", "roberta", "--adapter", "out", "--task", "sst2"];
    const data = ["--data", "sst2/dev.tsv"];
    const scores = await scoresOf<Record<string, number>>([run, ...data], { cwd });
    const again = await scoresOf<Record<string, number>>([...source, ...data], { cwd });
    expect(again).toEqual({ ...scores, loss: expect.closeTo(scores["loss"]!, 5) as number });
    const text = ["--text", texts[0]!];
    const [expected] = await json<Prediction[]>(["predict", run, ...text], { cwd });
    const [answer] = await json<Prediction[]>(["predict", ...source, ...text], { cwd });
    expect(answer!.label).toBe(expected!.label);
    expect(await output(["merge", ...source, "--output_dir", "merged-out"], { cwd })).toMatch(/^merged-out {2}Roberta/);
    expect(await output(["export", "again", ...source, "--format", "peft"], { cwd })).toBe(
      "again  adapter_model.safetensors, adapter_config.json\n",
    );
    expect([...tensorsOf("again")]).toEqual([...tensorsOf("out")]);
  });
});
