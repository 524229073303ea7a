/**
 * What it is worth to compute hidden states of tokens alone: steps of three rows over batches of a training set, in random order and
 * grouped by length, with padding and without it, in turn.
 *
 *     npx tsx bench/padding.ts --model MINILM --sst2 FOLDER --mrpc FOLDER [--batches 10] [--rounds 3]
 */
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { EncodedDataset } from "../src/data/encode.ts";
import { parseConfig } from "../src/run/config.ts";
import { attachMethod } from "../src/run/execute.ts";
import { trainingOptions } from "../src/run/options.ts";
import { encodeTraining, prepareRun } from "../src/run/prepare.ts";
import { nativeRuntime } from "../src/runtime/native.ts";
import { random } from "../src/tensor/random.ts";
import { epochBatches } from "../src/train/epoch.ts";
import { labelObjectives } from "../src/train/objectives/labels.ts";
import { createStage } from "../src/train/stages.ts";
import { machine, median } from "./measure.ts";

const { values: flags } = parseArgs({
  options: {
    model: { type: "string" },
    sst2: { type: "string" },
    mrpc: { type: "string" },
    batches: { type: "string", default: "10" },
    rounds: { type: "string", default: "3" },
  },
});

const native = await nativeRuntime();
const { classification } = labelObjectives;
const objectives = [{ ...classification, readsPadding: true }, classification];

/** The rows of the table for a task and a way of storing the base model, one for each order. */
async function measure(task: "sst2" | "mrpc", quantization: string): Promise<string[]> {
  const settings = { model: flags.model, task, data: flags[task], output_dir: join(tmpdir(), "unused"), quantization };
  const prepared = await prepareRun(parseConfig(settings));
  const data = encodeTraining(prepared);
  const options = trainingOptions(prepared);
  const { adapted, runtime } = await attachMethod(prepared, { runtime: native, train: data, options });
  await prepared.folder.close();
  const stages = await Promise.all(objectives.map((objective) => createStage(adapted, runtime, objective)));

  /** Median seconds of a batch's step, with padding and without. */
  async function timed(batches: readonly Int32Array[]): Promise<[number, number]> {
    const seconds = stages.map((): number[] => []);
    for (let round = -1; round < Number(flags.rounds); round++)
      for (const batch of batches) {
        const { feeds } = classification.batch(data, batch, { padTokenId: prepared.padTokenId, stream: random(0) });
        for (const [side, { program }] of stages.entries()) {
          const start = performance.now();
          await program.run({ ...adapted.feeds, ...feeds });
          if (round >= 0) seconds[side]!.push((performance.now() - start) / 1000);
        }
      }
    return seconds.map(median) as [number, number];
  }

  const rows: string[] = [];
  for (const groupByLength of [false, true]) {
    const batches = spread(epochBatches(data.lengths, 0, { ...options, groupByLength }));
    const [padded, bare] = await timed(batches);
    const order = groupByLength ? "by length" : "random";
    const share = shareOfTokens(data, batches).toFixed(2);
    rows.push(
      `| ${task} | ${order} | ${share} | ${quantization} | ${padded.toFixed(3)} | ${bare.toFixed(3)} | ${(bare / padded).toFixed(2)} |`,
    );
  }
  for (const stage of stages) await stage.dispose();
  return rows;
}

/** As many batches as asked for, from all over the epoch. */
function spread(batches: readonly Int32Array[]): Int32Array[] {
  const count = Math.min(Number(flags.batches), batches.length);
  return Array.from({ length: count }, (_, i) => batches[Math.floor(((i + 0.5) * batches.length) / count)]!);
}

/** Of the places of padded batches, how many hold a token. */
function shareOfTokens({ lengths }: EncodedDataset, batches: readonly Int32Array[]): number {
  const of = (batch: Int32Array) => Array.from(batch, (i) => lengths[i]!);
  const tokens = batches.flatMap(of).reduce((a, b) => a + b, 0);
  return tokens / batches.reduce((sum, batch) => sum + batch.length * Math.max(...of(batch)), 0);
}

console.log(`${machine()}; medians of ${flags.batches} batches in ${flags.rounds} rounds.\n`);
console.log(
  "| data | order | tokens ÷ places | base | s, all places | s, tokens alone | ratio |\n|---|---|---|---|---|---|---|",
);
for (const task of ["sst2", "mrpc"] as const)
  for (const quantization of ["none", "int8"]) for (const row of await measure(task, quantization)) console.log(row);
