/**
 * A training step of a model of LLaMA-2's shape over a random base in 4 bits: seconds, and the most memory of the process. With a limit
 * of memory, that is set for the process (Linux, cgroups; needs the right to make one): the base is then read from the disk as it is needed.
 *
 *     npx tsx scripts/random-base.ts --output BASE --layers 32
 *     npx tsx bench/large-model.ts --base BASE --layers 32 [--length 512] [--steps 1] [--limit_mib 1024]
 */
import { existsSync, mkdirSync, rmdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Finished, lastJson, machine, root, run } from "./measure.ts";
import { largeModelFlags } from "./random-base.ts";
import type { TimedSteps } from "./timed-steps.ts";

const { values: flags } = parseArgs({
  options: {
    ...largeModelFlags,
    limit_mib: { type: "string" },
  },
});

const shape = Object.keys(largeModelFlags) as (keyof typeof largeModelFlags)[];
const command = [
  ...[process.execPath, "--import", "tsx", join(root, "bench", "large-model-here.ts")],
  ...shape.flatMap((name) => [`--${name}`, flags[name]!]),
];

/** Groups of processes: the files that limit memory, and swap with it, of version 2 and of version 1. */
const versions = [
  { folder: "/sys/fs/cgroup", limits: ["memory.max"], noSwap: "memory.swap.max", is: "cgroup.controllers" },
  { folder: "/sys/fs/cgroup/memory", limits: ["memory.limit_in_bytes"], noSwap: null, is: "memory.limit_in_bytes" },
];

/** Runs a command in a group of processes that may hold so much memory, files that are mapped counted. */
function limited(bytes: number): Finished {
  const version = versions.find(({ folder, is }) => existsSync(join(folder, is)));
  if (!version) throw new Error("no control groups of memory here, expected Linux with /sys/fs/cgroup");
  const group = join(version.folder, `rocoft-${process.pid}`);
  mkdirSync(group);
  // What lies in memory of the file already would be counted to nobody.
  run("dd", [`if=${flags.base!}`, "iflag=nocache", "count=0"]);
  try {
    for (const name of version.limits) writeFileSync(join(group, name), String(bytes));
    if (version.noSwap) writeFileSync(join(group, version.noSwap), "0");
    return run("sh", ["-c", `echo $$ > ${join(group, "cgroup.procs")} && exec "$@"`, "sh", ...command]);
  } finally {
    rmdirSync(group);
  }
}

const gib = (bytes: number) => (bytes / 2 ** 30).toFixed(2);
const told = ({ seconds, peak_mib }: TimedSteps) =>
  `${seconds.toFixed(1)} s a step, ${(peak_mib / 1024).toFixed(2)} GiB at most`;

const size = statSync(flags.base!).size;
console.log(
  `${machine()}; ${flags.layers} layers of ${flags.hidden_size}, 1 × ${flags.length} tokens, base ${gib(size)} GiB`,
);
const free = lastJson<TimedSteps>(run(command[0]!, command.slice(1)));
console.log(`without a limit: ${told(free)}`);
if (flags.limit_mib !== undefined) {
  const bytes = Number(flags.limit_mib) * 2 ** 20;
  const bound = lastJson<TimedSteps>(limited(bytes));
  console.log(`in ${gib(bytes)} GiB, the base is ${(size / bytes).toFixed(1)} times that: ${told(bound)}`);
  console.log(`${(bound.seconds / free.seconds).toFixed(2)} times as long`);
}
