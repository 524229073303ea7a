/**
 * The tasks of the paper on real data: a small encoder on GLUE and SQuAD, a small decoder on questions and summaries.
 *
 *     npx tsx bench/tasks.ts --model MINILM --decoder SMOLLM2 --output_dir RUNS [--glue FOLDER] [--squad FOLDER] [--commonsense FOLDER]
 *         [--math FOLDER] [--summaries FOLDER] [--only PART] [--workers 2] [--threads 1] [--results FILE]
 *
 * Each finished run is a line of FILE (docs/tasks-study.jsonl); what is there is not run again, and a training that is done is not done
 * again where its scoring was interrupted. What the data of a source or a model is not given for is left out.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import type { Protocol } from "../src/run/scoring/protocol.ts";
import { random } from "../src/tensor/random.ts";
import { lastJson, machine, root, runCli } from "./measure.ts";
import { chanceOn, type Scores } from "./tasks-chance.ts";
import { isDone, read, type Result, type ScoredBy } from "./tasks-results.ts";
import { heldOut, methods, nameOf, runs, type Source, type StudiedTask, type StudyRun } from "./tasks-runs.ts";

const { values: flags } = parseArgs({
  options: {
    model: { type: "string" },
    decoder: { type: "string" },
    glue: { type: "string" },
    squad: { type: "string" },
    commonsense: { type: "string" },
    math: { type: "string" },
    summaries: { type: "string" },
    output_dir: { type: "string" },
    only: { type: "string" },
    results: { type: "string" },
    workers: { type: "string", default: "2" },
    threads: { type: "string", default: "1" },
    // Leaves what is scored by generation or likelihood trained, to be scored by the same command without it.
    train_only: { type: "boolean", default: false },
    // So many steps and scored items, to try that all runs.
    steps: { type: "string" },
  },
});
if (flags.output_dir === undefined) throw new Error("--output_dir: a folder for runs is needed");
const parts = [...new Set(runs.map(({ studied: { part } }) => part))];
if (flags.only !== undefined && !parts.some((part) => part === flags.only))
  throw new Error(`--only: unknown part "${flags.only}", expected one of ${parts.join(", ")}`);
if (flags.steps !== undefined && flags.results === undefined) throw new Error("--steps: expected with --results");
const folder = flags.output_dir;
const results = flags.results ?? join(root, "docs", "tasks-study.jsonl");
const models = { encoder: flags.model, decoder: flags.decoder };

interface Measured {
  readonly scores: Scores;
  readonly protocols: readonly ScoredBy[];
  readonly seconds: number;
}
interface Trained extends Measured {
  readonly trained: number;
  readonly machine: string;
}

/** QQP's pairs in two files: no labelled data but for training is at hand. Gives the folder that stands for GLUE's. */
function splitQqp(glue: string): string {
  const lines = readFileSync(join(glue, "qqp", "train_subset.jsonl"), "utf8")
    .trim()
    .split("\n");
  const held = new Set(random(heldOut.seed, "qqp").permutation(lines.length).subarray(0, heldOut.pairs));
  const parts = { train: false, dev: true };
  mkdirSync(join(folder, "data", "qqp"), { recursive: true });
  for (const [name, isHeld] of Object.entries(parts)) {
    const part = lines.filter((_, i) => held.has(i) === isHeld);
    writeFileSync(join(folder, "data", "qqp", `${name}.jsonl`), `${part.join("\n")}\n`);
  }
  return join(folder, "data");
}

const isWanted = ({ studied: { part, model, source } }: StudyRun) =>
  (flags.only === undefined || part === flags.only) && models[model] !== undefined && flags[source] !== undefined;

const split = flags.glue === undefined ? undefined : splitQqp(flags.glue);
const sourceOf = ({ source, task }: { readonly source: Source; readonly task: string }): string =>
  task === "qqp" ? split! : flags[source]!;

async function execute(run: StudyRun): Promise<Result> {
  const { studied, method, seed } = run;
  const file = join(sourceOf(studied), studied.test);
  const chance = await chanceOn(studied.task, file, itemsOf(studied));
  const training = method === "none" ? null : await trainedOnce(run, file);
  const evaluation = studied.scored ? await evaluated(run, file) : null;
  const { scores, protocols } = (evaluation ?? training)!;
  return {
    ...{ part: studied.part, task: studied.task, method, seed },
    learningRate: method === "none" ? null : methods[method].learningRate[studied.model]!,
    trained: training?.trained ?? null,
    ...{ scores, chance: { ...chance, ...(await mismatchedChance(studied)) }, protocols },
    seconds: { train: training?.seconds ?? null, evaluate: evaluation?.seconds ?? null },
    machine: evaluation === null && training ? training.machine : machine(),
    ...(evaluation && training && { trainedOn: training.machine }),
  };
}

