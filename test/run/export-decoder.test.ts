/**
 * Language models exported as ONNX: fed as transformers.js feeds them, keys and values coming back in, the files give the logits that
 * the model gives of whole texts.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { exportModel, fineTune, type ModelSource, type RunEvent, type TrainInput } from "../../src/node.ts";
import { adaptedModel } from "../../src/run/loaded.ts";
import { loadModel } from "../../src/run/open.ts";
import { nativeRuntime } from "../../src/runtime/native.ts";
import type { Tensors } from "../../src/runtime/runtime.ts";
import { type Tensor, tensor } from "../../src/tensor/tensor.ts";
import { evaluationPass } from "../../src/train/step.ts";
import { worstDifference } from "../draw.ts";
import { type ReadModel, readModel } from "../onnx-reader.ts";
import { runOnnx } from "../onnx-session.ts";
import { makeTinyModel, reviews, scratchFolder, write } from "../tiny-model.ts";

const cwd = scratchFolder();
const path = (...parts: readonly string[]) => join(cwd, ...parts);
const readJson = (...parts: readonly string[]) =>
  JSON.parse(readFileSync(path(...parts), "utf8")) as Record<string, unknown>;
const runtime = await nativeRuntime({ threads: 1 });

const integers = (rows: readonly (readonly number[])[]): Tensor<"int64"> =>
  tensor("int64", [rows.length, rows[0]!.length], BigInt64Array.from(rows.flat(), BigInt));

/** Two texts, the first of which is padded on its left. */
const texts = [
  [0, 0, 11, 7, 30, 9, 25, 12],
  [5, 19, 33, 8, 14, 6, 21, 17],
];
const mask = texts.map((ids) => ids.map((id) => Number(id !== 0)));
/** What is read at once. */
const pieces = [3, 1, 3, 1];

/** Positions as transformers.js counts them: those of padding are 1. */
const positions = mask.map((row) =>
  row.map((seen, at) => (seen === 0 ? 1 : row.slice(0, at).reduce((sum, other) => sum + other, 0))),
);

/** The logits of every token that is no padding, [.., vocabulary]. */
function ofTokens(logits: Float32Array, from = 0, to = texts[0]!.length): number[] {
  const size = logits.length / (texts.length * (to - from));
  const isToken = mask.flatMap((row) => row.slice(from, to));
  return [...logits].filter((_, i) => isToken[Math.floor(i / size)] === 1);
}

/** The logits of whole texts, without anything kept. */
async function whole(source: ModelSource): Promise<number[]> {
  const adapted = adaptedModel(await loadModel(source));
  const graph = evaluationPass(adapted, ({ hidden, head }) => ({ logits: head(hidden({ causal: true })) }));
  const program = await runtime.compile(graph);
  const { logits } = await program.run({
    ...adapted.feeds,
    input_ids: integers(texts),
    attention_mask: integers(mask),
  });
  await program.dispose();
  return ofTokens(logits!.data as Float32Array);
}

/** The same, read piece by piece from a file. */
async function piecewise(model: Uint8Array): Promise<number[]> {
  const shapes = pastShapes(readModel(model));
  let past = pastOf(shapes, 0, () => new Float32Array(0));
  const found: number[][] = [];
  let start = 0;
  for (const count of pieces) {
    const end = start + count;
    const read = (rows: readonly (readonly number[])[], from: number) =>
      integers(rows.map((row) => row.slice(from, end)));
    const fed = { input_ids: read(texts, start), attention_mask: read(mask, 0), position_ids: read(positions, start) };
    const results = await runOnnx(model, { ...fed, ...past });
    found.push(ofTokens(results["logits"]!, start, end));
    past = pastOf(shapes, end, (name) => results[name.replace("past_key_values", "present")]!);
    start = end;
  }
  return byText(found);
}

/** Heads and width of what is kept, by the names of the inputs that read it. */
function pastShapes({ inputs }: ReadModel): ReadonlyMap<string, readonly [heads: number, width: number]> {
  const read = inputs.filter(({ name }) => name.startsWith("past_key_values"));
  return new Map(
    read.map(({ name, shape: [batch, heads, length, width] }) => {
      expect([batch, length]).toEqual(["batch_size", "past_sequence_length"]);
      return [name, [Number(heads), Number(width)]];
    }),
  );
}

function pastOf(shapes: ReturnType<typeof pastShapes>, length: number, data: (name: string) => Float32Array): Tensors {
  return Object.fromEntries(
    [...shapes].map(([name, [heads, width]]) => [
      name,
      tensor("float32", [texts.length, heads, length, width], data(name)),
    ]),
  );
}

/** Logits of pieces, text by text in each, as those of whole texts. */
function byText(found: readonly (readonly number[])[]): number[] {
  const size = found[0]!.length / mask.flatMap((row) => row.slice(0, pieces[0])).filter((seen) => seen === 1).length;
  const rows: number[][] = texts.map(() => []);
  let start = 0;
  for (const [piece, count] of pieces.entries()) {
    let at = 0;
    for (const [text, row] of mask.entries()) {
      const numbers = size * row.slice(start, start + count).reduce((sum, seen) => sum + seen, 0);
      rows[text]!.push(...found[piece]!.slice(at, at + numbers));
      at += numbers;
    }
    start += count;
  }
  return rows.flat();
}

const worst = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length ? Math.max(...a.map((x, i) => Math.abs(x - b[i]!))) : Infinity;

async function exported(source: ModelSource, name: string): Promise<Record<"whole" | "quantized", Buffer>> {
  await exportModel(source, path(name), { format: "onnx" });
  const read = (file: string) => readFileSync(path(name, "onnx", file));
  return { whole: read("model.onnx"), quantized: read("model_quantized.onnx") };
}

