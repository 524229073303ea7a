/**
 * MRPC with a small encoder, three epochs: every method at the learning rate that suits it, three seeds, and RoCoFT taken apart.
 *
 *     npx tsx bench/mrpc.ts --model MINILM --data MRPC_FOLDER --output_dir RUNS [--workers 2] [--threads 1] [--results FILE]
 *     npx tsx bench/mrpc.ts --report [--results FILE]
 *
 * Each finished run is a line of FILE (docs/mrpc.jsonl); what is there is not run again, so an interrupted study goes on. A
 * method's learning rate is chosen with seed 1 from its default and a third and three times that, and on from an edge of the
 * grid where the best lies there, twice at most; the other seeds use the one chosen. Ablations use that of three rows.
 */
import { spawn } from "node:child_process";
import { appendFileSync, existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { methodOf } from "../src/peft/registry.ts";
import { cli, machine, median, root } from "./measure.ts";
import { ablationRows, methodRows, type Variant } from "./mrpc-runs.ts";

const { values: flags } = parseArgs({
  options: {
    model: { type: "string" },
    data: { type: "string" },
    output_dir: { type: "string" },
    results: { type: "string", default: join(root, "docs", "mrpc.jsonl") },
    workers: { type: "string", default: "2" },
    threads: { type: "string", default: "1" },
    report: { type: "boolean", default: false },
  },
});
const SEEDS = [1, 2, 3];
const EXTENSIONS = 2;

interface Run {
  readonly name: string;
  readonly method: string;
  readonly options: NonNullable<Variant["options"]>;
  readonly learning_rate: number;
  readonly seed: number;
}
interface Done extends Run {
  readonly accuracy: number;
  readonly f1: number;
  readonly trained: number;
  readonly adapter_bytes: number;
  readonly seconds: number;
  readonly peak_mib: number;
  readonly machine: string;
}

const done = (): Done[] =>
  existsSync(flags.results)
    ? readFileSync(flags.results, "utf8")
        .trim()
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line) as Done)
    : [];
const score = ({ accuracy, f1 }: Done) => (accuracy + f1) / 2;
const isClose = (a: number, b: number) => Math.abs(a / b - 1) < 1e-6;
const find = (runs: readonly Done[], { name }: Variant, rate: number, seed: number) =>
  runs.find((run) => run.name === name && run.seed === seed && isClose(run.learning_rate, rate));
const runOf = ({ name, method, options = {} }: Variant, learning_rate: number, seed: number): Run => ({
  name,
  method,
  options,
  learning_rate: Number(learning_rate.toPrecision(3)),
  seed,
});

/** The best learning rate of a row among those tried, and those still to be tried before it is known. */
function search(variant: Variant, runs: readonly Done[]): { readonly best: number | null; readonly open: number[] } {
  const middle = methodOf(variant.method).learningRate;
  const rates = [middle / 3, middle, middle * 3].map((rate) => Number(rate.toPrecision(3)));
  for (let extension = 0; ; extension++) {
    const open = rates.filter((rate) => !find(runs, variant, rate, SEEDS[0]!));
    if (open.length > 0) return { best: null, open };
    const tried = rates.map((rate) => score(find(runs, variant, rate, SEEDS[0]!)!));
    const at = tried.indexOf(Math.max(...tried));
    const isEdge = at === 0 || at === rates.length - 1;
    if (!isEdge || extension === EXTENSIONS) return { best: rates[at]!, open: [] };
    const next = Number((at === 0 ? rates[0]! / 3 : rates.at(-1)! * 3).toPrecision(3));
    if (at === 0) rates.unshift(next);
    else rates.push(next);
  }
}

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
    value === true ? [`--${name}`] : [`--${name}`, String(value)],
  );
  const settings = `--task mrpc --method ${run.method} --learning_rate ${run.learning_rate} --seed ${run.seed} --threads ${flags.threads} --json`;
  const paths = ["--model", flags.model!, "--data", flags.data!, "--output_dir", folder];
  const start = performance.now();
  const { scores, trained_parameters: trained } = JSON.parse(
    await outputOf([cli, "train", ...paths, ...settings.split(" "), ...options]),
  ) as { scores: { accuracy: number; f1: number }; trained_parameters: number };
  const seconds = (performance.now() - start) / 1000;
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
    seconds: Number(seconds.toFixed(1)),
    peak_mib: Math.round(Math.max(...resident) / 2 ** 20),
    machine: machine(),
  };
}

function outputOf(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
    let [out, err] = ["", ""];
    child.stdout.on("data", (chunk) => (out += String(chunk)));
    child.stderr.on("data", (chunk) => (err += String(chunk)));
    child.on("close", (code) =>
      code === 0 ? resolve(out) : reject(new Error(`${args.join(" ")}: ${err.slice(-500)}`)),
    );
  });
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

const spread = (values: readonly number[]) => {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((a, x) => a + (x - mean) ** 2, 0) / Math.max(1, values.length - 1));
  return values.length === 1 ? (100 * mean).toFixed(2) : `${(100 * mean).toFixed(2)} ± ${(100 * deviation).toFixed(2)}`;
};

function rowOf(variant: Variant, rate: number | null, runs: readonly Done[]): string | null {
  const found = rate === null ? [] : SEEDS.flatMap((seed) => find(runs, variant, rate, seed) ?? []);
  if (found.length === 0) return null;
  const middle = (key: "seconds" | "peak_mib" | "adapter_bytes" | "trained") => median(found.map((run) => run[key]));
  const cells = [
    variant.name,
    middle("trained").toLocaleString("en"),
    rate!.toExponential(),
    found.length,
    spread(found.map(({ accuracy }) => accuracy)),
    spread(found.map(({ f1 }) => f1)),
    `${(middle("adapter_bytes") / 2 ** 20).toFixed(2)}`,
    middle("seconds").toFixed(0),
    middle("peak_mib"),
  ];
  return `| ${cells.join(" | ")} |`;
}

const heading = [
  "| method | trained, head included | learning rate | seeds | accuracy | F1 | adapter, MiB | seconds | peak MiB |",
  "|---|---|---|---|---|---|---|---|---|",
];
function report(): string {
  const runs = done();
  const rate = search(methodRows[0]!, runs).best;
  const table = (rows: readonly (string | null)[]) => [...heading, ...rows.filter((row) => row !== null)].join("\n");
  const machines = [...new Set(runs.map((run) => run.machine))].toSorted().join("; ");
  return [
    `${machines}.`,
    table(methodRows.map((row) => rowOf(row, search(row, runs).best, runs))),
    table(ablationRows.map((row) => rowOf(row, rate, runs))),
  ].join("\n\n");
}

if (!flags.report) {
  const busy = new Set<string>();
  await Promise.all(Array.from({ length: Number(flags.workers) }, () => worker(busy)));
}
console.log(report());
