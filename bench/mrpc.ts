/**
 * MRPC with a small encoder, three epochs: every method at the learning rate that suits it, three seeds, and RoCoFT taken apart.
 *
 *     npx tsx bench/mrpc.ts --model MINILM --data MRPC_FOLDER --output_dir RUNS [--workers 2] [--threads 1] [--results FILE]
 *
 * Each finished run is a line of FILE (docs/mrpc.jsonl); what is there is not run again, so an interrupted study goes on. A
 * method's learning rate is chosen with seed 1 from its default, three times and nine times that; the other seeds use the one
 * chosen. Ablations use that of three rows.
 */
import { appendFileSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { lastJson, machine, root, runCli } from "./measure.ts";
import { type Done, find, type Run, read, report, runOf, search, SEEDS } from "./mrpc-results.ts";
import { ablationRows, methodRows } from "./mrpc-runs.ts";

const { values: flags } = parseArgs({
  options: {
    model: { type: "string" },
    data: { type: "string" },
    output_dir: { type: "string" },
    results: { type: "string", default: join(root, "docs", "mrpc.jsonl") },
    workers: { type: "string", default: "2" },
    threads: { type: "string", default: "1" },
  },
});
const done = (): Done[] => read(flags.results);

/** What is to be run next, the most telling first; `busy` are under way. */
function* pending(runs: readonly Done[], busy: ReadonlySet<string>): Generator<Run> {
  const isFree = (run: Run) => !busy.has(keyOf(run));
  const wanted = function* (): Generator<Run> {
    for (const row of methodRows) for (const rate of search(row, runs).open) yield runOf(row, rate, SEEDS[0]!);
    const rate = search(methodRows[0]!, runs).best;
    for (const seed of SEEDS) {
      for (const row of methodRows) {
        const { best } = search(row, runs);
        if (best !== null && !find(runs, row, best, seed)) yield runOf(row, best, seed);
      }
      if (rate === null) continue;
      for (const row of ablationRows) if (!find(runs, row, rate, seed)) yield runOf(row, rate, seed);
    }
  };
  for (const run of wanted()) if (isFree(run)) yield run;
}
const keyOf = ({ name, learning_rate, seed }: Run) => `${name} ${learning_rate} ${seed}`;

/** Trains in a process of its own and reads what it left. */
async function execute(run: Run): Promise<Done> {
  const folder = join(flags.output_dir!, keyOf(run).replace(/[^\w.]+/g, "-"));
  rmSync(folder, { recursive: true, force: true });
  const options = Object.entries(run.options).flatMap(([name, value]) =>
    typeof value === "boolean" ? [`--${value ? "" : "no-"}${name}`] : [`--${name}`, String(value)],
  );
  const settings = `--task mrpc --method ${run.method} --learning_rate ${run.learning_rate} --seed ${run.seed} --threads ${flags.threads} --json`;
  const paths = ["--model", flags.model!, "--data", flags.data!, "--output_dir", folder];
  const finished = await runCli(["train", ...paths, ...settings.split(" "), ...options]);
  const { scores, trained_parameters: trained } = lastJson<{
    scores: { accuracy: number; f1: number };
    trained_parameters: number;
  }>(finished);
  const events = readFileSync(join(folder, "events.jsonl"), "utf8").trim().split("\n");
  const resident = events.map((line) => Number((JSON.parse(line) as { residentBytes?: number }).residentBytes ?? 0));
  const adapter = statSync(join(folder, "adapter", "adapter_model.safetensors")).size;
  rmSync(folder, { recursive: true, force: true });
  return {
    ...run,
    accuracy: scores.accuracy,
    f1: scores.f1,
    trained,
    adapter_bytes: adapter,
    seconds: Number(finished.seconds.toFixed(1)),
    peak_mib: Math.round(Math.max(...resident) / 2 ** 20),
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

const busy = new Set<string>();
await Promise.all(Array.from({ length: Number(flags.workers) }, () => worker(busy)));
console.log(report(done()));
