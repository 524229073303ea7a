/** Runs over a base model in few bits, from training to the merged checkpoint. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  fineTune,
  mergeRun,
  openCheckpoint,
  openRun,
  resumeRun,
  type RunEvent,
  type SavedEvent,
} from "../../src/node.ts";
import { decodeSafetensors } from "../../src/formats/safetensors.ts";
import type { AdapterTensor } from "../../src/peft/adapter.ts";
import { openClassifier } from "../../src/run/classifier.ts";
import type { TrainInput } from "../../src/run/config.ts";
import { readRun } from "../../src/run/store.ts";
import { type Tensor, transposed } from "../../src/tensor/tensor.ts";
import { viewOf } from "../../src/tensor/view.ts";
import { makeSst2, scratchFolder } from "../tiny-model.ts";
import { makeWideModel } from "../tiny-stored.ts";

const cwd = scratchFolder();
const path = (...parts: readonly string[]) => join(cwd, ...parts);
const data = makeSst2(path("sst2"));
const texts = ["a good film", "the dull story was slow", "so fresh"];

// What is made of the base models stays in the scratch folder.
const home = process.env["HF_HOME"];
beforeAll(() => {
  process.env["HF_HOME"] = path("home");
});
afterAll(() => {
  if (home === undefined) delete process.env["HF_HOME"];
  else process.env["HF_HOME"] = home;
});

interface Case {
  readonly model: string;
  readonly settings: Partial<TrainInput>;
}
const both = { method: "rocoft", update: "both", rank: 2 } as const;
const lora = { method: "lora", rank: 2, lora_alpha: 6, target_modules: ["all-linear"] } as const;
const cases: Readonly<Record<string, Case>> = {
  "bert, the largest rows and columns, int8": {
    model: "bert",
    settings: { quantization: "int8", ...both, select: "largest", calibration_samples: 16 },
  },
  "bert, entries, int4": { model: "bert", settings: { quantization: "int4", method: "rocoft", update: "entries" } },
  "bert, lora, int4": { model: "bert", settings: { quantization: "int4", ...lora } },
  "llama, columns, int4": {
    model: "llama",
    settings: { quantization: "int4", method: "rocoft", update: "column", select: "uniform" },
  },
  // Fused matrices, which the checkpoint holds as [in, out].
  "gpt2, rows and columns, int8": { model: "gpt2", settings: { quantization: "int8", ...both } },
};
const oneLayer = { num_hidden_layers: 1, n_layer: 1 };
const folders = Object.fromEntries(
  ["bert", "llama", "gpt2"].map((name) => [name, makeWideModel(path(name), `${name}-classification`, oneLayer)]),
);

const inputOf = ({ model, settings }: Case, output: string): TrainInput =>
  ({
    model: folders[model]!,
    data,
    task: "sst2",
    output_dir: path(output),
    max_seq_length: 10,
    per_device_train_batch_size: 8,
    warmup_steps: 2,
    learning_rate: 0.02,
    num_train_epochs: 2,
    save_steps: 2,
    seed: 5,
    threads: 1,
    ...settings,
  }) as TrainInput;

/** The last event of a training that comes to its end. */
async function saved(training: AsyncIterable<RunEvent>): Promise<SavedEvent> {
  let last: RunEvent | undefined;
  for await (const event of training) last = event;
  if (last?.type !== "saved") throw new Error(`ended with ${last?.type}`);
  return last;
}

/** Trains and is interrupted after each of some steps, and resumed each time. */
async function interrupted(input: TrainInput, steps: readonly number[]): Promise<SavedEvent> {
  for (const [i, step] of steps.entries()) {
    const controller = new AbortController();
    const { signal } = controller;
    const training = i === 0 ? fineTune(input, { signal }) : resumeRun(input.output_dir, { signal });
    let reason = "";
    for await (const event of training) {
      if (event.type === "step" && event.step === step) controller.abort();
      if (event.type === "saved") ({ reason } = event);
    }
    expect(reason).toBe("interrupted");
  }
  return saved(resumeRun(input.output_dir));
}

const text = (run: string, name: string) => readFileSync(path(run, name), "utf8");

/** What a run leaves, apart from times. */
function left(run: string) {
  const events = text(run, "events.jsonl").trimEnd().split("\n");
  const timeless = (line: string) =>
    Object.entries(JSON.parse(line) as object).filter(([key]) => !/second|residentBytes/i.test(key));
  return {
    files: readdirSync(path(run), { recursive: true, encoding: "utf8" }).toSorted(),
    adapter: readFileSync(path(run, "adapter", "adapter_model.safetensors")).toString("base64"),
    config: text(run, "adapter/adapter_config.json"),
    metrics: text(run, "metrics.json"),
    events: events.filter((line) => !line.includes('"type":"ready"')).map(timeless),
  };
}

function tensorsOf(file: string): Map<string, Tensor> {
  return decodeSafetensors(readFileSync(file), file);
}

/** A checkpoint's tensor as the model reads it: a matrix as [out, in]. */
function asRead(model: string, name: string, stored: Tensor): Tensor<"float32"> {
  const isTurned = model === "gpt2" && stored.shape.length === 2 && /\.h\.\d/.test(name);
  return isTurned ? transposed(stored as Tensor<"float32">) : (stored as Tensor<"float32">);
}

