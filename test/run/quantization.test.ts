/** A base model in few bits, from training to merging, in the library and by `--quantization`. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  type Classifier,
  fineTune,
  mergeRun,
  openCheckpoint,
  openRun,
  plan,
  type RunEvent,
  type TrainInput,
} from "../../src/node.ts";
import { decodeSafetensors } from "../../src/formats/safetensors.ts";
import { openModelFolder } from "../../src/hub/model-folder.ts";
import { int4 } from "../../src/quantization/int4.ts";
import { int8 } from "../../src/quantization/int8.ts";
import { partName } from "../../src/quantization/over-stored.ts";
import type { Quantization } from "../../src/quantization/registry.ts";
import { mergeQuantized, type QuantizedModel } from "../../src/run/merge-quantized.ts";
import type { Scores } from "../../src/train/events.ts";
import type { Tensor } from "../../src/tensor/tensor.ts";
import { json, output, scoresOf } from "../cli.ts";
import { workshop } from "../tiny-model.ts";
import { makeWideModel } from "../tiny-stored.ts";

const cwd = workshop();
const path = (name: string) => join(cwd, name);
const HF_HOME = path("home");
const surroundings = { cwd, env: { HF_HOME } };

const before = process.env["HF_HOME"];
process.env["HF_HOME"] = HF_HOME;
afterAll(() => {
  if (before === undefined) delete process.env["HF_HOME"];
  else process.env["HF_HOME"] = before;
});

const model = makeWideModel(path("wide"), "bert-classification");
const settings = {
  model,
  data: path("sst2"),
  task: "sst2",
  max_seq_length: 10,
  per_device_train_batch_size: 8,
  warmup_steps: 2,
  threads: 1,
} as const;

async function train(name: string, more: Partial<TrainInput>): Promise<Scores> {
  let last: RunEvent | undefined;
  for await (const event of fineTune({ ...settings, output_dir: path(name), ...more } as TrainInput)) last = event;
  if (last?.type !== "saved") throw new Error(`ended with ${last?.type}`);
  return last.scores!;
}

let scores: Scores;
beforeAll(async () => {
  scores = await train("run", { quantization: "int8", method: "rocoft", rank: 2 });
  await train("columns", { quantization: "int4", method: "rocoft", update: "column", num_train_epochs: 1 });
  await train("lora", { method: "lora", num_train_epochs: 1 });
  await train("full", { method: "full", num_train_epochs: 1 });
}, 60_000);

const tensorsIn = (...names: string[]): Map<string, Tensor> => {
  const file = join(cwd, ...names);
  return decodeSafetensors(readFileSync(file), file);
};

describe("a run", () => {
  async function opened<T>(quantization: Quantization | undefined, use: (model: Classifier) => Promise<T>): Promise<T> {
    const classifier = await openRun(path("run"), { threads: 1, quantization });
    try {
      return await use(classifier);
    } finally {
      await classifier.dispose();
    }
  }
  const scored = (quantization?: Quantization) =>
    opened(quantization, (classifier) => classifier.evaluate(path("sst2"))).then((found) => found.scores);

  test("is scored over the base that it was trained on", async () => {
    expect(await scored()).toEqual(scores);
    expect(await scored("int8")).toEqual(scores);
  });

  test("or over another, which is not quite the same", async () => {
    const losses = [scores, await scored("none"), await scored("int4")].map((each) => each["loss"]!);
    expect(new Set(losses).size).toBe(3);
  });

  test("is asked by the same choice", async () => {
    const ask = (quantization?: Quantization) =>
      opened(quantization, (classifier) => classifier.predict(["a good film"]));
    expect(await ask()).toEqual(await ask("int8"));
    expect(await ask()).not.toEqual(await ask("none"));
  });

  test("commands say the same", async () => {
    const file = ["run", "--data", "sst2/dev.tsv", "--threads", "1"];
    expect(await scoresOf<Scores>(file, surroundings)).toEqual(scores);
    expect(await scoresOf<Scores>([...file, "--quantization", "none"], surroundings)).toEqual(await scored("none"));
    const asked = ["predict", "run", "--text", "a good film", "--quantization", "int4"];
    const [answer] = await json<Awaited<ReturnType<Classifier["predict"]>>>(asked, surroundings);
    expect([answer]).toEqual(await opened("int4", (classifier) => classifier.predict(["a good film"])));
  });
});

test("a plan knows how the base is stored", async () => {
  const memory = async (quantization: Quantization) =>
    (await plan({ ...settings, output_dir: path("planned"), quantization })).memory;
  const [none, few] = [await memory("none"), await memory("int4")];
  expect(few.weights).toBeLessThan(none.weights / 2);
  expect(few.total).toBe(few.totals.int4);
  const flags = Object.entries({ ...settings, quantization: "int4" }).flatMap(([name, value]) => [`--${name}`, value]);
  const text = await output(["plan", ...flags.map(String)], surroundings);
  expect(text).toMatch(/^ +weights \(int4\) +[\d.]+ kB$/m);
});

describe("merging", () => {
  let exact: ReadonlyMap<string, Tensor>;
  beforeAll(async () => {
    await mergeRun(path("run"), path("merged"));
    exact = tensorsIn("merged", "model.safetensors");
  });
  const base = tensorsIn("wide", "model.safetensors");
  const isStored = (name: string) => /\.(query|key|value|dense)\.weight$/.test(name) && name.includes(".layer.");
  const isHead = (name: string) => /^(classifier|bert\.pooler)\./.test(name);

  test("is into the float32 base exactly: what is not trained is the checkpoint's to the last bit", () => {
    for (const [name, { data, shape }] of base) {
      if (isHead(name)) continue;
      const trained = isStored(name) ? 2 * shape[1]! : 0;
      expect(exact.get(name)!.data.slice(trained), name).toEqual(data.slice(trained));
    }
  });

  describe.each([["int8", int8] as const, ["int4", int4] as const])("as %s", (quantization, scheme) => {
    let merged: QuantizedModel;
    let files: ReadonlyMap<string, Tensor>;
    beforeAll(async () => {
      const folder = `merged-${quantization}`;
      merged = await mergeQuantized({ run: path("run") }, path(folder), quantization);
      files = tensorsIn(folder, `model-${quantization}.safetensors`);
    });
    /** The matrices of a checkpoint that are written in few bits, each part beside what is written of it. */
    const partsOf = (checkpoint: ReadonlyMap<string, Tensor>) =>
      [...checkpoint].flatMap(([name, matrix]) =>
        files.has(partName(name, "codes"))
          ? Object.entries(scheme.encode(matrix as Tensor<"float32">)).map(([part, tensor]) => {
              return { name, part, expected: tensor, written: files.get(partName(name, part))! };
            })
          : [],
      );

    test("changes the trained rows alone: the bytes of all others are the base's", () => {
      let rows = 0;
      for (const { name, part, expected, written } of partsOf(base)) {
        const height = expected.shape[0]!;
        if (part === "codes") rows += height;
        const trained = isStored(name) ? (2 * expected.data.length) / height : 0;
        expect([written.dtype, written.shape]).toEqual([expected.dtype, expected.shape]);
        expect(written.data.slice(trained), name).toEqual(expected.data.slice(trained));
      }
      // Two rows of six matrices in each of two blocks.
      expect(merged).toMatchObject({ quantization, rows, changedRows: 24 });
    });

    test("rounds the trained rows as it would those of the float32 merge", () => {
      for (const { name, expected, written } of partsOf(exact)) expect(written.data, name).toEqual(expected.data);
    });

    test("is a model again: its bytes as they are, or the float32 numbers that they stand for", async () => {
      const folder = path(`merged-${quantization}`);
      const answers = async (chosen: Quantization) => {
        const classifier = await openCheckpoint(folder, { task: "sst2", threads: 1, quantization: chosen });
        const answered = await classifier.predict(["a good film", "not so good"]);
        await classifier.dispose();
        return answered;
      };
      const opened = await openModelFolder(folder);
      for (const { name, part, written } of partsOf(exact))
        expect((await opened.readEncoded!(name, quantization, false))![part], name).toEqual(written);
      await opened.close();
      const [asTheyAre, widened] = [await answers(quantization), await answers("none")];
      asTheyAre.forEach(({ label, probabilities }, i) => {
        expect(label).toBe(widened[i]!.label);
        for (const [name, p] of Object.entries(probabilities!))
          expect(p).toBeCloseTo(widened[i]!.probabilities![name]!, 2);
      });
    });

    test("keeps everything else as float32, under its name", () => {
      const names = new Set([...files.keys()].map((name) => name.replace(/\.(codes|scales)$/, "")));
      expect([...names].toSorted()).toEqual([...exact.keys()].toSorted());
      for (const [name, { data }] of exact) if (files.has(name)) expect(files.get(name)!.data).toEqual(data);
    });
  });

  test("says how many rows it changes, and writes nothing that could be taken for a float32 checkpoint", async () => {
    const text = await output(["merge", "run", "--quantization", "int4", "--output_dir", "told"], surroundings);
    expect(text).toMatch(/^told {2}BertForSequenceClassification, [\d,]+ parameters; int4: 24 of \d+ rows changed\n$/);
    expect(readdirSync(path("told"))).not.toContain("model.safetensors");
  });

  const query = "bert.encoder.layer.0.attention.self.query.weight";
  const many = `changes every row of ${query}, expected trained rows alone with --quantization int8`;
  test.each([
    ["columns", many],
    ["lora", many],
    ["full", "leaves no matrix that could be stored as int8"],
  ])("refuses what %s change, in one line", async (run, message) => {
    const refused = mergeQuantized({ run: path(run) }, path("refused"), "int8");
    await expect(refused).rejects.toThrow(new Error(`${path(run)}: ${message}`));
  });
});
