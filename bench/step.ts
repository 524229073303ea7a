/**
 * One training step at RoBERTa-base's shape (embeddings and head included, random weights), batch 8 × 128, float32, rank 3
 * rows: here and in PyTorch, in turn, as ratios of medians.
 *
 *     npx tsx bench/step.ts --python PYTHON [--rounds 3] [--steps 8]
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { lastJson, machine, median, root, run, runHere } from "./measure.ts";

const { values: flags } = parseArgs({
  options: {
    python: { type: "string" },
    rounds: { type: "string", default: "3" },
    steps: { type: "string", default: "8" },
  },
});

interface Measured {
  readonly seconds: number;
  readonly peak_mib: number;
}

const pytorch = (method: string) => () =>
  lastJson<Measured>(run(flags.python!, [join(root, "bench", "reference", "step.py"), method, "--steps", flags.steps]));
const programs: Readonly<Record<string, () => Measured>> = {
  rocoft: () => lastJson<Measured>(runHere("roberta-step.ts", ["--steps", flags.steps])),
  "PyTorch, in place, by hand": pytorch("rocoft-inplace"),
  "PyTorch, official formulation": pytorch("rocoft-official"),
};

const results = new Map(Object.keys(programs).map((name) => [name, [] as Measured[]]));
for (let round = 0; round < Number(flags.rounds); round++)
  for (const [name, measure] of Object.entries(programs)) results.get(name)!.push(measure());

const of = (name: string, key: keyof Measured) => median(results.get(name)!.map((measured) => measured[key]));
console.log(`${machine()}; medians of ${flags.rounds} rounds of ${flags.steps} steps\n`);
console.log("| step | seconds | rocoft ÷ it | peak MiB | rocoft ÷ it |\n|---|---|---|---|---|");
for (const name of Object.keys(programs)) {
  const ratio = (key: keyof Measured) => (of("rocoft", key) / of(name, key)).toFixed(2);
  console.log(
    `| ${name} | ${of(name, "seconds").toFixed(3)} | ${ratio("seconds")} | ${of(name, "peak_mib").toFixed(0)} | ${ratio("peak_mib")} |`,
  );
}
