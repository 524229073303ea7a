/**
 * The same fine-tuning here and in PyTorch, over methods and seeds: a table of accuracies.
 *
 *     npx tsx bench/accuracy.ts --model MINILM --data SST2_FOLDER --python PYTHON --output_dir RESULTS
 *       [--max_train_samples 20000] [--threads 1]
 *
 * Each result is a JSON file in RESULTS; what is there already is not run again, so an interrupted comparison goes on.
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

const { values: flags } = parseArgs({
  options: {
    model: { type: "string" },
    data: { type: "string" },
    python: { type: "string" },
    output_dir: { type: "string" },
    threads: { type: "string", default: "2" },
    max_train_samples: { type: "string", default: "67349" },
    seeds: { type: "string", default: "1,2,3" },
    methods: { type: "string", default: "rows,columns,head,full" },
  },
});

/** Our flags for each method of the table; the reference script has the methods' names as they are. */
const ours: Readonly<Record<string, readonly string[]>> = {
  rows: ["--method", "rocoft", "--update", "row", "--rank", "3"],
  columns: ["--method", "rocoft", "--update", "column", "--rank", "3"],
  head: ["--method", "head"],
  full: ["--method", "full"],
};
const learningRates: Readonly<Record<string, string>> = { rows: "1e-3", columns: "1e-3", head: "1e-3", full: "5e-5" };
const root = resolve(import.meta.dirname, "..");

interface Result {
  readonly accuracy: number;
  readonly trained: number;
}

/** Runs a program to its end and reads the last line it prints as JSON. */
function lastJsonLine(program: string, args: readonly string[]): Record<string, unknown> {
  const env = { ...process.env, OMP_NUM_THREADS: flags.threads, HF_HUB_OFFLINE: "1" };
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8", env });
  if (status !== 0) throw new Error(`${program} ${args.join(" ")} exited with ${status}: ${stderr.slice(-500)}`);
  return JSON.parse(stdout.trim().split("\n").at(-1)!) as Record<string, unknown>;
}

function runOurs(method: string, seed: string): Result {
  const folder = join(flags.output_dir!, `run-${method}-${seed}`);
  rmSync(folder, { recursive: true, force: true });
  const result = lastJsonLine("node", [
    join(root, "bin", "rocoft.js"),
    "train",
    "--model",
    flags.model!,
    "--task",
    "sst2",
    "--data",
    flags.data!,
    ...ours[method]!,
    "--learning_rate",
    learningRates[method]!,
    "--num_train_epochs",
    "1",
    "--max_train_samples",
    flags.max_train_samples,
    "--seed",
    seed,
    "--threads",
    flags.threads,
    "--output_dir",
    folder,
    "--json",
  ]);
  return {
    accuracy: (result["scores"] as { accuracy: number }).accuracy,
    trained: result["trained_parameters"] as number,
  };
}

function runPyTorch(method: string, seed: string): Result {
  const result = lastJsonLine(flags.python!, [
    join(root, "bench", "reference", "finetune.py"),
    flags.model!,
    join(flags.data!, "train.tsv"),
    join(flags.data!, "dev.tsv"),
    "--method",
    method,
    "--rank",
    "3",
    "--lr",
    learningRates[method]!,
    "--epochs",
    "1",
    "--max_train_samples",
    flags.max_train_samples,
    "--seed",
    seed,
  ]);
  return { accuracy: result["accuracy"] as number, trained: result["trainable"] as number };
}

const runners = { rocoft: runOurs, PyTorch: runPyTorch };
mkdirSync(flags.output_dir!, { recursive: true });

function result(program: keyof typeof runners, method: string, seed: string): Result {
  const file = join(flags.output_dir!, `${program}-${method}-${seed}.json`);
  if (!existsSync(file)) writeFileSync(file, JSON.stringify(runners[program](method, seed)));
  return JSON.parse(readFileSync(file, "utf8")) as Result;
}

const seeds = flags.seeds.split(",");
const mean = (x: readonly number[]) => x.reduce((a, b) => a + b, 0) / x.length;
const deviation = (x: readonly number[]) =>
  Math.sqrt(x.reduce((total, n) => total + (n - mean(x)) ** 2, 0) / (x.length - 1));
const cell = (x: readonly number[]) => `${(100 * mean(x)).toFixed(2)} ± ${(100 * deviation(x)).toFixed(2)}`;

console.log(`| method | trained | rocoft | PyTorch | difference |\n|---|---|---|---|---|`);
for (const method of flags.methods.split(",")) {
  const rows = seeds.map((seed) => [result("rocoft", method, seed), result("PyTorch", method, seed)] as const);
  const [here, there] = [rows.map(([a]) => a.accuracy), rows.map(([, b]) => b.accuracy)];
  if (rows.some(([a, b]) => a.trained !== b.trained))
    throw new Error(
      `${method}: trained counts differ: ${rows.map(([a, b]) => `${a.trained}, ${b.trained}`).join("; ")}`,
    );
  console.log(
    `| ${method} | ${rows[0]![0].trained.toLocaleString("en-US")} | ${cell(here)} | ${cell(there)} | ${(100 * (mean(here) - mean(there))).toFixed(2)} |`,
  );
}
