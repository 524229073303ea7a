/**
 * How matrices of a decoder may be stored in 8 bits, end to end: RoCoFT of a language model on grade-school mathematics over each form, on
 * the same batches in the same order; the held-out loss before and after an epoch, and the seconds of a step.
 *
 *     npx tsx bench/decoder-forms.ts --model SMOLLM2 --data gsm8k_train.jsonl [--forms float32,int8Twice] [--max_train_samples 300]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cast, mergeAxes, mul, splitAxis, unsqueeze } from "../src/graph/ops.ts";
import { int8, int8Twice, int8WeightsOnly } from "../src/quantization/int8.ts";
import { overQuantizedBase } from "../src/quantization/runtime.ts";
import type { Scheme } from "../src/quantization/scheme.ts";
import { parseConfig } from "../src/run/config.ts";
import { trainingOptions } from "../src/run/options.ts";
import { encodeFor, encodeTraining, prepareRun } from "../src/run/prepare.ts";
import { nativeRuntime } from "../src/runtime/native.ts";
import { quantizeRows } from "../src/tensor/quantize.ts";
import { adapt } from "../src/train/adapt.ts";
import { loadWeights } from "../src/train/load.ts";
import { train } from "../src/train/trainer.ts";
import { machine, median } from "./measure.ts";

const { values: flags } = parseArgs({
  options: {
    model: { type: "string" },
    data: { type: "string" },
    forms: { type: "string", default: "float32,int8WeightsOnly,blocks,int8Twice,int8" },
    max_train_samples: { type: "string", default: "300" },
    max_eval_samples: { type: "string", default: "80" },
  },
});

/** A scale for every 32 numbers of a row, products with the matrix put together. */
const blocks: Scheme = {
  ...int8WeightsOnly,
  form: "int8-blocks",
  fits: (shape) => shape.length === 2 && shape[1]! % 32 === 0,
  parts: ([rows, width]) => ({
    codes: { dtype: "int8", shape: [rows!, width!] },
    scales: { dtype: "float32", shape: [rows!, width! / 32] },
  }),
  encode(matrix) {
    const [rows, width] = matrix.shape as [number, number];
    const { codes, scales } = quantizeRows({ ...matrix, shape: [(rows * width) / 32, 32] });
    return { codes: { ...codes, shape: [rows, width] }, scales: { ...scales, shape: [rows, width / 32] } };
  },
  value: ({ codes, scales }) =>
    mergeAxes(mul(splitAxis(cast(codes!, "float32"), -1, 32), unsqueeze(scales!, -1)), codes!.shape.length - 1),
};
/** Null is float32; `words` is how tables of words are, where not so. */
interface Form {
  readonly told: string;
  readonly scheme: Scheme | null;
  readonly words?: Scheme | null;
}
const forms: Readonly<Record<string, Form>> = {
  float32: { told: "float32", scheme: null },
  int8WeightsOnly: { told: "a scale a row, no activation an integer", scheme: int8WeightsOnly },
  blocks: { told: "blocks of 32, no activation an integer", scheme: blocks },
  int8Twice: {
    told: "a scale a row, activations in 14 bits, two products of integers, but with words",
    scheme: int8Twice,
    words: int8WeightsOnly,
  },
  int8: { told: "a scale a row, integers by tokens both ways", scheme: int8 },
};

const samples = Number(flags.max_train_samples) + Number(flags.max_eval_samples);
const scratch = mkdtempSync(join(tmpdir(), "rocoft-forms-"));
const prepared = await prepareRun(
  parseConfig({
    model: flags.model,
    task: "prompt-completion",
    data: flags.data,
    max_train_samples: samples,
    validation_split: Number(flags.max_eval_samples) / samples,
    max_seq_length: 256,
    per_device_train_batch_size: 4,
    per_device_eval_batch_size: 8,
    num_train_epochs: 1,
    warmup_steps: 10,
    output_dir: scratch,
  }),
);
const { folder, config, model, specs, head, labels, attachment } = prepared;
const { seed, max_seq_length: maxLength } = config.settings;
const data = {
  train: encodeTraining(prepared),
  validation: encodeFor(prepared, prepared.task, prepared.validation, maxLength),
};
const native = await nativeRuntime();

/** An epoch over the base as `scheme` stores it. */
async function trained({ scheme, words = scheme }: Form): Promise<{ readonly loss: number; readonly seconds: number }> {
  const schemeOf = ({ shape, head, pretrainedHead, role }: (typeof specs)[number]) => {
    if (!scheme?.fits(shape) || head) return null;
    return pretrainedHead || role === "embedding" ? words : scheme;
  };
  const checkpoint = { where: folder.folder, ...folder };
  const { weights, stored = new Map() } = await loadWeights(model, specs, checkpoint, { seed, schemeOf });
  const adapted = adapt({ model, head, labels, specs, attachment, weights, stored });
  const runtime = overQuantizedBase(native, adapted.stored);
  let loss = Number.NaN;
  const ends: number[] = [];
  for await (const event of train({ adapted, runtime, ...data, from: null, options: trainingOptions(prepared) })) {
    if (event.type === "step") ends.push(event.secondsElapsed);
    if (event.type === "evaluation") loss = event.scores["loss"]!;
  }
  return { loss, seconds: median(ends.slice(1).map((end, i) => end - ends[i]!)) };
}

console.log(`${machine()}; ${flags.max_train_samples} to train on, held out: ${flags.max_eval_samples}\n`);
console.log("| form | held-out loss, nats a token | less that of float32 | seconds a step |\n|---|---|---|---|");
let reference = Number.NaN;
for (const name of flags.forms.split(",")) {
  const form = forms[name]!;
  const { loss, seconds } = await trained(form);
  if (!form.scheme) reference = loss;
  console.log(`| ${form.told} | ${loss.toFixed(4)} | ${(loss - reference).toFixed(4)} | ${seconds.toFixed(2)} |`);
}
await folder.close();
rmSync(scratch, { recursive: true, force: true });
