/**
 * Resident memory over a thousand steps of a real training: how much it grows from the first hundred steps to the last.
 *
 *     npx tsx bench/memory.ts --model MINILM --data SST2_FOLDER [--steps 1000]
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { fineTune } from "../src/run/fine-tune.ts";
import { machine } from "./measure.ts";

const { values: flags } = parseArgs({
  options: { model: { type: "string" }, data: { type: "string" }, steps: { type: "string", default: "1000" } },
});
const WINDOW = 100;
const output = mkdtempSync(join(tmpdir(), "rocoft-memory-"));

const resident: number[] = [];
for await (const event of fineTune({
  model: flags.model!,
  task: "sst2",
  data: flags.data!,
  output_dir: output,
  max_steps: Number(flags.steps),
})) {
  if (event.type === "step") resident.push(event.residentBytes! / 2 ** 20);
}
rmSync(output, { recursive: true });
const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
const [first, last] = [mean(resident.slice(0, WINDOW)), mean(resident.slice(-WINDOW))];
console.log(`${machine()}; ${flags.steps} steps`);
console.log(
  `steps 1–${WINDOW}: ${first.toFixed(0)} MiB, last ${WINDOW}: ${last.toFixed(0)} MiB, growth ${(100 * (last / first - 1)).toFixed(1)} %`,
);