const itemsOf = ({ scored }: StudiedTask): number | undefined =>
  scored && Math.min(scored.items, Number(flags.steps ?? Infinity));

async function mismatchedChance(studied: StudiedTask): Promise<Scores> {
  if (studied.mismatched === undefined) return {};
  const scores = await chanceOn(studied.task, join(sourceOf(studied), studied.mismatched));
  return Object.fromEntries(Object.entries(scores).map(([name, value]) => [`${name}_mm`, value]));
}

const runFolder = (run: StudyRun): string => join(folder, nameOf(run));
const trainingFile = (run: StudyRun): string => `${runFolder(run)}.json`;

/** Trains, unless it was done before. */
async function trainedOnce(run: StudyRun, file: string): Promise<Trained> {
  const path = trainingFile(run);
  if (existsSync(path)) return JSON.parse(readFileSync(path, "utf8")) as Trained;
  const trained = await train(run, file);
  writeFileSync(path, JSON.stringify(trained));
  return trained;
}

async function train(run: StudyRun, file: string): Promise<Trained> {
  const { studied, method, seed } = run;
  if (method === "none") throw new Error("nothing is trained of a model as it is");
  const output = runFolder(run);
  rmSync(output, { recursive: true, force: true });
  const isFile = studied.train.includes(".");
  const finished = await runCli([
    ...["train", "--model", models[studied.model]!, "--task", studied.task],
    ...["--data", join(sourceOf(studied), studied.train), "--output_dir", output],
    ...(isFile && !studied.scored ? ["--validation_file", file] : []),
    ...methods[method].flags,
    ...["--learning_rate", String(methods[method].learningRate[studied.model]!), "--seed", String(seed)],
    ...Object.entries(studied.settings).flatMap(([name, value]) => [`--${name}`, String(value)]),
    ...(flags.steps === undefined ? [] : ["--max_steps", flags.steps, "--max_eval_samples", flags.steps]),
    ...["--threads", flags.threads, "--json"],
  ]);
  const result = lastJson<{ scores: Scores; protocols: Protocol[]; trained_parameters: number }>(finished);
  return {
    ...{ trained: result.trained_parameters, machine: machine() },
    scores: result.scores,
    protocols: result.protocols.map(kept),
    seconds: rounded(finished.seconds),
  };
}

async function evaluated(run: StudyRun, file: string): Promise<Measured> {
  const { studied, method } = run;
  const source = method === "none" ? ["--model", models[studied.model]!, "--task", studied.task] : [runFolder(run)];
  const finished = await runCli([
    ...["evaluate", ...source, "--data", file, "--scoring", ...studied.scored!.ways],
    ...["--max_eval_samples", String(itemsOf(studied)), "--per_device_eval_batch_size", "32"],
    ...["--threads", flags.threads, "--json"],
  ]);
  const { protocols, ...scores } = lastJson<{ protocols: Protocol[] }>(finished);
  return { scores: scores as Scores, protocols: protocols.map(kept), seconds: rounded(finished.seconds) };
}

const kept = ({ prompt: _, ...protocol }: Protocol): ScoredBy => ({ ...protocol, data: basename(protocol.data) });

const rounded = (seconds: number): number => Number(seconds.toFixed(1));

/** Works until nothing is left; a run that fails is told of and left out this time. */
async function worker(queue: StudyRun[]): Promise<void> {
  for (let run = queue.shift(); run; run = queue.shift()) {
    try {
      if (flags.train_only && run.studied.scored) {
        if (run.method !== "none") await trainedOnce(run, join(sourceOf(run.studied), run.studied.test));
        continue;
      }
      const result = await execute(run);
      appendFileSync(results, `${JSON.stringify(result)}\n`);
      for (const path of [runFolder(run), trainingFile(run)]) rmSync(path, { recursive: true, force: true });
      const { train, evaluate } = result.seconds;
      console.error(
        `${nameOf(run)}: ${JSON.stringify(result.scores)}, ${((train ?? 0) + (evaluate ?? 0)).toFixed(0)} s`,
      );
    } catch (error) {
      console.error(`${nameOf(run)}: failed: ${(error as Error).message}`);
    }
  }
}

mkdirSync(folder, { recursive: true });
const done = read(results);
const queue = runs.filter((run) => isWanted(run) && !isDone(done, run));
await Promise.all(Array.from({ length: Number(flags.workers) }, () => worker(queue)));
