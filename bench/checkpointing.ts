/**
 * What gradient checkpointing saves and costs: one training step at RoBERTa-base's shape (embeddings and head included, random
 * weights), with and without it, in turn, each in a process of its own. Memory is what a step takes above what is resident before it:
 * weights, program and compiled graph. Seconds are those of all threads' work, which other work on the machine changes least.
 *
 *     npx tsx bench/checkpointing.ts [--rounds 3] [--steps 4] [--shapes 8x128,8x256] [--methods rocoft,lora,full]
 */
import { parseArgs } from "node:util";
import { lastJson, machine, median, runHere } from "./measure.ts";

const { values: flags } = parseArgs({
  options: {
    rounds: { type: "string", default: "3" },
    steps: { type: "string", default: "4" },
    shapes: { type: "string", default: "8x128,8x256" },
    methods: { type: "string", default: "rocoft,lora,full" },
  },
});

interface Measured {
  readonly cpu_seconds: number;
  readonly peak_mib: number;
  readonly held_mib: number;
}
interface Side {
  readonly seconds: number;
  /** Above what is resident before the first step. */
  readonly mib: number;
}

function measure(method: string, shape: string, more: readonly string[]): Side {
  const [batch, length] = shape.split("x") as [string, string];
  const what = ["--method", method, "--batch", batch, "--length", length, "--steps", flags.steps, ...more];
  const { cpu_seconds: seconds, peak_mib: peak, held_mib: held } = lastJson<Measured>(runHere("roberta-step.ts", what));
  return { seconds, mib: peak - held };
}

console.log(`${machine()}; medians of ${flags.rounds} rounds of ${flags.steps} steps\n`);
console.log("| method | batch | step's MiB | checkpointed | ratio | seconds | checkpointed | ratio |");
console.log("|---|---|---|---|---|---|---|---|");
for (const method of flags.methods.split(","))
  for (const shape of flags.shapes.split(",")) {
    const [kept, again]: [Side[], Side[]] = [[], []];
    for (let round = 0; round < Number(flags.rounds); round++) {
      kept.push(measure(method, shape, []));
      again.push(measure(method, shape, ["--gradient_checkpointing"]));
    }
    const cells = (key: keyof Side, digits: number) => {
      const [before, after] = [kept, again].map((sides) => median(sides.map((side) => side[key]))) as [number, number];
      return [before.toFixed(digits), after.toFixed(digits), (after / before).toFixed(2)];
    };
    console.log(`| ${[method, shape.replace("x", " × "), ...cells("mib", 0), ...cells("seconds", 2)].join(" | ")} |`);
  }
