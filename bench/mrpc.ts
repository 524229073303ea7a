/**
 * MRPC with a small encoder, three epochs: every method at the learning rate that suits it, three seeds, and RoCoFT taken apart.
 *
 *     npx tsx bench/mrpc.ts --model MINILM --data MRPC_FOLDER --output_dir RUNS [--workers 2] [--threads 1] [--results FILE]
 *         [--only NAME] [--costs FILE]
 *
 * Each finished run is a line of FILE (docs/mrpc.jsonl); what is there is not run again, so an interrupted study goes on. A
 * method's learning rate is chosen with seed 1 from its default, three times and nine times that; the other seeds use the one
 * chosen. Ablations use that of three rows.
 *
 * With `--costs` nothing is scored: each method's seconds a step and peak memory are measured, one after another, over the first steps of its
 * training, which are of the same examples for all. Each is a line of that file (docs/mrpc-costs.jsonl).
 */
import { appendFileSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { methodOf } from "../src/peft/registry.ts";
import { type Finished, lastJson, machine, median, root, runCli } from "./measure.ts";
import { type Cost, type Done, find, type Run, read, report, runOf, search, SEEDS } from "./mrpc-results.ts";
import { ablationRows, methodRows, type Variant } from "./mrpc-runs.ts";

const { values: flags } = parseArgs({
  options: {
    model: { type: "string" },
    data: { type: "string" },
    output_dir: { type: "string" },
    results: { type: "string", default: join(root, "docs", "mrpc.jsonl") },
    workers: { type: "string", default: "2" },
    threads: { type: "string", default: "1" },
    only: { type: "string" },
    costs: { type: "string" },
  },
});
const done = (): Done[] => read<Done>(flags.results);
const isWanted = ({ name }: Variant): boolean => flags.only === undefined || name === flags.only;

/** What is to be run next, the most telling first; `busy` are under way. */
function* pending(runs: readonly Done[], busy: ReadonlySet<string>): Generator<Run> {
  const isFree = (run: Run) => !busy.has(keyOf(run));
  const wanted = function* (): Generator<Run> {
    const rows = methodRows.filter(isWanted);
    for (const row of rows) for (const rate of search(row, runs).open) yield runOf(row, rate, SEEDS[0]!);
    const rate = search(methodRows[0]!, runs).best;
    for (const seed of SEEDS) {
      for (const row of rows) {
        const { best } = search(row, runs);
        if (best !== null && !find(runs, row, best, seed)) yield runOf(row, best, seed);
      }
      if (rate === null) continue;
      const open = ablationRows.filter((row) => isWanted(row) && !find(runs, row, rate, seed));
      for (const row of open) yield runOf(row, rate, seed);
    }
  };
  for (const run of wanted()) if (isFree(run)) yield run;
}
const keyOf = ({ name, learning_rate, seed }: Run) => `${name} ${learning_rate} ${seed}`;

interface Step {
  readonly step: number;
  readonly secondsElapsed: number;
  readonly residentBytes: number;
}
interface Trained {
  readonly finished: Finished;
  readonly steps: readonly Step[];
  readonly adapterBytes: number;
}

/** Trains in a process of its own and reads what it left. */
async function train(run: Run, more: readonly string[] = []): Promise<Trained> {
  const folder = join(flags.output_dir!, keyOf(run).replace(/[^\w.]+/g, "-"));
  rmSync(folder, { recursive: true, force: true });
  const options = Object.entries(run.options).flatMap(([name, value]) =>
    typeof value === "boolean" ? [`--${value ? "" : "no-"}${name}`] : [`--${name}`, String(value)],
  );
  const settings = `--task mrpc --method ${run.method} --learning_rate ${run.learning_rate} --seed ${run.seed} --threads ${flags.threads} --json`;
  const paths = ["--model", flags.model!, "--data", flags.data!, "--output_dir", folder];
  const finished = await runCli(["train", ...paths, ...settings.split(" "), ...options, ...more]);
  const events = readFileSync(join(folder, "events.jsonl"), "utf8").trim().split("\n");
  const steps = events.map((line) => JSON.parse(line) as Step & { type: string }).filter(({ type }) => type === "step");
  const adapterBytes = statSync(join(folder, "adapter", "adapter_model.safetensors")).size;
  rmSync(folder, { recursive: true, force: true });
  return { finished, steps, adapterBytes };
}

const peakMib = (steps: readonly Step[]) =>
  Math.round(Math.max(...steps.map(({ residentBytes }) => residentBytes)) / 2 ** 20);

async function execute(run: Run): Promise<Done> {
  const { finished, steps, adapterBytes } = await train(run);
  const { scores, trained_parameters: trained } = lastJson<{
    scores: { accuracy: number; f1: number };
    trained_parameters: number;
  }>(finished);
  return {
    ...run,
    accuracy: scores.accuracy,
    f1: scores.f1,
    trained,
    adapter_bytes: adapterBytes,
    seconds: Number(finished.seconds.toFixed(1)),
    peak_mib: peakMib(steps),
    machine: machine(),
  };
}

/** Works until nothing is pending; a run that fails is told of and left out of this study. */
async function worker(busy: Set<string>): Promise<void> {
  for (;;) {
    const [run] = pending(done(), busy);
    if (!run) return;
    busy.add(keyOf(run));
    try {
      const result = await execute(run);
      appendFileSync(flags.results, `${JSON.stringify(result)}\n`);
      console.error(
        `${keyOf(run)}: accuracy ${result.accuracy.toFixed(4)}, F1 ${result.f1.toFixed(4)}, ${result.seconds} s`,
      );
    } catch (error) {
      console.error(`${keyOf(run)}: failed: ${(error as Error).message}`);
      continue;
    }
    busy.delete(keyOf(run));
  }
}

/** So many steps are taken, and the median of the last of them is a step's time: 21, whose lengths are those of any epoch. */
const COST = { steps: 26, counted: 21 };

/** Measures what is not measured yet, one after another. */
async function measureCosts(file: string): Promise<void> {
  for (const row of methodRows.filter(isWanted)) {
    if (read<Cost>(file).some(({ name }) => name === row.name)) continue;
    const run = runOf(row, search(row, done()).best ?? methodOf(row.method).learningRate, SEEDS[0]!);
    const short = { ...run, options: { ...run.options, ...row.short } };
    const { steps } = await train(short, ["--max_steps", String(COST.steps), "--max_eval_samples", "64"]);
    const times = steps.slice(1).map(({ secondsElapsed }, i) => secondsElapsed - steps[i]!.secondsElapsed);
    const seconds = Number(median(times.slice(-COST.counted)).toFixed(4));
    const cost: Cost = { name: row.name, step_seconds: seconds, peak_mib: peakMib(steps), machine: machine() };
    appendFileSync(file, `${JSON.stringify(cost)}\n`);
    console.error(`${row.name}: ${seconds} s a step, ${cost.peak_mib} MiB`);
  }
}

if (flags.costs !== undefined) {
  await measureCosts(flags.costs);
  process.exit();
}
const busy = new Set<string>();
await Promise.all(Array.from({ length: Number(flags.workers) }, () => worker(busy)));
console.log(report(done(), []));
