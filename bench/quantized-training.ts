/**
 * The same training over the base model as float32, in 8 and in 4 bits, in turn: scores on held-out data, seconds from command to end, and
 * the most memory that the training reports.
 *
 *     npx tsx bench/quantized-training.ts --model MODEL --task TASK --data DATA --output_dir RESULTS
 *       [--quantization none --quantization int8 …] [--seeds 1 --seeds 2 …] [-- other flags of rocoft train]
 *
 * Each result is a JSON file in RESULTS; what is there already is not run again.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cli, lastJson, machine, run } from "./measure.ts";

const { values: flags, positionals: others } = parseArgs({
  allowPositionals: true,
  options: {
    model: { type: "string" },
    task: { type: "string" },
    data: { type: "string" },
    output_dir: { type: "string" },
    quantization: { type: "string", multiple: true, default: ["none", "int8", "int4"] },
    seeds: { type: "string", multiple: true, default: ["1", "2", "3"] },
  },
});

interface Result {
  readonly scores: Readonly<Record<string, number>>;
  readonly seconds: number;
  readonly peak_mib: number;
}

function train(quantization: string, seed: string): Result {
  const folder = join(flags.output_dir!, `run-${quantization}-${seed}`);
  rmSync(folder, { recursive: true, force: true });
  const paths = ["--model", flags.model!, "--data", flags.data!, "--output_dir", folder];
  const settings = ["--task", flags.task!, "--quantization", quantization, "--seed", seed, "--json"];
  const finished = run("node", [cli, "train", ...paths, ...settings, ...others]);
  const { scores } = lastJson<Pick<Result, "scores">>(finished);
  const events = readFileSync(join(folder, "events.jsonl"), "utf8").trim().split("\n");
  const resident = events.map((line) => Number((JSON.parse(line) as { residentBytes?: number }).residentBytes ?? 0));
  rmSync(folder, { recursive: true, force: true });
  return { scores, seconds: finished.seconds, peak_mib: Math.round(Math.max(...resident) / 2 ** 20) };
}

mkdirSync(flags.output_dir!, { recursive: true });
function result(quantization: string, seed: string): Result {
  const file = join(flags.output_dir!, `${flags.task}-${quantization}-${seed}.json`);
  if (!existsSync(file)) writeFileSync(file, JSON.stringify(train(quantization, seed)));
  return JSON.parse(readFileSync(file, "utf8")) as Result;
}

const mean = (x: readonly number[]) => x.reduce((a, b) => a + b, 0) / x.length;
const deviation = (x: readonly number[]) =>
  Math.sqrt(x.reduce((total, n) => total + (n - mean(x)) ** 2, 0) / Math.max(1, x.length - 1));
const spread = (x: readonly number[], digits: number) =>
  x.length === 1 ? x[0]!.toFixed(digits) : `${mean(x).toFixed(digits)} ± ${deviation(x).toFixed(digits)}`;

const rows = flags.quantization.map((name) => ({ name, results: [] as Result[] }));
for (const seed of flags.seeds) for (const { name, results } of rows) results.push(result(name, seed));
const names = Object.keys(rows[0]!.results[0]!.scores);
console.log(`${machine()}; ${flags.task}, seeds ${flags.seeds.join(", ")}; ${others.join(" ")}\n`);
console.log(`| base model | ${names.join(" | ")} | seconds | peak MiB |\n|---|${"---|".repeat(names.length + 2)}`);
for (const { name, results } of rows) {
  const scores = names.map((score) =>
    spread(
      results.map(({ scores }) => scores[score]!),
      4,
    ),
  );
  const [seconds, peak] = [results.map((each) => each.seconds), results.map((each) => each.peak_mib)];
  console.log(`| ${[name, ...scores, spread(seconds, 1), spread(peak, 0)].join(" | ")} |`);
}
