/**
 * How long a person waits before anything happens: `rocoft --help`, and the first training step of a small encoder with few
 * examples, so that tokenising takes no time.
 *
 *     npx tsx bench/startup.ts --model MINILM --data SST2_FOLDER [--rounds 7]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cli, machine, median, run } from "./measure.ts";

const { values: flags } = parseArgs({
  options: { model: { type: "string" }, data: { type: "string" }, rounds: { type: "string", default: "7" } },
});
const output = mkdtempSync(join(tmpdir(), "rocoft-startup-"));
const train = [
  "train",
  "--model",
  flags.model!,
  "--task",
  "sst2",
  "--data",
  flags.data!,
  "--max_steps",
  "1",
  "--max_train_samples",
  "32",
  "--max_eval_samples",
  "1",
  "--output_dir",
  output,
  "--overwrite_output_dir",
];
const rounds = Array.from({ length: Number(flags.rounds) }, () => ({
  help: run("node", [cli, "--help"]).seconds,
  step: run("node", [cli, ...train]).seconds,
}));
rmSync(output, { recursive: true });
console.log(`${machine()}; medians of ${flags.rounds}, whole processes`);
console.log(`rocoft --help: ${median(rounds.map(({ help }) => help)).toFixed(3)} s`);
console.log(
  `rocoft train, one step of 32 examples and an evaluation of one: ${median(rounds.map(({ step }) => step)).toFixed(2)} s`,
);
