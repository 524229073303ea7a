/**
 * What pretraining gives: SST-2 by RoCoFT (rank 3 rows) from the bundled encoder's weights, and from random ones in the same
 * shape, over seeds. Accuracies on the validation set.
 *
 *     npx tsx bench/encoder.ts --data SST2_FOLDER [--model rocoft-small] [--seeds 1,2,3] [--max_train_samples 6000]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cli, lastJson, machine, run } from "./measure.ts";

const { values: flags } = parseArgs({
  options: {
    data: { type: "string" },
    model: { type: "string", default: "rocoft-small" },
    seeds: { type: "string", default: "1,2,3" },
    max_train_samples: { type: "string", default: "6000" },
  },
});
if (flags.data === undefined) throw new Error("expected --data SST2_FOLDER");

const settings = "--task sst2 --method rocoft --rank 3 --learning_rate 3e-3 --num_train_epochs 5 --max_seq_length 64";

function accuracy(init: string, seed: string): number {
  const folder = mkdtempSync(join(tmpdir(), "rocoft-encoder-"));
  try {
    const paths = ["--model", flags.model, "--data", flags.data!, "--output_dir", folder];
    const more = `--max_train_samples ${flags.max_train_samples} --init ${init} --seed ${seed} --json`;
    const finished = run("node", [cli, "train", ...paths, ...settings.split(" "), ...more.split(" ")]);
    return lastJson<{ scores: { accuracy: number } }>(finished).scores.accuracy;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const seeds = flags.seeds.split(",");
const percent = (share: number) => (100 * share).toFixed(1);
console.log(`${machine()}\n\n| weights | ${seeds.map((seed) => `seed ${seed}`).join(" | ")} | mean |`);
console.log(`|---|${"---|".repeat(seeds.length + 1)}`);
for (const init of ["pretrained", "random"]) {
  const scores = seeds.map((seed) => accuracy(init, seed));
  const mean = scores.reduce((sum, score) => sum + score, 0) / scores.length;
  console.log(`| ${init} | ${[...scores, mean].map(percent).join(" | ")} |`);
}
