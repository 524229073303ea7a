/** The MRPC study's results: what is kept of a run, how learning rates are chosen, and the tables. */
import { existsSync, readFileSync } from "node:fs";
import { methodOf } from "../src/peft/registry.ts";
import { median } from "./measure.ts";
import { ablationRows, methodRows, type Variant } from "./mrpc-runs.ts";

export const SEEDS: readonly number[] = [1, 2, 3];
const EXTENSIONS = 2;

export interface Run {
  readonly name: string;
  readonly method: string;
  readonly options: NonNullable<Variant["options"]>;
  readonly learning_rate: number;
  readonly seed: number;
}
export interface Done extends Run {
  readonly accuracy: number;
  readonly f1: number;
  readonly trained: number;
  readonly adapter_bytes: number;
  readonly seconds: number;
  readonly peak_mib: number;
  readonly machine: string;
}

/** The runs that are done. */
export function read(path: string): Done[] {
  const lines = existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
  return lines.filter(Boolean).map((line) => JSON.parse(line) as Done);
}

const score = ({ accuracy, f1 }: Done) => (accuracy + f1) / 2;
const isClose = (a: number, b: number) => Math.abs(a / b - 1) < 1e-6;
export function find(runs: readonly Done[], { name }: Variant, rate: number, seed: number): Done | undefined {
  return runs.find((run) => run.name === name && run.seed === seed && isClose(run.learning_rate, rate));
}
export function runOf({ name, method, options = {} }: Variant, rate: number, seed: number): Run {
  return { name, method, options, learning_rate: Number(rate.toPrecision(3)), seed };
}

/** The best learning rate of a row among those tried, and those still to be tried before it is known. */
export function search(
  variant: Variant,
  runs: readonly Done[],
): { readonly best: number | null; readonly open: number[] } {
  const middle = methodOf(variant.method).learningRate;
  const rates = [middle / 3, middle, middle * 3].map((rate) => Number(rate.toPrecision(3)));
  for (let extension = 0; ; extension++) {
    const open = rates.filter((rate) => !find(runs, variant, rate, SEEDS[0]!));
    if (open.length > 0) return { best: null, open };
    const tried = rates.map((rate) => score(find(runs, variant, rate, SEEDS[0]!)!));
    const at = tried.indexOf(Math.max(...tried));
    const isEdge = at === 0 || at === rates.length - 1;
    if (!isEdge || extension === EXTENSIONS) return { best: rates[at]!, open: [] };
    const next = Number((at === 0 ? rates[0]! / 3 : rates.at(-1)! * 3).toPrecision(3));
    if (at === 0) rates.unshift(next);
    else rates.push(next);
  }
}

const spread = (values: readonly number[]) => {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((a, x) => a + (x - mean) ** 2, 0) / Math.max(1, values.length - 1));
  return values.length === 1 ? (100 * mean).toFixed(2) : `${(100 * mean).toFixed(2)} ± ${(100 * deviation).toFixed(2)}`;
};

function rowOf(variant: Variant, rate: number | null, runs: readonly Done[]): string | null {
  const found = rate === null ? [] : SEEDS.flatMap((seed) => find(runs, variant, rate, seed) ?? []);
  if (found.length === 0) return null;
  const middle = (key: "seconds" | "peak_mib" | "adapter_bytes" | "trained") => median(found.map((run) => run[key]));
  const cells = [
    variant.name,
    middle("trained").toLocaleString("en"),
    rate!.toExponential(),
    found.length,
    spread(found.map(({ accuracy }) => accuracy)),
    spread(found.map(({ f1 }) => f1)),
    `${(middle("adapter_bytes") / 2 ** 20).toFixed(2)}`,
    middle("seconds").toFixed(0),
    middle("peak_mib"),
  ];
  return `| ${cells.join(" | ")} |`;
}

const heading = [
  "| method | trained, head included | learning rate | seeds | accuracy | F1 | adapter, MiB | seconds | peak MiB |",
  "|---|---|---|---|---|---|---|---|---|",
];
/** Both tables, of what is done so far. */
export function report(runs: readonly Done[]): string {
  const rate = search(methodRows[0]!, runs).best;
  const table = (rows: readonly (string | null)[]) => {
    const found = rows.filter((row) => row !== null);
    return found.length === 0 ? [] : [[...heading, ...found].join("\n")];
  };
  const machines = [...new Set(runs.map((run) => run.machine))].toSorted().join("; ");
  return [
    `${machines}. ${runs.length} runs so far; a method has a row once its learning rate is chosen.`,
    ...table(methodRows.map((row) => rowOf(row, search(row, runs).best, runs))),
    ...table(ablationRows.map((row) => rowOf(row, rate, runs))),
  ].join("\n\n");
}
