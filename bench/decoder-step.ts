/**
 * One training step of a causal language model on real weights, float32: here and in PyTorch (LoRA by peft, RoCoFT by hand), in
 * turn, as ratios of medians.
 *
 *     npx tsx bench/decoder-step.ts --model SMOLLM2 --python PYTHON [--rounds 3] [--steps 5] [--batch 4] [--length 256]
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { lastJson, machine, median, root, run, runHere } from "./measure.ts";

const { values: flags } = parseArgs({
  options: {
    model: { type: "string" },
    python: { type: "string" },
    rounds: { type: "string", default: "3" },
    steps: { type: "string", default: "5" },
    batch: { type: "string", default: "4" },
    length: { type: "string", default: "256" },
  },
});

interface Measured {
  readonly seconds: number;
  readonly peak_mib: number;
}

const sizes = ["--steps", flags.steps, "--batch", flags.batch, "--length", flags.length];
const script = join(root, "bench", "reference", "decoder_step.py");
const pytorch = (method: string) => lastJson<Measured>(run(flags.python!, [script, flags.model!, method, ...sizes]));
const here = (method: string, options: object) =>
  lastJson<Measured>(
    runHere("decoder-step-here.ts", [flags.model!, "--method", method, "--options", JSON.stringify(options), ...sizes]),
  );

/** Each method here, and what it is compared with. */
const pairs: readonly (readonly [name: string, here: () => Measured, there: () => Measured])[] = [
  ["RoCoFT, 3 rows", () => here("rocoft", {}), () => pytorch("rocoft")],
  ["LoRA, q and v, rank 8", () => here("lora", {}), () => pytorch("lora")],
  ["LoRA, all linears, rank 8", () => here("lora", { target_modules: ["all-linear"] }), () => pytorch("lora-all")],
];

const results = pairs.map(() => ({ here: [] as Measured[], there: [] as Measured[] }));
for (let round = 0; round < Number(flags.rounds); round++)
  for (const [i, [, ours, theirs]] of pairs.entries()) {
    results[i]!.here.push(ours());
    results[i]!.there.push(theirs());
  }

const of = (measured: readonly Measured[], key: keyof Measured) => median(measured.map((each) => each[key]));
console.log(
  `${machine()}; ${flags.batch} × ${flags.length} tokens, medians of ${flags.rounds} rounds of ${flags.steps} steps\n`,
);
console.log(
  "| method | seconds here | in PyTorch | ratio | peak MiB here | in PyTorch | ratio |\n|---|--:|--:|--:|--:|--:|--:|",
);
for (const [i, [name]] of pairs.entries()) {
  const cells = (["seconds", "peak_mib"] as const).flatMap((key) => {
    const [ours, theirs] = [of(results[i]!.here, key), of(results[i]!.there, key)];
    const digits = key === "seconds" ? 3 : 0;
    return [ours.toFixed(digits), theirs.toFixed(digits), (ours / theirs).toFixed(2)];
  });
  console.log(`| ${[name, ...cells].join(" | ")} |`);
}
