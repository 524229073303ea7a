/** Runs exported as ONNX: the files answer as the run does, by ONNX Runtime alone, and are what transformers.js asks for. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { collate } from "../../src/data/collate.ts";
import type { Texts } from "../../src/data/examples.ts";
import { exportModel, fineTune, openRun, type Prediction, type RunEvent, type TrainInput } from "../../src/node.ts";
import { readModel } from "../onnx-reader.ts";
import { runOnnx } from "../onnx-session.ts";
import { makeTinyModel, reviews, workshop, write } from "../tiny-model.ts";

const cwd = workshop();
for (const decoder of ["llama", "gpt2"]) makeTinyModel(join(cwd, decoder), `${decoder}-classification`);
const path = (...parts: readonly string[]) => join(cwd, ...parts);
const readJson = (...parts: readonly string[]) =>
  JSON.parse(readFileSync(path(...parts), "utf8")) as Record<string, unknown>;
const settings = { max_seq_length: 8, learning_rate: 0.02, num_train_epochs: 6, warmup_steps: 0, threads: 1 } as const;

/** What a case trains, where in the folder of models and data. */
interface Case {
  readonly model: string;
  readonly data: string;
  readonly task?: string;
  readonly method: string;
  readonly options?: Readonly<Record<string, unknown>>;
  /** How far the logits of 8-bit integers are off at most; 0.02 unless given. */
  readonly rounding?: number;
}

async function train(name: string, { model, data, options = {}, rounding: _, ...chosen }: Case): Promise<string> {
  const run = path("runs", name);
  const input = { ...settings, ...chosen, ...options, model: path(model), data: path(data), output_dir: run };
  let last: RunEvent | undefined;
  for await (const event of fineTune(input as TrainInput)) last = event;
  expect(last).toMatchObject({ type: "saved", reason: "finished" });
  return run;
}

const single = reviews(12, 9).map(({ text }): Texts => [text]);
const pairs = single.map(([text], i): Texts => [text, single[(i + 5) % 12]![0]]);

/** What the run says of texts, and the same texts as another program would feed them. */
async function asked(run: string, texts: readonly Texts[]) {
  const classifier = await openRun(run);
  const { tokenizer, padTokenId } = classifier.opened;
  const predictions = await classifier.predict(texts);
  await classifier.dispose();
  const encodings = texts.map((text) => tokenizer.encode(text, { maxLength: settings.max_seq_length }));
  return { predictions, feeds: { ...collate(encodings, { padTokenId }) } };
}

/** The rows of logits, and the labels they make. */
function answersOf(logits: Float32Array, count: number, labels: Readonly<Record<string, string>>) {
  const width = logits.length / count;
  const rows = Array.from({ length: count }, (_, i) => [...logits.subarray(i * width, (i + 1) * width)]);
  return { rows, labels: rows.map((row) => labels[row.indexOf(Math.max(...row))]) };
}

function worst(rows: readonly (readonly number[])[], predictions: readonly Prediction[]): number {
  const differences = rows.map((row, i) => row.map((x, j) => Math.abs(x - predictions[i]!.logits[j]!)));
  return Math.max(...differences.flat());
}

function weightBytes(model: Uint8Array): number {
  return readModel(model).initializers.reduce((sum, { data }) => sum + data.length, 0);
}

/** How far the two logits of a text are apart: labels can differ where that is less than twice the error. */
const gapOf = ([a, b]: readonly number[]) => Math.abs(a! - b!);

const inPairs: Pick<Case, "data" | "task"> = { data: "rte", task: "rte" };
const prompts = { num_virtual_tokens: 2 };
/** The decoders' heads have three labels. */
const anew = { ignore_mismatched_sizes: true };
const sst2: Pick<Case, "data" | "task"> = { data: "sst2", task: "sst2" };
const cases: Readonly<Record<string, Case>> = {
  "rows, trained in place": { ...sst2, model: "roberta", method: "rocoft", options: { rank: 3 } },
  "LoRA, merged": { ...sst2, model: "bert", method: "lora", options: { rank: 4 } },
  "labels of a file": { data: "reviews.csv", model: "bert", method: "full" },
  "prefixes, which cannot be merged": { ...sst2, model: "bert", method: "prefix_tuning", options: prompts },
  "prompts before pairs of texts": { ...inPairs, model: "bert", method: "prompt_tuning", options: prompts },
  "a decoder": { ...sst2, model: "llama", method: "rocoft", options: { rank: 3, ...anew }, rounding: 0.05 },
  "a decoder whose projections are one matrix": {
    ...sst2,
    model: "gpt2",
    method: "lora",
    options: { rank: 4, ...anew },
  },
  "adapters, which cannot be merged": { ...sst2, model: "roberta", method: "houlsby", options: { bottleneck_size: 8 } },
};

