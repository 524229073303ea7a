/**
 * The neural tangent kernels of RoCoFT and others on few-shot tasks, and fine-tuning of the same parameters on the same splits: the
 * bundled encoder by prompts, and another encoder as a classifier.
 *
 *     npx tsx bench/kernel-study.ts --model MINILM --data FEWSHOT_FOLDER --output_dir STUDIES [--workers 2] [--results FILE]
 *
 * One `rocoft ntk` a setting, task and seed; what each finds is kept as lines of FILE (docs/kernel-study.jsonl). What is there is
 * not measured again, and a command that was interrupted goes on, so an interrupted study does.
 */
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Found, foundIn, isDone, read } from "./kernel-study-results.ts";
import { common, folderOf, seeds, sets, type Setting, settings, type StudiedTask, tasks } from "./kernel-study-runs.ts";
import { machine, root, runCli } from "./measure.ts";

const { values: flags } = parseArgs({
  options: {
    model: { type: "string" },
    data: { type: "string" },
    output_dir: { type: "string" },
    results: { type: "string", default: join(root, "docs", "kernel-study.jsonl") },
    workers: { type: "string", default: "2" },
  },
});

interface Run {
  readonly setting: Setting;
  readonly task: StudiedTask;
  readonly seed: number;
}

const runs: readonly Run[] = seeds.flatMap((seed) =>
  tasks.flatMap((task) => settings.map((setting) => ({ setting, task, seed }))),
);

async function execute({ setting, task, seed }: Run): Promise<Found[]> {
  const folder = join(flags.output_dir!, folderOf(setting.name, task.task, seed));
  const [first, ...others] = sets.map(({ spec }) => spec);
  const isPrompt = setting.flags.includes("--prompt");
  const args = [
    ...["ntk", "--model", setting.model ?? flags.model!, "--task", task.task, "--data", join(flags.data!, task.folder)],
    ...["--seeds", String(seed), "--parameters", first!, "--compare", ...others, "--output_dir", folder],
    ...[...common, ...setting.flags, ...task.flags, ...(isPrompt ? (task.prompt ?? []) : [])],
  ];
  await runCli(args);
  return foundIn(folder, { setting: setting.name, task: task.task, seed, machine: machine() });
}

async function worker(queue: Run[]): Promise<void> {
  for (let run = queue.shift(); run; run = queue.shift()) {
    const name = `${run.setting.name}, ${run.task.task}, seed ${run.seed}`;
    const start = performance.now();
    try {
      const found = await execute(run);
      appendFileSync(flags.results, found.map((line) => `${JSON.stringify(line)}\n`).join(""));
      console.error(`${name}: ${((performance.now() - start) / 1000).toFixed(0)} s`);
    } catch (error) {
      console.error(`${name}: failed: ${(error as Error).message}`);
    }
  }
}

const done = read(flags.results);
const queue = runs.filter(({ setting, task, seed }) => !isDone(done, setting.name, task.task, seed));
await Promise.all(Array.from({ length: Number(flags.workers) }, () => worker(queue)));
