/**
 * The neural tangent kernel over all parameters of RoBERTa-base's shape, random weights, two outputs: here, and in PyTorch by the
 * published formulation (jacrev and jvp) and by plain Jacobians, in turn. Ours is measured whole; PyTorch's, which would take
 * hours, on a few inputs, from which the seconds of the whole follow: those of outer Jacobians go by the training inputs, the others by
 * the entries.
 *
 *     npx tsx bench/ntk.ts --python PYTHON [--rounds 1] [--train 32] [--test 200] [--length 64] [--threads 2] [--max_rss 16]
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { lastJson, machine, median, root, run, runHere } from "./measure.ts";

const { values: flags } = parseArgs({
  options: {
    python: { type: "string" },
    rounds: { type: "string", default: "1" },
    train: { type: "string", default: "32" },
    test: { type: "string", default: "200" },
    length: { type: "string", default: "64" },
    threads: { type: "string", default: "2" },
    /** GiB that PyTorch may take. */
    max_rss: { type: "string", default: "16" },
    /** Training inputs whose plain Jacobian PyTorch holds at once: 1 GiB each. */
    held: { type: "string", default: "4" },
  },
});
const OUTPUTS = 2;
const [train, test] = [flags.train, flags.test].map(Number) as [number, number];
/** Of the kernel between training inputs, and that of test inputs with them. */
const entries = OUTPUTS ** 2 * train * (train + test);

interface Measured {
  readonly entries: number;
  /** Of all entries. */
  readonly seconds: number;
  readonly peak_mib: number;
}

interface OfPyTorch extends Measured {
  readonly outer: number;
  readonly outer_seconds: number;
  readonly inner_seconds: number;
}

/** What a program measured, or why it could not. */
type Result = Measured | { readonly out_of_memory: string };

const common = ["--length", flags.length, "--threads", flags.threads];

const here = (): Result =>
  lastJson<Measured>(runHere("ntk-here.ts", ["--train", `${train}`, "--test", `${test}`, ...common]));

const pytorch = (formulation: string, sizes: Readonly<Record<string, number | string>>) => (): Result => {
  const given = Object.entries({ ...sizes, outputs: OUTPUTS, max_rss: flags.max_rss });
  const args = [...given.flatMap(([name, value]) => [`--${name}`, `${value}`]), ...common];
  const measured = lastJson<OfPyTorch | { readonly out_of_memory: string }>(
    run(flags.python!, [join(root, "bench", "reference", "ntk.py"), formulation, ...args]),
  );
  if ("out_of_memory" in measured) return measured;
  const outer = (measured.outer_seconds * train) / measured.outer;
  return { ...measured, seconds: outer + (measured.inner_seconds * entries) / measured.entries };
};

const programs: Readonly<Record<string, () => Result>> = {
  rocoft: here,
  ...(flags.python && {
    "PyTorch, jacrev and jvp": pytorch("jvp", { outer: 2, inner: 8 }),
    "PyTorch, jacrev of all training inputs at once": pytorch("jvp", { outer: train, outer_batch: train, inner: 1 }),
    "PyTorch, plain Jacobians": pytorch("jacobian", { outer: flags.held, outer_batch: flags.held, inner: 2 }),
  }),
};

const results = new Map(Object.keys(programs).map((name) => [name, [] as Result[]]));
for (let round = 0; round < Number(flags.rounds); round++)
  for (const [name, measure] of Object.entries(programs)) results.get(name)!.push(measure());

const measuredBy = (name: string) => results.get(name)!.filter((result) => "seconds" in result);
const of = (name: string, key: keyof Measured) => median(measuredBy(name).map((result) => result[key]));

console.log(
  `${machine()}; ${train} training and ${test} test inputs of ${flags.length} tokens, ${OUTPUTS} outputs: ${entries} entries; ` +
    `${flags.threads} threads, medians of ${flags.rounds} rounds\n`,
);
console.log("| kernel | entries measured | seconds an entry | it ÷ rocoft | seconds of all | peak MiB | it ÷ rocoft |");
console.log("|---|--:|--:|--:|--:|--:|--:|");
for (const [name, [first]] of results) {
  if ("out_of_memory" in first!) {
    console.log(`| ${name} | out of memory: ${first.out_of_memory} | – | – | – | – | – |`);
    continue;
  }
  const cells = [
    name,
    of(name, "entries").toFixed(0),
    (of(name, "seconds") / entries).toPrecision(3),
    (of(name, "seconds") / of("rocoft", "seconds")).toFixed(2),
    of(name, "seconds").toFixed(0),
    of(name, "peak_mib").toFixed(0),
    (of(name, "peak_mib") / of("rocoft", "peak_mib")).toFixed(2),
  ];
  console.log(`| ${cells.join(" | ")} |`);
}
