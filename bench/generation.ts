/**
 * Tokens a second of greedy decoding, one sequence of a decoder with its own weights, float32: here and by transformers' generate on
 * PyTorch, in turn, both with the model in memory already; and whether they give the same tokens.
 *
 *     npx tsx bench/generation.ts --model MODEL --python PYTHON [--rounds 5] [--tokens 64] [--threads 2]
 */
import { spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { parseArgs } from "node:util";
import { openGenerator } from "../src/run/generator.ts";
import { machine, median, root } from "./measure.ts";

const { values: flags } = parseArgs({
  options: {
    model: { type: "string" },
    python: { type: "string" },
    rounds: { type: "string", default: "5" },
    tokens: { type: "string", default: "64" },
    threads: { type: "string", default: "2" },
  },
});
const prompt = "The history of the steam engine begins in the first century, when Hero of Alexandria described";

interface Measured {
  readonly seconds: number;
  /** Seconds of all processors together, which other programs on the machine change less. */
  readonly cpu_seconds: number;
  readonly tokens: readonly number[];
}

const generator = await openGenerator({ model: flags.model! }, { threads: Number(flags.threads) });
const ids = generator.tokensOf(prompt);
const count = Number(flags.tokens);

async function here(): Promise<Measured> {
  const [start, used] = [performance.now(), process.cpuUsage()];
  const settings = { max_new_tokens: count, min_new_tokens: count, do_sample: false, num_beams: 1 };
  const [generated] = await generator.generate([ids], settings);
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(used);
  return { seconds, cpu_seconds: (user + system) / 1e6, tokens: generated!.sequences[0]!.tokens };
}

/** A process that answers each line of a request by a line. */
const python = spawn(
  flags.python!,
  [join(root, "bench", "reference", "generation.py"), "--model", flags.model!, "--threads", flags.threads],
  { stdio: ["pipe", "pipe", "inherit"] },
);
const answers = createInterface({ input: python.stdout })[Symbol.asyncIterator]();
async function there(): Promise<Measured> {
  python.stdin.write(`${JSON.stringify({ ids, tokens: count })}\n`);
  const answer = await answers.next();
  if (answer.done) throw new Error("bench/reference/generation.py ended early");
  return JSON.parse(answer.value) as Measured;
}

const sides = { rocoft: here, "transformers, PyTorch": there };
const results = new Map(Object.keys(sides).map((name) => [name, [] as Measured[]]));
for (let round = -1; round < Number(flags.rounds); round++)
  for (const [name, measure] of Object.entries(sides)) {
    const measured = await measure();
    // The first round warms both up.
    if (round >= 0) results.get(name)!.push(measured);
  }
python.stdin.end();
await generator.dispose();

const [ours, theirs] = [...results.values()] as [Measured[], Measured[]];
const same = ours.every(({ tokens }, round) => tokens.join() === theirs[round]!.tokens.join());
console.log(`${machine()}; ${flags.rounds} rounds of ${count} tokens after ${ids.length}, ${flags.threads} threads\n`);
console.log("| side | tokens/s, median | best round | processor ms a token, median |\n|---|---|---|---|");
for (const [name, measured] of results) {
  const rates = measured.map(({ seconds }) => count / seconds);
  const cpu = median(measured.map(({ cpu_seconds }) => (1000 * cpu_seconds) / count));
  console.log(`| ${name} | ${median(rates).toFixed(1)} | ${Math.max(...rates).toFixed(1)} | ${cpu.toFixed(1)} |`);
}
const ratios = ours.map(({ seconds }, round) => theirs[round]!.seconds / seconds);
console.log(`\nrocoft ÷ transformers, tokens/s, median of rounds: ${median(ratios).toFixed(2)}`);
console.log(`the same tokens: ${same ? "yes" : "no"}`);