const namesOf = (values: readonly { readonly name: string }[]) => values.map(({ name }) => name);
const perLayer = (prefix: string) => [0, 1].flatMap((layer) => [`${prefix}.${layer}.key`, `${prefix}.${layer}.value`]);

describe.each([
  "llama-lm",
  "llama-tied",
  "mistral-lm",
  "qwen2-lm",
  "qwen3-lm",
  "gemma-lm",
  "gpt2-lm",
  "gptj-lm",
  "gptj-tied",
  "bloom-lm",
])("%s", (name) => {
  const model = makeTinyModel(path("models", name), name);

  test("gives piece by piece what the model gives of whole texts, and in integers nearly so", async () => {
    const files = await exported({ model }, name);
    const expected = await whole({ model });
    expect(worst(await piecewise(files.whole), expected)).toBeLessThan(1e-5);
    expect(worstDifference(await piecewise(files.quantized), expected)).toBeLessThan(0.06);
    expect(files.quantized).not.toEqual(files.whole);
  });

  test("is what transformers.js loads", () => {
    const { vocab_size: vocabulary } = readJson("models", name, "config.json");
    for (const file of ["model.onnx", "model_quantized.onnx"]) {
      const { opsets, inputs, outputs, nodes } = readModel(readFileSync(path(name, "onnx", file)));
      expect(opsets).toEqual({ "": 21 });
      const fed = ["input_ids", "attention_mask", ...(name === "bloom-lm" ? [] : ["position_ids"])];
      expect(new Set(namesOf(inputs))).toEqual(new Set([...fed, ...perLayer("past_key_values")]));
      expect(namesOf(outputs)).toEqual(["logits", ...perLayer("present")]);
      expect(outputs[0]!.shape).toEqual(["batch_size", "sequence_length", vocabulary]);
      // What is kept would else be copied once more at every token.
      expect(nodes.filter(({ op }) => op === "Identity")).toEqual([]);
    }
  });
});

describe("of runs", () => {
  const model = makeTinyModel(path("models", "trained"), "llama-lm");
  write(join(model, "tokenizer_config.json"), JSON.stringify({ eos_token: "[SEP]" }));
  const notes = reviews(40, 6).map(({ text }) => text);
  const data = write(path("notes.txt"), notes.join("\n\n"));
  const train = async (method: string, options: object) => {
    const run = path("runs", method);
    const settings = { task: "causal-language-model", max_seq_length: 8, max_steps: 3, learning_rate: 0.1, threads: 1 };
    const input = { ...settings, ...options, warmup_steps: 0, model, data, method, output_dir: run };
    let last: RunEvent | undefined;
    for await (const event of fineTune(input as TrainInput)) last = event;
    expect(last).toMatchObject({ type: "saved", reason: "finished" });
    return run;
  };

  test.each(
    Object.entries({
      rocoft: { rank: 2 },
      lora: { rank: 2 },
      houlsby: { bottleneck_size: 8 },
      prefix_tuning: { num_virtual_tokens: 2 },
    }),
  )("%s", async (method, options) => {
    const run = await train(method, options);
    const files = await exported({ run }, `exported-${method}`);
    const expected = await whole({ run });
    expect(worst(await piecewise(files.whole), expected)).toBeLessThan(1e-5);
    expect(worst(await whole({ model }), expected)).toBeGreaterThan(0.01);
  });

  test("prompts in front of every text are refused", async () => {
    const run = await train("prompt_tuning", { num_virtual_tokens: 2 });
    await expect(exportModel({ run }, path("none"), { format: "onnx" })).rejects.toThrow(
      /^the method puts 2 tokens in front of every text, which a model that goes on from a past has no place for; expected one that puts none$/,
    );
    expect(existsSync(path("none"))).toBe(false);
  });
});

describe("the folder", () => {
  test("has what transformers.js asks for: the layers of a cache, the ends of texts, a tokenizer's configuration", async () => {
    const { files } = await exportModel({ model: path("models", "gpt2-lm") }, path("folder"), { format: "onnx" });
    expect(files).toEqual([
      "tokenizer.json",
      "tokenizer_config.json",
      "generation_config.json",
      "onnx/model.onnx",
      "onnx/model_quantized.onnx",
      "config.json",
    ]);
    expect(readJson("folder", "config.json")).toMatchObject({ architectures: ["GPT2LMHeadModel"], n_layer: 2 });
    expect(readJson("folder", "generation_config.json")).toMatchObject({ eos_token_id: 50256, pad_token_id: 0 });
    expect(readJson("folder", "tokenizer_config.json")).toMatchObject({ model_max_length: 12 });
  });

  test("keeps the checkpoint's own, its chat template where transformers.js looks for it", async () => {
    const model = makeTinyModel(path("models", "chat"), "llama-lm");
    const ends = { eos_token_id: [2, 5] };
    write(join(model, "generation_config.json"), JSON.stringify(ends));
    write(
      join(model, "tokenizer_config.json"),
      JSON.stringify({ tokenizer_class: "LlamaTokenizer", eos_token: "[SEP]" }),
    );
    write(join(model, "chat_template.jinja"), "{{ messages[0]['content'] }}");
    await exportModel({ model }, path("chat"), { format: "onnx" });
    expect(readJson("chat", "generation_config.json")).toEqual(ends);
    expect(readJson("chat", "tokenizer_config.json")).toEqual({
      tokenizer_class: "LlamaTokenizer",
      eos_token: "[SEP]",
      chat_template: "{{ messages[0]['content'] }}",
    });
  });
});
