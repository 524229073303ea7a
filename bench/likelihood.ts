/**
 * Seconds of finding the likeliest choice of multiple-choice questions with a decoder's own weights, float32: here, where a text is read
 * once for all of its choices, and by PyTorch as lm-evaluation-harness reads them, in turn; and whether both find the same likely.
 *
 *     npx tsx bench/likelihood.ts --model MODEL --data arc_easy/test.jsonl --python PYTHON [--items 1000] [--rounds 3] [--threads 2]
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { sampled } from "../src/data/few-shot.ts";
import { likelihoodModel } from "../src/generation/likelihood.ts";
import { readTaskFile } from "../src/run/data.ts";
import { adaptedModel } from "../src/run/loaded.ts";
import { loadModel } from "../src/run/open.ts";
import { choicesOf } from "../src/run/scoring/likelihood.ts";
import { nativeRuntime } from "../src/runtime/native.ts";
import { machine, median, root } from "./measure.ts";

const { values: flags } = parseArgs({
  options: {
    model: { type: "string" },
    data: { type: "string" },
    task: { type: "string", default: "arc_easy" },
    python: { type: "string" },
    items: { type: "string", default: "1000" },
    rounds: { type: "string", default: "3" },
    batch: { type: "string", default: "16" },
    threads: { type: "string", default: "2" },
  },
});

interface Measured {
  readonly seconds: number;
  /** Of all processors together. */
  readonly cpu_seconds: number;
  readonly sums: readonly number[];
}

const loaded = await loadModel({ model: flags.model!, task: flags.task, writes: true });
const { tokenizer, padTokenId } = loaded.opened;
const { examples } = sampled(await readTaskFile(loaded.task, flags.data!), Number(flags.items), 42);
const items = examples.flatMap((example) => choicesOf(loaded.task.name, example, tokenizer));
const model = await likelihoodModel(
  adaptedModel(loaded),
  await nativeRuntime({ threads: Number(flags.threads) }),
  padTokenId,
);

async function here(): Promise<Measured> {
  const [start, used] = [performance.now(), process.cpuUsage()];
  const sums = (await model.logLikelihoods(items, { batchSize: Number(flags.batch) })).flat();
  const { user, system } = process.cpuUsage(used);
  return { seconds: (performance.now() - start) / 1000, cpu_seconds: (user + system) / 1e6, sums };
}

/** A process that answers each line of a request by a line. */
const python = spawn(
  flags.python!,
  [join(root, "bench", "reference", "likelihood.py"), "--model", flags.model!, "--threads", flags.threads],
  { stdio: ["pipe", "pipe", "inherit"] },
);
const answers = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
async function there(): Promise<Measured> {
  python.stdin.write(`${JSON.stringify({ items, batch: Number(flags.batch) })}\n`);
  const answer = await answers.next();
  if (answer.done) throw new Error("bench/reference/likelihood.py ended early");
  return JSON.parse(answer.value) as Measured;
}

const sides = { rocoft: here, "PyTorch, each choice behind its text": there };
const results = new Map(Object.keys(sides).map((name) => [name, [] as Measured[]]));
for (let round = 0; round < Number(flags.rounds); round++)
  for (const [name, side] of Object.entries(sides)) results.get(name)!.push(await side());
python.stdin.end();

const of = (name: string, key: "seconds" | "cpu_seconds") => median(results.get(name)!.map((result) => result[key]));
const [ours, theirs] = [...results.values()].map(([first]) => first!.sums);
const apart = Math.max(...ours!.map((sum, i) => Math.abs(sum - theirs![i]!)));
console.log(
  `${machine()}; ${examples.length} questions of ${flags.task}, ${ours!.length} choices, ${flags.threads} threads, medians of ${flags.rounds} rounds; sums at most ${apart.toExponential(1)} apart\n`,
);
console.log("| | seconds | rocoft ÷ it | processor seconds | rocoft ÷ it |\n|---|--:|--:|--:|--:|");
for (const name of results.keys()) {
  const cells = (["seconds", "cpu_seconds"] as const).map(
    (key) => `${of(name, key).toFixed(1)} | ${(of("rocoft", key) / of(name, key)).toFixed(2)}`,
  );
  console.log(`| ${name} | ${cells.join(" | ")} |`);
}