describe.each(Object.entries(cases))("%s", (name, chosen) => {
  test("answer the same in float32, and nearly so in 8-bit integers", async () => {
    const run = await train(name, chosen);
    const texts = chosen.task === "rte" ? pairs : single;
    const { predictions, feeds } = await asked(run, texts);
    const folder = path("exported", name);
    await exportModel({ run }, folder, { format: "onnx" });
    const { id2label } = readJson("exported", name, "config.json") as { id2label: Record<string, string> };
    const [whole, quantized] = ["model.onnx", "model_quantized.onnx"].map((file) =>
      readFileSync(join(folder, "onnx", file)),
    ) as [Buffer, Buffer];
    for (const [model, bound] of [
      [whole, 1e-4],
      [quantized, chosen.rounding ?? 0.02],
    ] as const) {
      const { opsets, inputs, outputs } = readModel(model);
      expect(opsets).toEqual({ "": 21 });
      expect(inputs.map((input) => input.name).toSorted()).toEqual(inputNames[chosen.model]);
      expect(outputs).toEqual([{ name: "logits", type: 1, shape: ["batch", 2] }]);
      const { logits } = await runOnnx(model, feeds);
      const { rows, labels } = answersOf(logits!, texts.length, id2label);
      expect(worst(rows, predictions)).toBeLessThan(bound);
      const clear = [...texts.keys()].filter((i) => gapOf(predictions[i]!.logits) > 2 * bound);
      expect(clear.map((i) => labels[i])).toEqual(clear.map((i) => predictions[i]!.label));
      expect(clear.length).toBeGreaterThan(0);
    }
    expect(weightBytes(quantized)).toBeLessThan(0.6 * weightBytes(whole));
  });
});

/** Models of one segment do not read which one a token belongs to. */
const inputNames: Readonly<Record<string, readonly string[]>> = {
  bert: ["attention_mask", "input_ids", "token_type_ids"],
  roberta: ["attention_mask", "input_ids"],
  llama: ["attention_mask", "input_ids"],
  gpt2: ["attention_mask", "input_ids"],
};

test("a regression gives its number", async () => {
  const run = await train("regression", { model: "bert", data: "scores.jsonl", method: "bitfit" });
  const { predictions, feeds } = await asked(run, single);
  await exportModel({ run }, path("exported", "regression"), { format: "onnx" });
  const { logits } = await runOnnx(readFileSync(path("exported", "regression", "onnx", "model.onnx")), feeds);
  expect(worst(answersOf(logits!, single.length, {}).rows, predictions)).toBeLessThan(1e-4);
  expect(readJson("exported", "regression", "config.json")).toMatchObject({ problem_type: "regression" });
});

describe("the folder", () => {
  test("has what transformers.js loads: configuration, tokenizer, models", async () => {
    const run = await train("folder", { ...sst2, model: "roberta", method: "head" });
    const { files } = await exportModel({ run }, path("folder"), { format: "onnx" });
    expect(files).toEqual([
      "tokenizer.json",
      "tokenizer_config.json",
      "onnx/model.onnx",
      "onnx/model_quantized.onnx",
      "config.json",
    ]);
    for (const file of files) expect(existsSync(path("folder", file)), file).toBe(true);
    expect(readJson("folder", "config.json")).toMatchObject({
      model_type: "roberta",
      architectures: ["RobertaForSequenceClassification"],
      id2label: { 0: "negative", 1: "positive" },
      label2id: { negative: 0, positive: 1 },
    });
    expect(readJson("folder", "tokenizer.json")).toEqual(readJson("roberta", "tokenizer.json"));
  });

  test("gets a tokenizer_config.json where the base model has none, else keeps it", async () => {
    expect(readJson("folder", "tokenizer_config.json")).toEqual({
      tokenizer_class: "PreTrainedTokenizer",
      model_max_length: 8,
      pad_token: "<pad>",
      cls_token: "<s>",
      sep_token: "</s>",
      mask_token: "<mask>",
      unk_token: "<unk>",
      bos_token: "<s>",
      eos_token: "</s>",
    });
    const own = { tokenizer_class: "BertTokenizer", model_max_length: 12 };
    makeTinyModel(path("configured"), "bert-classification");
    write(path("configured", "tokenizer_config.json"), JSON.stringify(own));
    await exportModel({ model: path("configured") }, path("checkpoint"), { format: "onnx" });
    expect(readJson("checkpoint", "tokenizer_config.json")).toEqual(own);
  });

  test("that holds files is refused, or written into without losing what has another name", async () => {
    write(path("taken", "onnx", "notes.txt"), "mine");
    const source = { run: path("runs", "folder") };
    await expect(exportModel(source, path("taken"), { format: "onnx" })).rejects.toThrow(/holds files already/);
    await exportModel(source, path("taken"), { format: "onnx", overwrite: true });
    await exportModel(source, path("taken"), { format: "onnx", overwrite: true });
    expect(readdirSync(path("taken", "onnx")).toSorted()).toEqual(["model.onnx", "model_quantized.onnx", "notes.txt"]);
    expect(readFileSync(path("taken", "onnx", "notes.txt"), "utf8")).toBe("mine");
    expect(readdirSync(path("taken")).filter((file) => file.endsWith(".tmp"))).toEqual([]);
  });

  test("is not written for a model that neither labels nor goes on with texts", async () => {
    write(
      path("notes.txt"),
      reviews(40, 6)
        .map(({ text }) => text)
        .join("\n\n"),
    );
    const task = "masked-language-model";
    makeTinyModel(path("mlm"), "bert-mlm");
    const run = await train("language", { model: "mlm", data: "notes.txt", task, method: "full" });
    await expect(exportModel({ run }, path("none"), { format: "onnx" })).rejects.toThrow(
      /^masked-language-model: cannot be exported to ONNX, expected a model with a classifier's head or a decoder that goes on with texts$/,
    );
    expect(existsSync(path("none"))).toBe(false);
  });
});
