/**
 * One training step of every method at RoBERTa-base's shape (embeddings and head included, random weights), float32: here and in
 * peft where it has the method, in turn, as ratios of medians.
 *
 *     npx tsx bench/methods.ts --python PYTHON [--rounds 3] [--steps 6] [--batch 8] [--length 128] [--only lora ia3]
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { lastJson, machine, median, root, run, runHere } from "./measure.ts";

const { values: flags } = parseArgs({
  options: {
    python: { type: "string" },
    rounds: { type: "string", default: "3" },
    steps: { type: "string", default: "6" },
    batch: { type: "string", default: "8" },
    length: { type: "string", default: "128" },
    only: { type: "string", multiple: true },
  },
});

interface Measured {
  readonly seconds: number;
  readonly peak_mib: number;
  readonly trained: number;
}

interface Row {
  readonly method: string;
  readonly options?: Readonly<Record<string, unknown>>;
  /** The name of the same method in bench/reference/methods.py; left out where PyTorch's libraries have none. */
  readonly reference?: string;
}

const everyLinear = { target_modules: ["all-linear"] };
const peftIa3 = { target_modules: ["key", "value", "output.dense"], feedforward_modules: ["output.dense"] };
const rows: Readonly<Record<string, Row>> = {
  "RoCoFT, 3 rows": { method: "rocoft", reference: "rows" },
  "RoCoFT, 3 columns": { method: "rocoft", options: { update: "column" }, reference: "columns" },
  "RoCoFT, entries": { method: "rocoft", options: { update: "entries" } },
  full: { method: "full", reference: "full" },
  head: { method: "head", reference: "head" },
  LoRA: { method: "lora", reference: "lora" },
  "LoRA, all linears": { method: "lora", options: everyLinear, reference: "lora-all" },
  DoRA: { method: "lora", options: { use_dora: true }, reference: "dora" },
  PiSSA: { method: "lora", options: { init_lora_weights: "pissa" }, reference: "pissa" },
  AdaLoRA: { method: "adalora", options: { tinit: 1, tfinal: 1 }, reference: "adalora" },
  "LoRA-XS": { method: "lora_xs" },
  VeRA: { method: "vera", reference: "vera" },
  "(IA)³": { method: "ia3", options: peftIa3, reference: "ia3" },
  BitFit: { method: "bitfit", reference: "bitfit" },
  "LayerNorm tuning": { method: "ln_tuning", reference: "ln_tuning" },
  "prompt tuning": { method: "prompt_tuning", options: { num_virtual_tokens: 20 }, reference: "prompt_tuning" },
  "P-tuning": {
    method: "p_tuning",
    options: { num_virtual_tokens: 20, encoder_hidden_size: 128 },
    reference: "p_tuning",
  },
  "prefix tuning": { method: "prefix_tuning" },
  Houlsby: { method: "houlsby" },
  Pfeiffer: { method: "pfeiffer" },
  "parallel adapter": { method: "parallel_adapter" },
  MAM: { method: "mam" },
  SHiRA: { method: "shira", options: { target_modules: ["query", "value"] }, reference: "shira" },
};

const shape = ["--steps", flags.steps, "--batch", flags.batch, "--length", flags.length];
const chosen = Object.entries(rows).filter(([name, { method }]) => {
  const only = flags.only ?? [];
  return only.length === 0 || only.includes(method) || only.includes(name);
});

const ours = ({ method, options = {} }: Row) =>
  lastJson<Measured>(runHere("roberta-step.ts", [...shape, "--method", method, "--options", JSON.stringify(options)]));
const theirs = (reference: string) =>
  lastJson<Measured>(run(flags.python!, [join(root, "bench", "reference", "step.py"), reference, ...shape]));

interface Pair {
  readonly ours: Measured[];
  readonly theirs: Measured[];
}
const results = new Map<string, Pair>(chosen.map(([name]) => [name, { ours: [], theirs: [] }]));
for (let round = 0; round < Number(flags.rounds); round++)
  for (const [name, row] of chosen) {
    const pair = results.get(name)!;
    pair.ours.push(ours(row));
    if (row.reference !== undefined && flags.python !== undefined) pair.theirs.push(theirs(row.reference));
  }

const middle = (measured: readonly Measured[], key: keyof Measured) => median(measured.map((each) => each[key]));
const ratio = ({ ours: mine, theirs: other }: Pair, key: keyof Measured) =>
  other.length === 0 ? "–" : (middle(mine, key) / middle(other, key)).toFixed(2);
console.log(
  `${machine()}; medians of ${flags.rounds} rounds of ${flags.steps} steps, batch ${flags.batch} × ${flags.length}\n`,
);
console.log("| method | trained | seconds | in PyTorch | rocoft ÷ it | peak MiB | in PyTorch | rocoft ÷ it |");
console.log("|---|---|---|---|---|---|---|---|");
for (const [name, pair] of results) {
  const there = (key: keyof Measured, digits: number) =>
    pair.theirs.length === 0 ? "–" : middle(pair.theirs, key).toFixed(digits);
  const cells = [
    name,
    middle(pair.ours, "trained").toLocaleString("en"),
    middle(pair.ours, "seconds").toFixed(3),
    there("seconds", 3),
    ratio(pair, "seconds"),
    middle(pair.ours, "peak_mib").toFixed(0),
    there("peak_mib", 0),
    ratio(pair, "peak_mib"),
  ];
  console.log(`| ${cells.join(" | ")} |`);
}
