/**
 * The cross-entropy of a large vocabulary under a tied table: memory that the loss and its gradients take beside their inputs, in
 * numbers of tokens × vocabulary, and seconds of all threads' work, here and in PyTorch (cross_entropy of linear, forward and
 * backward), each in a process of its own. Memory is told after the first step and after the last.
 *
 *     npx tsx bench/vocabulary.ts [--python PYTHON] [--tokens 1024] [--vocabulary 49152] [--width 576] [--steps 3]
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { gradients } from "../src/autodiff/gradients.ts";
import { input, linear } from "../src/graph/ops.ts";
import { simplify } from "../src/graph/simplify.ts";
import { crossEntropy } from "../src/nn/loss.ts";
import { nativeRuntime } from "../src/runtime/native.ts";
import { random } from "../src/tensor/random.ts";
import { tensor, type Tensor } from "../src/tensor/tensor.ts";
import { finished } from "../src/train/step.ts";
import { lastJson, machine, median, root, run, runHere } from "./measure.ts";

const { values: flags } = parseArgs({
  options: {
    python: { type: "string" },
    tokens: { type: "string", default: "1024" },
    vocabulary: { type: "string", default: "49152" },
    width: { type: "string", default: "576" },
    steps: { type: "string", default: "3" },
    /** frozen or trained: the table, with its bias. Given to the process that measures one of the two. */
    table: { type: "string" },
  },
});
const [tokens, vocabulary, width] = [flags.tokens, flags.vocabulary, flags.width].map(Number) as [
  number,
  number,
  number,
];

interface Measured {
  readonly cpu_seconds: number;
  /** Resident memory above that before the first step. */
  readonly first_mib: number;
  readonly last_mib: number;
}

async function measure(): Promise<Measured> {
  const { uniform, integer } = random(0, "vocabulary");
  const drawn = (...shape: number[]): Tensor =>
    tensor(
      "float32",
      shape,
      Float32Array.from({ length: shape.reduce((a, b) => a * b) }, () => 0.4 * uniform() - 0.2),
    );
  const labels = BigInt64Array.from({ length: tokens }, () => BigInt(integer(vocabulary)));
  const feeds = {
    hidden: drawn(tokens, width),
    table: drawn(vocabulary, width),
    bias: drawn(vocabulary),
    labels: tensor("int64", [tokens], labels),
  };
  const hidden = input("hidden", ["tokens", width]);
  const [table, bias] = [input("table", [vocabulary, width]), input("bias", [vocabulary])];
  const loss = crossEntropy(linear(hidden, table, bias), input("labels", ["tokens"], "int64"));
  const wrt = flags.table === "trained" ? [hidden, bias, table] : [hidden];
  const outputs = simplify([loss, ...gradients(loss, wrt).map((gradient) => gradient!)], finished());
  const runtime = await nativeRuntime();
  const program = await runtime.compile(Object.fromEntries(outputs.map((value, i) => [`output ${i}`, value])));
  const mib = () => runtime.residentBytes()! / 2 ** 20;
  const before = mib();
  const [work, resident]: [number[], number[]] = [[], []];
  for (let step = 0; step < Number(flags.steps); step++) {
    const start = process.cpuUsage();
    await program.run(feeds);
    work.push(process.cpuUsage(start).user / 1e6);
    resident.push(mib() - before);
  }
  return { cpu_seconds: median(work), first_mib: resident[0]!, last_mib: resident.at(-1)! };
}

function compare(): void {
  const sizes = ["tokens", "vocabulary", "width", "steps"] as const;
  const given = sizes.flatMap((name) => [`--${name}`, flags[name]]);
  const matrix = (4 * tokens * vocabulary) / 2 ** 20;
  console.log(`${machine()}; ${tokens} tokens × ${vocabulary} words, one number of each is ${matrix.toFixed(0)} MiB\n`);
  console.log("| table | | first step, × that | last step, × that | seconds |\n|---|---|---|---|---|");
  for (const table of ["frozen", "trained"]) {
    const script = join(root, "bench", "reference", "vocabulary.py");
    const sides: Record<string, Measured> = {
      rocoft: lastJson<Measured>(runHere("vocabulary.ts", ["--table", table, ...given])),
      ...(flags.python && { PyTorch: lastJson<Measured>(run(flags.python, [script, table, ...given])) }),
    };
    for (const [name, { cpu_seconds: seconds, first_mib: first, last_mib: last }] of Object.entries(sides)) {
      const memory = [first, last].map((mib) => (mib / matrix).toFixed(2));
      console.log(`| ${[table, name, ...memory, seconds.toFixed(2)].join(" | ")} |`);
    }
  }
}

if (flags.table === undefined) compare();
else console.log(JSON.stringify(await measure()));
