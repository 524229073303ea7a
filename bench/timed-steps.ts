/** What the benchmarks of training steps share: some steps on one random batch, timed, and the memory they took. */
import { readFileSync } from "node:fs";
import type { EncodedDataset } from "../src/data/encode.ts";
import type { Runtime } from "../src/runtime/runtime.ts";
import type { AdaptedModel } from "../src/train/adapt.ts";
import type { Objective } from "../src/train/objective.ts";
import { createStage } from "../src/train/stages.ts";
import { createUpdater } from "../src/train/update.ts";
import { random } from "../src/tensor/random.ts";
import { median } from "./measure.ts";

/** `batch` sequences of `length` random tokens, none of the first four, with labels 0 and 1. */
export function randomBatch(batch: number, length: number, vocabulary: number): EncodedDataset {
  const stream = random(0, "batch");
  return {
    where: "random",
    encodings: Array.from({ length: batch }, () => ({
      ids: Int32Array.from({ length }, () => 4 + stream.integer(vocabulary - 4)),
      typeIds: new Uint8Array(length),
      removed: 0,
    })),
    labels: Float64Array.from({ length: batch }, () => stream.integer(2)),
    lines: new Int32Array(batch),
    lengths: new Int32Array(batch).fill(length),
    truncated: 0,
  };
}

export interface TimedSteps {
  /** How many numbers are trained. */
  readonly trained: number;
  /** Medians of a step: from beginning to end, of all threads' work, and of what is not ONNX Runtime's: batches, optimizer. */
  readonly seconds: number;
  readonly cpu_seconds: number;
  readonly host_seconds: number;
  /** Resident memory before the first step, and the most of this process. */
  readonly held_mib: number;
  readonly peak_mib: number;
}

/** Steps on all of `train` as one batch, the first of which do not count: two unless given. */
export async function timedSteps(
  { adapted, runtime, objective }: { adapted: AdaptedModel; runtime: Runtime; objective: Objective },
  train: EncodedDataset,
  {
    steps,
    warmUp = 2,
    gradientCheckpointing = false,
  }: { steps: number; warmUp?: number; gradientCheckpointing?: boolean },
): Promise<TimedSteps> {
  const batchSize = train.lengths.length;
  const watched = watching(runtime);
  const stage = await createStage(adapted, watched.runtime, objective, { gradientCheckpointing });
  const { update } = createUpdater(adapted, train, optionsOf(objective, batchSize), steps + warmUp);
  const everything = [Int32Array.from({ length: batchSize }, (_, i) => i)];
  const held = runtime.residentBytes()! / 2 ** 20;
  const times: number[] = [];
  const work: number[] = [];
  const host: number[] = [];
  for (let step = 0; step < steps + warmUp; step++) {
    const [start, before, ran] = [performance.now(), process.cpuUsage(), watched.milliseconds()];
    await update(stage, step, everything);
    times.push((performance.now() - start) / 1000);
    work.push(process.cpuUsage(before).user / 1e6);
    host.push((performance.now() - start - (watched.milliseconds() - ran)) / 1000);
  }
  await stage.dispose();
  const peak = Number(/VmHWM:\s+(\d+)/.exec(readFileSync("/proc/self/status", "utf8"))![1]) / 1024;
  const [seconds, cpu_seconds, host_seconds] = [times, work, host].map((each) => median(each.slice(warmUp)));
  return {
    trained: adapted.attachment.trained.reduce((total, { count }) => total + count, 0),
    seconds: seconds!,
    cpu_seconds: cpu_seconds!,
    host_seconds: host_seconds!,
    held_mib: Math.round(held),
    peak_mib: Math.round(peak),
  };
}

/** A runtime, and how long its programs have run. */
function watching(runtime: Runtime): { readonly runtime: Runtime; milliseconds(): number } {
  let total = 0;
  return {
    milliseconds: () => total,
    runtime: {
      ...runtime,
      async compile(...given) {
        const program = await runtime.compile(...given);
        return {
          ...program,
          async run(feeds) {
            const start = performance.now();
            try {
              return await program.run(feeds);
            } finally {
              total += performance.now() - start;
            }
          },
        };
      },
    },
  };
}

const optionsOf = (objective: Objective, batchSize: number) =>
  ({
    objective,
    curriculum: [],
    seed: 0,
    learningRate: 1e-5,
    schedule: "constant",
    warmupSteps: 0,
    adamw: {},
    maxGradNorm: null,
    batchSize,
    gradientAccumulationSteps: 1,
    evalBatchSize: batchSize,
    epochs: 1,
    maxSteps: null,
    evalSteps: null,
    saveSteps: 1000,
    earlyStoppingPatience: null,
    metrics: [],
    metricForBest: "loss",
    padTokenId: 1,
  }) as const;
