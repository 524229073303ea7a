/**
 * One epoch of SST-2 with a small encoder, from command to end: the command line here, transformers' Trainer with dynamic
 * padding in PyTorch; in turn, whole processes.
 *
 *     npx tsx bench/epoch.ts --model MINILM --data SST2_FOLDER --python PYTHON [--rounds 1]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cli, lastJson, machine, median, root, run } from "./measure.ts";

const { values: flags } = parseArgs({
  options: {
    model: { type: "string" },
    data: { type: "string" },
    python: { type: "string" },
    rounds: { type: "string", default: "1" },
  },
});
const output = mkdtempSync(join(tmpdir(), "rocoft-epoch-"));

const ours = () => {
  const finished = run("node", [
    cli,
    "train",
    "--model",
    flags.model!,
    "--task",
    "sst2",
    "--data",
    flags.data!,
    "--num_train_epochs",
    "1",
    "--seed",
    "1",
    "--output_dir",
    join(output, "run"),
    "--overwrite_output_dir",
    "--json",
  ]);
  return { seconds: finished.seconds, accuracy: lastJson<{ scores: { accuracy: number } }>(finished).scores.accuracy };
};
const trainer = () => {
  const finished = run(flags.python!, [
    join(root, "bench", "reference", "finetune.py"),
    flags.model!,
    join(flags.data!, "train.tsv"),
    join(flags.data!, "dev.tsv"),
    "--method",
    "rows",
    "--rank",
    "3",
    "--epochs",
    "1",
    "--seed",
    "1",
  ]);
  return { seconds: finished.seconds, accuracy: lastJson<{ accuracy: number }>(finished).accuracy };
};

const rounds = Array.from({ length: Number(flags.rounds) }, () => ({ ours: ours(), trainer: trainer() }));
rmSync(output, { recursive: true });
const seconds = (who: "ours" | "trainer") => median(rounds.map((round) => round[who].seconds));
console.log(`${machine()}; medians of ${flags.rounds} rounds, whole processes\n`);
console.log(`| program | seconds | accuracy |\n|---|---|---|`);
console.log(`| rocoft train | ${seconds("ours").toFixed(1)} | ${rounds[0]!.ours.accuracy.toFixed(4)} |`);
console.log(
  `| transformers' Trainer, in-place rows by hand | ${seconds("trainer").toFixed(1)} | ${rounds[0]!.trainer.accuracy.toFixed(4)} |`,
);
console.log(`\nratio ${(seconds("ours") / seconds("trainer")).toFixed(2)}`);
