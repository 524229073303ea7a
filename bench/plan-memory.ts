/**
 * How well `rocoft plan` knows what a training takes: its estimate beside the most resident memory of the same training (Linux), for each
 * way of storing the base model. MODEL is trained from its weights; its tokenizer serves a model of RoBERTa-base's shape, which begins at
 * random ones.
 *
 *     npx tsx bench/plan-memory.ts --model MINILM --data MRPC_FOLDER [--task mrpc] [--batches 8,32] [--roberta_batches 8] [--steps 4]
 */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { spawn } from "node:child_process";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { robertaBase } from "../scripts/parameters/roberta-base.ts";
import { quantizations } from "../src/quantization/registry.ts";
import type { Plan } from "../src/run/plan.ts";
import { cli, lastJson, machine, runCli } from "./measure.ts";

const { values: flags } = parseArgs({
  options: {
    model: { type: "string" },
    data: { type: "string" },
    task: { type: "string", default: "mrpc" },
    batches: { type: "string", default: "8,32" },
    roberta_batches: { type: "string", default: "8" },
    steps: { type: "string", default: "4" },
  },
});
const folder = mkdtempSync(join(tmpdir(), "rocoft-plan-"));

interface Measured {
  readonly model: string;
  readonly batch: string;
  readonly settings: readonly string[];
}

/** The estimate and the measured peak of a training, in bytes. */
async function measure(settings: readonly string[], quantization: string): Promise<readonly [number, number]> {
  const all = [...settings, "--quantization", quantization];
  const { memory } = lastJson<Plan>(await runCli(["plan", ...all, "--json"]));
  const run = ["--output_dir", join(folder, "run"), "--overwrite_output_dir"];
  return [memory.total, await peakOf(["train", ...all, ...run])];
}

/** The most resident memory of a command, as the system keeps it. @throws Error (rejects) when it fails. */
function peakOf(args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [cli, ...args], {
    stdio: ["ignore", "ignore", "pipe"],
    env: { ...process.env, HF_HUB_OFFLINE: "1" },
  });
  let [peak, stderr] = [0, ""];
  child.stderr.on("data", (chunk) => (stderr += String(chunk)));
  const look = setInterval(() => {
    const status = readFileSync(`/proc/${child.pid}/status`, "utf8");
    peak = Math.max(peak, 1024 * Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0));
  }, 50);
  return new Promise((resolve, reject) => {
    child.on("close", (code) => {
      clearInterval(look);
      if (code === 0) resolve(peak);
      else reject(new Error(`rocoft ${args.join(" ")} exited with ${code}: ${stderr.slice(-500)}`));
    });
  });
}

function robertaFolder(): string {
  for (const file of ["tokenizer.json", "tokenizer_config.json"])
    copyFileSync(join(flags.model!, file), join(folder, file));
  writeFileSync(join(folder, "config.json"), JSON.stringify(robertaBase));
  return folder;
}

const common = [
  ...["--task", flags.task, "--data", flags.data!, "--max_steps", flags.steps, "--eval_steps", flags.steps],
  ...["--max_eval_samples", "64", "--max_seq_length", "128", "--warmup_steps", "1"],
];
const trainings = (model: string, where: readonly string[], batches: string): Measured[] =>
  batches
    .split(",")
    .filter(Boolean)
    .map((batch) => ({ model, batch, settings: [...where, ...common, "--per_device_train_batch_size", batch] }));

const mib = (bytes: number) => (bytes / 2 ** 20).toFixed(0);
console.log(`${machine()}; MiB\n`);
console.log("| model | batch | base | estimated | measured | estimated / measured |");
console.log("|---|---|---|---|---|---|");
try {
  for (const { model, batch, settings } of [
    ...trainings("MiniLM", ["--model", flags.model!], flags.batches),
    ...trainings("RoBERTa-base's shape", ["--model", robertaFolder(), "--init", "random"], flags.roberta_batches),
  ])
    for (const quantization of quantizations) {
      const [estimated, measured] = await measure(settings, quantization);
      const cells = [model, batch, quantization, mib(estimated), mib(measured), (estimated / measured).toFixed(2)];
      console.log(`| ${cells.join(" | ")} |`);
    }
} finally {
  rmSync(folder, { recursive: true });
}
