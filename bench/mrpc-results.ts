/** The MRPC study's results: what is kept of a run, how learning rates are chosen, and the tables. */
import { existsSync, readFileSync } from "node:fs";
import { methodOf } from "../src/peft/registry.ts";
import { median } from "./measure.ts";
import { ablationRows, methodRows, type Variant } from "./mrpc-runs.ts";

export const SEEDS: readonly number[] = [1, 2, 3];

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

/** What a row's training costs. */
export interface Cost {
  readonly name: string;
  readonly step_seconds: number;
  readonly peak_mib: number;
  readonly machine: string;
}

/** The lines of a file: runs that are done, or costs. */
export function read<T extends Done | Cost>(path: string): T[] {
  const lines = existsSync(path) ? readFileSync(path, "utf8").trim().split("\n") : [];
  return lines.filter(Boolean).map((line) => JSON.parse(line) as T);
}

const score = ({ accuracy, f1 }: Done) => (accuracy + f1) / 2;
const isClose = (a: number, b: number) => Math.abs(a / b - 1) < 1e-6;
export function find(runs: readonly Done[], { name }: Variant, rate: number, seed: number): Done | undefined {
  return runs.find((run) => run.name === name && run.seed === seed && isClose(run.learning_rate, rate));
}
export function runOf({ name, method, options = {} }: Variant, rate: number, seed: number): Run {
  return { name, method, options, learning_rate: Number(rate.toPrecision(3)), seed };
}

/** The best learning rate of a row among its method's default, three and nine times that; null while some are still to be tried. */
export function search(
  variant: Variant,
  runs: readonly Done[],
): { readonly best: number | null; readonly open: readonly number[] } {
  const rates = [1, 3, 9].map((factor) => Number((factor * methodOf(variant.method).learningRate).toPrecision(3)));
  const tried = rates.map((rate) => find(runs, variant, rate, SEEDS[0]!));
  const open = rates.filter((_, i) => tried[i] === undefined);
  if (open.length > 0) return { best: null, open };
  const scores = tried.map((run) => score(run!));
  return { best: rates[scores.indexOf(Math.max(...scores))]!, open };
}

const spread = (values: readonly number[]) => {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  const deviation = Math.sqrt(values.reduce((a, x) => a + (x - mean) ** 2, 0) / Math.max(1, values.length - 1));
  return values.length === 1 ? (100 * mean).toFixed(2) : `${(100 * mean).toFixed(2)} ± ${(100 * deviation).toFixed(2)}`;
};

function rowOf(
  variant: Variant,
  rate: number | null,
  runs: readonly Done[],
  costs: readonly Cost[] | null,
): string | null {
  const found = rate === null ? [] : SEEDS.flatMap((seed) => find(runs, variant, rate, seed) ?? []);
  if (found.length === 0) return null;
  const middle = (key: "adapter_bytes" | "trained") => median(found.map((run) => run[key]));
  const cost = costs?.find(({ name }) => name === variant.name);
  const cells = [
    variant.name,
    middle("trained").toLocaleString("en"),
    rate!.toExponential(),
    found.length,
    spread(found.map(({ accuracy }) => accuracy)),
    spread(found.map(({ f1 }) => f1)),
    `${(middle("adapter_bytes") / 2 ** 20).toFixed(2)}`,
    ...(costs === null ? [] : [cost?.step_seconds.toFixed(2) ?? "–", cost?.peak_mib ?? "–"]),
  ];
  return `| ${cells.join(" | ")} |`;
}

const machines = (measured: readonly { readonly machine: string }[]) =>
  [...new Set(measured.map(({ machine }) => machine))].toSorted().join("; ");

const columns = ["method", "trained, head included", "learning rate", "seeds", "accuracy", "F1", "adapter, MiB"];
const costColumns = ["seconds a step", "peak MiB"];
const headingOf = (names: readonly string[]) => [`| ${names.join(" | ")} |`, `|${"---|".repeat(names.length)}`];

/** Both tables, of what is done and measured so far. */
export function report(runs: readonly Done[], costs: readonly Cost[]): string {
  const rate = search(methodRows[0]!, runs).best;
  const table = (names: readonly string[], rows: readonly (string | null)[]) => {
    const found = rows.filter((row) => row !== null);
    return found.length === 0 ? [] : [[...headingOf(names), ...found].join("\n")];
  };
  return [
    `${runs.length} runs: ${machines(runs)}. Seconds and memory: ${machines(costs) || "not measured yet"}.`,
    ...table(
      [...columns, ...costColumns],
      methodRows.map((row) => rowOf(row, search(row, runs).best, runs, costs)),
    ),
    ...table(
      columns,
      ablationRows.map((row) => rowOf(row, rate, runs, null)),
    ),
  ].join("\n\n");
}