describe.each(Object.entries(cases))("%s", (name, theCase) => {
  const run = name.replaceAll(/\W+/g, "-");
  const { model, settings } = theCase;
  let ended: SavedEvent;

  beforeAll(async () => {
    ended = await saved(fineTune(inputOf(theCase, run)));
  }, 120_000);

  test("is trained to its end", () => {
    expect(ended).toMatchObject({ reason: "finished", folder: path(run) });
    expect(ended.protocols.map((protocol) => protocol.quantization)).toContain(settings.quantization);
    expect(JSON.parse(text(run, "config.json"))).toMatchObject({ quantization: settings.quantization });
    expect(text(run, "events.jsonl").match(/"type":"step"/g)).toHaveLength(12);
  });

  test("is opened as it was trained, and gives the scores of its training", async () => {
    const classifier = await openRun(path(run), { threads: 1 });
    const { specs, stored } = classifier.adapted;
    const matrices = specs.filter(({ shape, head }) => shape.length === 2 && !head);
    expect([...stored.keys()].toSorted()).toEqual(matrices.map((spec) => spec.name).toSorted());
    expect(await classifier.evaluate(data)).toEqual({ scores: ended.scores, protocols: ended.protocols });
    await classifier.dispose();
  });

  test("interrupted and resumed it ends as it did when it was left alone", async () => {
    const again = `${run}-resumed`;
    await interrupted(inputOf(theCase, again), [3, 8]);
    expect(left(again)).toEqual(left(run));
  });

  test("merged, it is the float32 checkpoint with what was trained, and answers as the run over float32", async () => {
    const merged = path(`${run}-merged`);
    await mergeRun(path(run), merged);
    const [inFloats, checkpoint] = [
      await openClassifier({ run: path(run), quantization: "none" }, { threads: 1 }),
      await openCheckpoint(merged, { maxLength: 10, task: "sst2", threads: 1 }),
    ];
    expect(inFloats.adapted.stored.size).toBe(0);
    const [answers, scores] = [await inFloats.predict(texts), (await inFloats.evaluate(data)).scores];
    // In place there is nothing left to compute; what LoRA adds is summed in another order.
    const isInPlace = settings.method === "rocoft";
    if (isInPlace) expect(await checkpoint.predict(texts)).toEqual(answers);
    expect((await checkpoint.evaluate(data)).scores).toEqual(isInPlace ? scores : near(scores));
    for (const classifier of [inFloats, checkpoint]) await classifier.dispose();

    expectMerged(model, join(merged, "model.safetensors"), (await readRun(path(run))).adapter);
  });
});

/** Scores but for the rounding of another order of sums. */
const near = (scores: Readonly<Record<string, number>>) =>
  Object.fromEntries(Object.entries(scores).map(([key, score]) => [key, expect.closeTo(score, 5)]));

/** Expects the tensors of a model's checkpoint with an adapter's numbers in them, and every other number as it was to the last bit. */
function expectMerged(model: string, file: string, adapter: readonly AdapterTensor[]): void {
  const [sources, results] = [tensorsOf(join(folders[model]!, "model.safetensors")), tensorsOf(file)];
  expect([...results.keys()].toSorted()).toEqual([...sources.keys()].toSorted());
  const added = addedBy(adapter);
  const changed = new Set<string>();
  for (const [name, source] of sources) {
    const [before, after] = [source, results.get(name)!].map((stored) => asRead(model, name, stored));
    const target = { ...before!, data: before!.data.slice() };
    for (const { parameter, selection, values } of adapter) {
      if (parameter !== name) continue;
      const view = viewOf(target, selection);
      view.data.set(values.data);
      view.commit();
    }
    const change = added.get(name);
    if (!change) expect(after, name).toEqual(target);
    else after!.data.forEach((x, i) => expect(Math.abs(x - target.data[i]! - change[i]!)).toBeLessThan(1e-6));
    if (after!.data.some((x, i) => x !== before!.data[i])) changed.add(name);
  }
  const inPlace = adapter.map(({ parameter }) => parameter).filter((name) => sources.has(name));
  expect([...changed].toSorted()).toEqual([...new Set([...inPlace, ...added.keys()])].toSorted());
}

/** What LoRA adds to each weight, (alpha / rank)·B·A; nothing of other methods. */
function addedBy(adapter: readonly AdapterTensor[]): Map<string, Float64Array> {
  const factors = new Map(adapter.map(({ name, values }) => [name, values]));
  const modules = adapter.flatMap(({ name }) => /^(.*)\.lora_A\.weight$/.exec(name)?.[1] ?? []);
  return new Map(
    modules.map((module) => {
      const [a, b] = [factors.get(`${module}.lora_A.weight`)!, factors.get(`${module}.lora_B.weight`)!];
      const [rank, inner] = a.shape as [number, number];
      const change = new Float64Array(b.shape[0]! * inner);
      for (let i = 0; i < change.length; i++) {
        const [row, column] = [Math.floor(i / inner), i % inner];
        for (let r = 0; r < rank; r++)
          change[i]! += (b.data[row * rank + r]! * a.data[r * inner + column]! * lora.lora_alpha) / rank;
      }
      return [`${module}.weight`, change];
    }),
  );
}
