/**
 * RoCoFT of a language model on grade-school mathematics, here and in PyTorch, on the same batches in the same order: both curves of
 * the held-out loss, and how far they are apart.
 *
 *     npx tsx bench/gsm8k.ts --model SMOLLM2 --data gsm8k_train.jsonl --python PYTHON [--max_train_samples 400]
 */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { askedOf } from "../src/data/asked.ts";
import type { EncodedDataset } from "../src/data/encode.ts";
import { parseConfig } from "../src/run/config.ts";
import { trainingOptions } from "../src/run/options.ts";
import { encodeFor, prepareRun } from "../src/run/prepare.ts";
import { nativeRuntime } from "../src/runtime/native.ts";
import { adapt } from "../src/train/adapt.ts";
import { epochBatches } from "../src/train/epoch.ts";
import { loadWeights } from "../src/train/load.ts";
import { train } from "../src/train/trainer.ts";
import { lastJson, machine, root, run } from "./measure.ts";

const { values: flags } = parseArgs({
  options: {
    model: { type: "string" },
    data: { type: "string" },
    python: { type: "string" },
    max_train_samples: { type: "string", default: "400" },
    max_eval_samples: { type: "string", default: "80" },
    eval_steps: { type: "string", default: "20" },
  },
});
const scratch = mkdtempSync(join(tmpdir(), "rocoft-gsm8k-"));
const evalSteps = Number(flags.eval_steps);

const prepared = await prepareRun(
  parseConfig({
    model: flags.model,
    task: "prompt-completion",
    data: flags.data,
    max_train_samples: Number(flags.max_train_samples) + Number(flags.max_eval_samples),
    validation_split:
      Number(flags.max_eval_samples) / (Number(flags.max_train_samples) + Number(flags.max_eval_samples)),
    max_seq_length: 256,
    per_device_train_batch_size: 4,
    per_device_eval_batch_size: 8,
    num_train_epochs: 1,
    warmup_steps: 10,
    eval_steps: evalSteps,
    output_dir: scratch,
  }),
);
const { folder, config, model, specs, head, labels, attachment } = prepared;
const { seed, max_seq_length: maxLength } = config.settings;
const { weights } = await loadWeights(model, specs, { where: folder.folder, ...folder }, { seed });
await folder.close();
const options = trainingOptions(prepared);
const data = encodeFor(prepared, prepared.task, prepared.train, maxLength);
const validation = encodeFor(prepared, prepared.task, prepared.validation, maxLength);
const order = epochBatches(data.lengths, 0, options).map((batch) => [...batch]);

const adapted = adapt({ model, head, labels, specs, weights, attachment });
const runtime = await nativeRuntime();
const losses: number[] = [];
const evaluations: number[] = [];
for await (const event of train({ adapted, runtime, train: data, validation, options })) {
  if (event.type === "step") losses.push(event.loss);
  if (event.type === "evaluation") evaluations.push(event.scores["loss"]!);
}

const side = ({ encodings }: EncodedDataset) =>
  encodings.map((encoding) => ({ ids: [...encoding.ids], asked: [...askedOf(encoding)] }));
const file = join(scratch, "training.json");
writeFileSync(
  file,
  JSON.stringify({
    order,
    train: side(data),
    validation: side(validation),
    rank: 3,
    learning_rate: options.learningRate,
    warmup_steps: options.warmupSteps,
    eval_steps: evalSteps,
    eval_batch_size: options.evalBatchSize,
    threads: availableParallelism(),
  }),
);
const script = join(root, "bench", "reference", "gsm8k.py");
const reference = lastJson<{ losses: number[]; evaluations: number[] }>(
  run(flags.python!, [script, flags.model!, file]),
);
rmSync(scratch, { recursive: true });

const apart = (ours: readonly number[], theirs: readonly number[]) =>
  ours.reduce((most, loss, i) => Math.max(most, Math.abs(loss / theirs[i]! - 1)), 0);
console.log(
  `${machine()}; ${losses.length} steps of ${options.batchSize}, 3 rows, learning rate ${options.learningRate}\n`,
);
console.log("| step | held-out loss here | in PyTorch |\n|--:|--:|--:|");
evaluations.forEach((loss, i) => {
  const step = Math.min((i + 1) * evalSteps, losses.length);
  console.log(`| ${step} | ${loss.toFixed(4)} | ${reference.evaluations[i]!.toFixed(4)} |`);
});
console.log(
  `\nlargest relative difference: ${apart(evaluations, reference.evaluations).toExponential(1)} of a held-out loss,`,
);
console.log(`${apart(losses, reference.losses).toExponential(1)} of a training loss`);
