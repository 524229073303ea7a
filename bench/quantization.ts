/**
 * One training step of three rows at RoBERTa-base's shape (embeddings and head included, random weights), batch 8 × 128: the base model as
 * float32, in 8 and in 4 bits, and PyTorch's steps, in turn, as ratios of medians.
 *
 *     npx tsx bench/quantization.ts --python PYTHON [--rounds 3] [--steps 8] [--no-compile] [--no-bfloat16]
 *
 * `--no-bfloat16` is for processors without instructions for it.
 */
import { parseArgs } from "node:util";
import { join } from "node:path";
import { lastJson, machine, median, root, run, runHere } from "./measure.ts";

const { values: flags } = parseArgs({
  allowNegative: true,
  options: {
    python: { type: "string" },
    rounds: { type: "string", default: "3" },
    steps: { type: "string", default: "8" },
    compile: { type: "boolean", default: true },
    bfloat16: { type: "boolean", default: true },
  },
});

interface Measured {
  readonly seconds: number;
  readonly peak_mib: number;
  /** Of ours: what of a step is not ONNX Runtime's. */
  readonly host_seconds?: number;
}

const here = (quantization: string) => () =>
  lastJson<Measured>(runHere("roberta-step.ts", ["--steps", flags.steps, "--quantization", quantization]));
const pytorch =
  (method: string, ...more: string[]) =>
  () =>
    lastJson<Measured>(
      run(flags.python!, [join(root, "bench", "reference", "step.py"), method, "--steps", flags.steps, ...more]),
    );

const ours: Readonly<Record<string, () => Measured>> = {
  float32: here("none"),
  int8: here("int8"),
  int4: here("int4"),
};
const bfloat16 = {
  "the same, bfloat16": pytorch("lora", "--dtype", "bfloat16"),
  ...(flags.compile && { "the same, bfloat16, compiled": pytorch("lora", "--dtype", "bfloat16", "--compile") }),
};
const yardsticks: Readonly<Record<string, () => Measured>> = {
  "in place, float32": pytorch("rocoft-inplace"),
  "LoRA query and value, float32": pytorch("lora"),
  ...(flags.bfloat16 && bfloat16),
};

const programs = { ...ours, ...yardsticks };
const results = new Map(Object.keys(programs).map((name) => [name, [] as Measured[]]));
for (let round = 0; round < Number(flags.rounds); round++)
  for (const [name, measure] of Object.entries(programs)) results.get(name)!.push(measure());

const of = (name: string, key: keyof Measured) => median(results.get(name)!.map((measured) => measured[key]!));
const row = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
function table(key: "seconds" | "peak_mib", unit: string, digits: number): string {
  const columns = Object.keys(ours);
  const lines = Object.keys(yardsticks).map((name) =>
    row([name, of(name, key).toFixed(digits), ...columns.map((mine) => (of(mine, key) / of(name, key)).toFixed(2))]),
  );
  const own = row(["rocoft", "", ...columns.map((mine) => `${of(mine, key).toFixed(digits)} ${unit}`)]);
  return [row(["PyTorch", unit, ...columns]), "|---|---|---|---|---|", ...lines, own].join("\n");
}

console.log(`${machine()}; medians of ${flags.rounds} rounds of ${flags.steps} steps; ratios are rocoft ÷ PyTorch\n`);
console.log(`${table("seconds", "s", 3)}\n\n${table("peak_mib", "MiB", 0)}\n`);
const shares = Object.keys(ours).map(
  (mine) => `${((100 * of(mine, "host_seconds")) / of(mine, "seconds")).toFixed(1)} %`,
);
console.log(`Of a step, batches and optimizer take ${shares.join(", ")} (${Object.keys(ours).join(", ")}).`);
