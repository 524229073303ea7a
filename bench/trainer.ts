/**
 * SST-2 (one epoch) or MRPC (three) with a small encoder, over methods and seeds: the command line here and transformers' Trainer with
 * dynamic padding in PyTorch, in turn, whole processes. Accuracies on the validation set, and seconds from command to end.
 *
 *     npx tsx bench/trainer.ts --model MINILM --data FOLDER --python PYTHON --output_dir RESULTS [--task sst2|mrpc]
 *       [--quantization int8] [--methods rows,columns,head,full] [--seeds 1,2,3] [--max_train_samples N] [--threads N]
 *
 * Each result is a JSON file in RESULTS; what is there already is not run again, so an interrupted comparison goes on.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cli, type Finished, lastJson, machine, median, root, run } from "./measure.ts";

const { values: flags } = parseArgs({
  options: {
    model: { type: "string" },
    data: { type: "string" },
    python: { type: "string" },
    task: { type: "string", default: "sst2" },
    quantization: { type: "string", default: "none" },
    output_dir: { type: "string" },
    methods: { type: "string", default: "rows,columns,head,full" },
    seeds: { type: "string", default: "1,2,3" },
    max_train_samples: { type: "string", default: "67349" },
    threads: { type: "string", default: String(availableParallelism()) },
  },
});

interface Studied {
  readonly train: string;
  readonly validation: string;
  readonly epochs: number;
}
const tasks: Readonly<Record<string, Studied>> = {
  sst2: { train: "train.tsv", validation: "dev.tsv", epochs: 1 },
  mrpc: { train: "train.jsonl", validation: "dev.jsonl", epochs: 3 },
};
const task = tasks[flags.task];
if (!task) throw new Error(`--task: ${flags.task}, expected one of ${Object.keys(tasks).join(", ")}`);

/** Our flags for each method of the reference script. */
const ours: Readonly<Record<string, string>> = {
  rows: "--method rocoft --update row --rank 3",
  columns: "--method rocoft --update column --rank 3",
  head: "--method head",
  full: "--method full",
};
const learningRates: Readonly<Record<string, string>> = { rows: "1e-3", columns: "1e-3", head: "1e-3", full: "5e-5" };

interface Result {
  readonly accuracy: number;
  readonly trained: number;
  readonly seconds: number;
}

function runOurs(method: string, seed: string): Result {
  const folder = join(flags.output_dir!, `run-${method}-${seed}`);
  rmSync(folder, { recursive: true, force: true });
  const settings = `--task ${flags.task} ${ours[method]!} --learning_rate ${learningRates[method]!} --num_train_epochs ${task!.epochs} --seed ${seed}`;
  const evaluation = "--eval_steps 1000000 --save_steps 1000000";
  const limits = `${evaluation} --max_train_samples ${flags.max_train_samples} --threads ${flags.threads} --quantization ${flags.quantization} --json`;
  const paths = ["--model", flags.model!, "--data", flags.data!, "--output_dir", folder];
  const finished = run("node", [cli, "train", ...paths, ...settings.split(" "), ...limits.split(" ")]);
  const { scores, trained_parameters: trained } = lastJson<{
    scores: { accuracy: number };
    trained_parameters: number;
  }>(finished);
  return { accuracy: scores.accuracy, trained, seconds: finished.seconds };
}

function runPyTorch(method: string, seed: string): Result {
  const paths = [flags.model!, join(flags.data!, task!.train), join(flags.data!, task!.validation)];
  const settings = `--method ${method} --rank 3 --lr ${learningRates[method]!} --epochs ${task!.epochs} --seed ${seed}`;
  const limits = `--max_train_samples ${flags.max_train_samples} --threads ${flags.threads}`;
  const script = join(root, "bench", "reference", "finetune.py");
  const finished: Finished = run(flags.python!, [script, ...paths, ...settings.split(" "), ...limits.split(" ")]);
  return { ...lastJson<Pick<Result, "accuracy" | "trained">>(finished), seconds: finished.seconds };
}

const runners = { rocoft: runOurs, PyTorch: runPyTorch };
mkdirSync(flags.output_dir!, { recursive: true });

function result(program: keyof typeof runners, method: string, seed: string): Result {
  const stored = program === "rocoft" && flags.quantization !== "none" ? `-${flags.quantization}` : "";
  const file = join(flags.output_dir!, `${program}-${method}-${seed}${stored}.json`);
  if (!existsSync(file)) writeFileSync(file, JSON.stringify(runners[program](method, seed)));
  return JSON.parse(readFileSync(file, "utf8")) as Result;
}

const mean = (x: readonly number[]) => x.reduce((a, b) => a + b, 0) / x.length;
const deviation = (x: readonly number[]) =>
  Math.sqrt(x.reduce((total, n) => total + (n - mean(x)) ** 2, 0) / Math.max(1, x.length - 1));
const percent = (x: readonly number[]) => `${(100 * mean(x)).toFixed(2)} ± ${(100 * deviation(x)).toFixed(2)}`;

console.log(
  `${machine()}; ${flags.task}, ${flags.max_train_samples} examples at most, ${task.epochs} epochs, seeds ${flags.seeds}, base model ${flags.quantization}\n`,
);
console.log(
  "| method | trained | rocoft | PyTorch | difference | rocoft s | PyTorch s | ratio |\n|---|---|---|---|---|---|---|---|",
);
for (const method of flags.methods.split(",")) {
  const pairs = flags.seeds
    .split(",")
    .map((seed) => ({ here: result("rocoft", method, seed), there: result("PyTorch", method, seed) }));
  const [here, there] = [pairs.map((pair) => pair.here), pairs.map((pair) => pair.there)];
  const trained = new Set([...here, ...there].map((one) => one.trained));
  if (trained.size > 1) throw new Error(`${method}: the trained counts differ: ${[...trained].join(", ")}`);
  const accuracies = (results: readonly Result[]) => results.map(({ accuracy }) => accuracy);
  const seconds = (results: readonly Result[]) => median(results.map((one) => one.seconds));
  const cells = [
    method,
    here[0]!.trained.toLocaleString("en-US"),
    percent(accuracies(here)),
    percent(accuracies(there)),
    (100 * (mean(accuracies(here)) - mean(accuracies(there)))).toFixed(2),
    seconds(here).toFixed(1),
    seconds(there).toFixed(1),
    (seconds(here) / seconds(there)).toFixed(2),
  ];
  console.log(`| ${cells.join(" | ")} |`);
}
